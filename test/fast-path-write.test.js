'use strict';

// What short cuts from the stream to the kernel could break: writes that are
// gathered, backpressure, and the end of a process that has just written.

const assert = require('node:assert');
const { closed, collect, eventually, forEachNet, forEachTransport, inChild,
  listen, once, startScript, turn } = require('./helper');

// Fewer than what fills the kernel's buffer of a Unix socket.
const SMALL_WRITES = 150;

function numbers(count) {
  return Array.from({ length: count }, (_, i) => `${i};`).join('');
}

function writeNumbers(socket, count = SMALL_WRITES) {
  for (let i = 0; i < count; i++) socket.write(`${i};`);
}

forEachNet((net, name) => {
  forEachTransport((open, transport) => {
    describe('backpressure', () => {
      it('writableLength, drain, bytesWritten and callbacks', async () => {
        const { client, peer } = await open(net,
          { server: { pauseOnConnect: true } });
        const chunk = Buffer.alloc(256 * 1024, 'x');
        const done = [];
        let drains = 0;
        let writes = 0;
        client.on('drain', () => drains++);
        // Until the kernel takes no more.
        while (client.writableLength <= 2 * chunk.length) {
          const index = writes++;
          client.write(chunk, () => done.push(index));
          await turn();
        }
        assert.ok(client.writableLength > 2 * chunk.length);
        assert.strictEqual(client.writableNeedDrain, true);
        assert.strictEqual(client.bytesWritten, writes * chunk.length);
        assert.ok(done.length < writes, 'all were taken');
        const drainsBefore = drains;
        const small = client.write('tail', () => done.push(writes));
        assert.strictEqual(small, false);
        const received = collect(peer);
        peer.resume();
        await once(client, 'drain');
        assert.strictEqual(drains, drainsBefore + 1);
        assert.strictEqual(client.writableLength, 0);
        client.end();
        const bytes = await received;
        assert.strictEqual(bytes.length, writes * chunk.length + 4);
        assert.strictEqual(client.bytesWritten, bytes.length);
        assert.strictEqual(String(bytes.subarray(-5)), 'xtail');
        assert.deepStrictEqual(done,
          Array.from({ length: writes + 1 }, (_, i) => i));
      });

      it('a write without and one with a callback keep their order',
        async () => {
          const { client, peer } = await open(net);
          const received = collect(peer);
          const log = [];
          for (let i = 0; i < 50; i++) {
            client.write(`${i};`);
            if (i % 10 === 0) client.write('', () => log.push(`empty ${i}`));
            if (i % 7 === 0) client.write(':', () => log.push(`cb ${i}`));
            if (i === 25) client.write(Buffer.alloc(70000, '.'));
          }
          client.end(() => log.push('end'));
          const text = String(await received);
          let expected = '';
          const calls = [];
          for (let i = 0; i < 50; i++) {
            expected += `${i};`;
            if (i % 10 === 0) calls.push(`empty ${i}`);
            if (i % 7 === 0) {
              calls.push(`cb ${i}`);
              expected += ':';
            }
            if (i === 25) expected += '.'.repeat(70000);
          }
          assert.strictEqual(text, expected);
          assert.deepStrictEqual(log, [...calls, 'end']);
        });
    });

    describe('many small writes in one tick', () => {
      const ends = {
        'alone': () => {},
        'then end()': (socket) => socket.end(),
        'then end() with data': (socket) => socket.end('last'),
        'then destroySoon()': (socket) => socket.destroySoon(),
        'then destroy()': (socket) => socket.destroy(),
        'then destroy() with an error': (socket) => {
          socket.on('error', () => {});
          socket.destroy(new Error('mine'));
        },
        'then destroy() in a microtask': (socket) => {
          queueMicrotask(() => socket.destroy());
        },
        'then destroy() in a tick': (socket) => {
          process.nextTick(() => socket.destroy());
        },
      };
      for (const [title, end] of Object.entries(ends)) {
        it(title, async () => {
          const { client, peer } = await open(net);
          let text = '';
          peer.on('error', () => {});
          peer.on('data', (data) => { text += data; });
          writeNumbers(client);
          assert.strictEqual(client.bytesWritten, numbers(SMALL_WRITES).length);
          assert.strictEqual(client.writableLength, 0);
          end(client);
          const expected = numbers(SMALL_WRITES) +
            (title.endsWith('data') ? 'last' : '');
          await eventually(() => text.length >= expected.length);
          assert.strictEqual(text, expected);
        });
      }

      // What the peer has not read when the reset arrives may be lost.
      if (transport === 'TCP') {
        it('then resetAndDestroy()', async () => {
          const { client, peer } = await open(net);
          let text = '';
          peer.on('error', () => {});
          peer.on('data', (data) => { text += data; });
          writeNumbers(client);
          client.resetAndDestroy();
          await closed(client, peer);
          assert.ok(numbers(SMALL_WRITES).startsWith(text), text);
          assert.strictEqual(client.bytesWritten,
            numbers(SMALL_WRITES).length);
        });
      }

      it('from the handlers of two sockets', async () => {
        const { client: first, peer: firstPeer } = await open(net);
        const { client: second, peer: secondPeer } = await open(net);
        first.on('data', () => {
          writeNumbers(first, 50);
          writeNumbers(second, 10);
        });
        second.on('data', () => {
          writeNumbers(second, 50);
          first.end();
          second.end();
        });
        const received = [collect(firstPeer), collect(secondPeer)];
        for (let i = 0; i < 20; i++) await turn();
        firstPeer.write('go');
        secondPeer.write('go');
        const texts = (await Promise.all(received)).map(String);
        assert.deepStrictEqual(texts,
          [numbers(50), numbers(10) + numbers(50)]);
      });
    });
  });

  describe('the process of a writer ends', () => {
    const ends = {
      'process.exit()': 'process.exit(0);',
      'process.exit() in a tick': 'process.nextTick(() => process.exit(0));',
      'an uncaught exception': 'throw new Error("gone");',
      'process.abort()': 'process.abort();',
      'SIGKILL': 'process.kill(process.pid, "SIGKILL");',
    };
    it('ticks of listeners that threw write after them', async () => {
      const server = await listen(net.createServer());
      const accepted = once(server, 'connection');
      const child = startScript(name, `
        process.on('uncaughtException', () => {});
        const client = net.connect(${server.address().port}, '127.0.0.1');
        client.setNoDelay();
        client.on('data', () => {
          client.write('a');
          process.nextTick(() => client.write('b'));
          throw new Error('thrown');
        });`, { stdio: 'ignore' });
      const exit = once(child, 'exit');
      const [peer] = await accepted;
      const rounds = 50;
      let text = '';
      peer.write('.');
      for await (const data of peer) {
        text += data;
        if (text.length === 2 * rounds) break;
        if (text.length % 2 === 0) peer.write('.');
      }
      await exit;
      assert.strictEqual(text, 'ab'.repeat(rounds));
    });

    // uvnet sends small writes when the callback that made them returns. These
    // keep it from returning: README.md, "Differences from core".
    const waits = name === 'core' || process.env.UVNET_NO_BATCHING === '1';
    const neverReturn = ['process.abort()', 'SIGKILL'];
    for (const [title, end] of Object.entries(ends)) {
      if (!waits && neverReturn.includes(title)) continue;
      it(title, async () => {
        const server = await listen(net.createServer());
        const accepted = once(server, 'connection');
        const child = startScript(name, `
          const client = net.connect(${server.address().port}, '127.0.0.1');
          client.on('connect', () => {
            for (let i = 0; i < ${SMALL_WRITES}; i++) client.write(i + ';');
            ${end}
          });`, { stdio: 'ignore' });
        const exit = once(child, 'exit');
        const [peer] = await accepted;
        let text = '';
        peer.on('error', () => {});
        peer.on('data', (data) => { text += data; });
        await Promise.all([closed(peer), exit]);
        assert.strictEqual(text, numbers(SMALL_WRITES));
      });
    }

    if (!waits) return;
    it('and the loop of one that blocks after its writes (core only)', async () => {
      const server = await listen(net.createServer());
      const accepted = once(server, 'connection');
      const child = startScript(name, `
        const client = net.connect(${server.address().port}, '127.0.0.1');
        client.on('connect', () => {
          for (let i = 0; i < ${SMALL_WRITES}; i++) client.write(i + ';');
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        });`, { stdio: 'ignore' });
      const [peer] = await accepted;
      let text = '';
      peer.on('data', (data) => { text += data; });
      const expected = numbers(SMALL_WRITES);
      while (text.length < expected.length) await once(peer, 'data');
      assert.strictEqual(text, expected);
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
  });
});

// Growth of the resident memory, in bytes, by 100,000 chunks of 10 bytes.
async function retainedBytes(net, helper) {
  const CONNECTIONS = 50;
  const CHUNKS = 2000;
  const retained = [];
  const pairs = [];
  for (let i = 0; i < CONNECTIONS; i++) pairs.push(await helper.pair(net));
  globalThis.gc();
  const before = process.memoryUsage().rss;
  const text = '0123456789';
  await Promise.all(pairs.map(({ client, peer }) => new Promise((resolve) => {
    let count = 0;
    client.on('data', (chunk) => {
      retained.push(chunk);
      if (++count === CHUNKS) resolve();
      else peer.write(text);
    });
    peer.write(text);
  })));
  globalThis.gc();
  const grown = process.memoryUsage().rss - before;
  return retained.every((chunk) => chunk.length === 10) ? grown : -1;
}

describe('memory that small retained chunks pin', function suite() {
  this.timeout(60000);

  it('is not much more than core\'s', async () => {
    const flags = { flags: ['--expose-gc'] };
    const core = await inChild('core', retainedBytes, flags);
    const own = await inChild('uvnet', retainedBytes, flags);
    const margin = 16 * 1024 * 1024;
    assert.ok(core > 0 && own > 0);
    assert.ok(own < core * 1.5 + margin, `${own} bytes, core ${core}`);
  });
});
