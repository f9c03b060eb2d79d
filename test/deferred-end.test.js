'use strict';

// Writes whose end somebody waits for, made while events of several sockets come
// together. Those that are corked may leave together, but no sooner than the
// kernel has the bytes may anybody hear that they are written.

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const { closed, collect, forEachNet, forEachTransport, spawnScript } =
  require('./helper');

const COUNT = 12;

// [name, write(socket, text, callback)]
const WAYS = [
  ['write', (socket, text, done) => socket.write(text, done)],
  ['write of a Buffer', (socket, text, done) =>
    socket.write(Buffer.from(text), done)],
  ['corked', (socket, text, done) => {
    socket.cork();
    socket.write(text.slice(0, 1));
    socket.write(Buffer.from(text.slice(1)), done);
    socket.uncork();
  }],
  ['corked, 10 KB', (socket, text, done) => {
    socket.cork();
    socket.write(text);
    socket.write('ж'.repeat(5000), done);
    socket.uncork();
  }],
  ['end', (socket, text, done) => socket.end(text, done)],
  ['corked end', (socket, text, done) => {
    socket.cork();
    socket.write(text);
    socket.end('.', done);
  }],
];

// Pairs of sockets; onAll(use) makes use(peer, client, i) run for all of them in
// listeners of 'data' that come together.
async function openPairs(open, net, count = COUNT) {
  const pairs = [];
  for (let i = 0; i < count; i++) {
    pairs.push(await open(net, { server: { allowHalfOpen: true } }));
  }
  return pairs;
}

function onAll(pairs, use) {
  return Promise.all(pairs.map(({ client, peer }, i) =>
    new Promise((resolve) => {
      peer.once('data', () => resolve(use(peer, client, i)));
      client.write('?');
    })));
}

forEachNet((net, name) => {
  forEachTransport((open, transport) => {
    for (const [way, write] of WAYS) {
      it(`${way}: bytes, callbacks and the async context`, async () => {
        const pairs = await openPairs(open, net);
        const storage = new AsyncLocalStorage();
        const received = pairs.map(({ client }) => collect(client));
        const seen = [];
        await onAll(pairs, (peer, _, i) => new Promise((resolve) => {
          storage.run(i, () => write(peer, `answer ${i}`, (error) => {
            seen.push([i, error ?? null, storage.getStore()]);
            resolve();
          }));
        }));
        for (const { peer } of pairs) peer.end();
        const texts = await Promise.all(received);
        texts.forEach((text, i) =>
          assert.ok(String(text).startsWith(`answer ${i}`), String(text)));
        assert.deepStrictEqual(seen.sort(([a], [b]) => a - b),
          pairs.map((_, i) => [i, null, i]));
        for (const { client } of pairs) client.end();
      });

      it(`${way}, then destroy()`, async () => {
        const pairs = await openPairs(open, net);
        const received = pairs.map(({ client }) => collect(client));
        const errors = [];
        await onAll(pairs, (peer, client) => {
          write(peer, 'answer', (error) => errors.push(error?.code ?? null));
          peer.destroy();
          client.end();
        });
        await closed(...pairs.map(({ peer }) => peer));
        for (const text of await Promise.all(received)) {
          assert.ok(String(text).startsWith('answer'), String(text));
        }
        // An end() that did not come to FIN has failed.
        const expected = way.includes('end') ? 'ERR_STREAM_DESTROYED' : null;
        assert.deepStrictEqual(errors, pairs.map(() => expected));
      });
    }

    it('bytesWritten, and writes behind them, in order', async () => {
      const pairs = await openPairs(open, net);
      const received = pairs.map(({ client }) => collect(client));
      const log = pairs.map(() => []);
      await onAll(pairs, (peer, _, i) => {
        peer.write('a', () => log[i].push('a'));
        peer.write('b');
        peer.write('c', () => log[i].push('c'));
        assert.strictEqual(peer.bytesWritten, 3);
        peer.end('d', () => log[i].push('d'));
      });
      const texts = await Promise.all(received);
      texts.forEach((text) => assert.strictEqual(String(text), 'abcd'));
      log.forEach((list) => assert.deepStrictEqual(list, ['a', 'c', 'd']));
      for (const { client } of pairs) client.end();
    });

    it('some of them wait for the kernel', async () => {
      const pairs = await openPairs(open, net);
      const chunk = Buffer.alloc(60_000, 'x');
      const counts = await onAll(pairs, (peer, client) =>
        new Promise((resolve) => {
          let calls = 0;
          let ends = 0;
          client.pause();
          const write = () => {
            peer.cork();
            peer.write(chunk.subarray(1));
            peer.write('x', more);
            peer.uncork();
          };
          function more() {
            if (++calls < 150) write();
          }
          write();
          setTimeout(() => {
            client.on('data', (data) => { ends += data.length; });
            client.on('end', () => resolve([calls, ends]));
            client.resume();
            const wait = () => {
              if (calls < 150) setImmediate(wait);
              else peer.end();
            };
            wait();
          }, 50);
        }));
      assert.deepStrictEqual(counts, pairs.map(() => [150, 150 * 60_000]));
      for (const { client } of pairs) client.end();
    });

    // A Unix socket's peer is gone at once.
    if (transport === 'Unix') {
      it('each write to who is gone fails', async () => {
        const pairs = await openPairs(open, net);
        const results = await onAll(pairs, (peer, client) =>
          new Promise((resolve) => {
            peer.on('error', () => {});
            client.destroy();
            setImmediate(() => resolve());
          }).then(() => new Promise((resolve) => {
            peer.cork();
            peer.write('x');
            peer.write('y', (error) => resolve(error?.code));
            peer.uncork();
          })));
        assert.deepStrictEqual(results, pairs.map(() => 'EPIPE'));
      });
    }
  });

  it('what a callback tells of is with the kernel', async () => {
    const { signal, stdout } = await spawnScript(name, `
      const { once } = require('node:events');
      const server = net.createServer((peer) => {
        peer.on('data', () => {
          peer.cork();
          peer.write('ke');
          peer.write('pt', () => process.kill(process.pid, 'SIGKILL'));
          peer.uncork();
        });
      });
      server.listen(0, '127.0.0.1', async () => {
        const { spawn } = require('node:child_process');
        const reader = spawn(process.execPath, ['-e', ${JSON.stringify(`
          const sockets = [];
          let left = ${COUNT};
          for (let i = 0; i < ${COUNT}; i++) {
            const socket = require('node:net').connect(process.argv[1]);
            let text = '';
            socket.on('data', (data) => { text += data; });
            socket.on('error', () => {});
            socket.on('close', () => {
              if (text !== '') process.stdout.write(text + ';');
              if (--left === 0) process.exit();
            });
            socket.on('connect', () => {
              if (sockets.push(socket) < ${COUNT}) return;
              for (const each of sockets) each.write('?');
            });
          }
        `)}, server.address().port], { stdio: ['ignore', 1, 2] });
        const until = Date.now() + 1500;
        await once(server, 'connection');
        setTimeout(() => { while (Date.now() < until); }, 500);
      });`);
    assert.strictEqual(signal, 'SIGKILL');
    assert.match(stdout, /^kept;/);
  });

  it('process.exit() behind them loses none', async () => {
    const { code, stdout } = await spawnScript(name, `
      const COUNT = ${COUNT};
      const server = net.createServer();
      let left = COUNT;
      server.on('connection', (peer) => peer.on('data', () => {
        peer.cork();
        peer.write('ke');
        peer.write('pt', () => {});
        peer.uncork();
        if (--left === 0) process.exit();
      }));
      server.listen(0, '127.0.0.1', () => {
        const reader = require("node:child_process").spawn(process.execPath,
          ['-e', ${JSON.stringify(`
            const sockets = [];
            for (let i = 0; i < ${COUNT}; i++) {
              const socket = require('node:net').connect(process.argv[1]);
              socket.on('data', (data) => process.stdout.write(data + ';'));
              socket.on('error', () => {});
              socket.on('connect', () => {
                if (sockets.push(socket) < ${COUNT}) return;
                for (const each of sockets) each.write('?');
              });
            }
          `)}, server.address().port], { stdio: ['ignore', 1, 2] });
      });`);
    assert.strictEqual(code, 0);
    assert.strictEqual(stdout, 'kept;'.repeat(COUNT));
  });
});
