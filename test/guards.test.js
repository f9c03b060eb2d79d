'use strict';

// What must not be upset by who else has a descriptor, by what runs in between,
// or by objects that are not what they look like.

const assert = require('node:assert');
const fs = require('node:fs');
const { closed, collect, eventLog, eventually, forEachNet, forEachTransport,
  inChild, listen, once, pair, scriptFile, spawnNode, spawnScript, startScript,
  tmpPath, track,
} = require('./helper');

const WAITING = 12;
const SLOW_MS = 3;

// One that says more than it has, one that says less.
class Liar extends Uint8Array {
  static lie = 0;
  get length() { return Liar.lie; }
}

function busy(milliseconds) {
  const end = process.hrtime.bigint() + BigInt(milliseconds) * 1000000n;
  while (process.hrtime.bigint() < end);
}

// A server on descriptor 3 that starts to accept when it is told to.
const SHARER = `
  process.once('message', () => {
    net.createServer((peer) => peer.end('child')).listen({ fd: 3 });
  });
  process.send('ready');`;

// The same on a server that it is sent.
const RECEIVER = `
  let server;
  process.on('message', (message, target) => {
    if (message === 'take') {
      server = target;
      server.on('connection', (peer) => peer.end('child'));
    }
  });
  process.send('ready');`;

async function answers(net, server) {
  const { port } = server.address();
  const clients = Array.from({ length: WAITING }, () =>
    track(net.connect(port, '127.0.0.1')).setEncoding('utf8'));
  return Promise.all(clients.map((client) =>
    collect(client).catch(({ code }) => code)));
}

function count(values, wanted) {
  return values.filter((value) => value === wanted).length;
}

forEachNet((net, name) => {
  async function closesAtFirst() {
    const server = await listen(net.createServer());
    server.once('connection', () => server.close());
    server.on('connection', (peer) => peer.end('parent'));
    return server;
  }

  it('connections wait for another process with the same descriptor', async () => {
    const server = await closesAtFirst();
    const child = startScript(name, SHARER, { stdio:
      ['ignore', 'inherit', 'inherit', server._handle.fd, 'ipc'] });
    await once(child, 'message');
    server.once('close', () => child.send('go'));
    const texts = await answers(net, server);
    assert.strictEqual(count(texts, 'parent'), 1);
    assert.strictEqual(count(texts, 'child'), WAITING - 1);
  });

  it('a server over a given descriptor leaves what waits to others', async () => {
    const outer = await listen(net.createServer());
    const program = scriptFile(name, `
      const server = net.createServer((peer) => {
        peer.end('inner');
        server.close();
      });
      server.listen({ fd: 3 }, () => process.send('ready'));
      process.once('message', () => {
        const end = Date.now() + 200;
        while (Date.now() < end);
      });
      process.once('disconnect', () => {});`);
    const { port } = outer.address();
    const child = spawnNode([program], { stdio:
      ['ignore', 'inherit', 'inherit', outer._handle.fd, 'ipc'] });
    await once(child, 'message');
    // This process does not accept while the other one is busy.
    const clients = [];
    child.send('be busy');
    busy(50);
    for (let i = 0; i < WAITING; i++) {
      clients.push(collect(track(net.connect(port, '127.0.0.1'))
        .setEncoding('utf8')).catch(({ code }) => code));
    }
    outer.on('connection', (peer) => peer.end('outer'));
    const texts = await Promise.all(clients);
    assert.strictEqual(count(texts, 'inner') + count(texts, 'outer'), WAITING);
    child.disconnect();
  });

  it('connections wait for a process that the server was sent to', async () => {
    const server = await closesAtFirst();
    const child = startScript(name, RECEIVER,
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await once(child, 'message');
    await new Promise((resolve) => { child.send('take', server, resolve); });
    const texts = await answers(net, server);
    assert.strictEqual(count(texts, 'parent') + count(texts, 'child'), WAITING);
    assert.ok(count(texts, 'parent') <= 1);
  });

  it('a connection made by an async hook is no accepted one', async () => {
    const seen = await inChild(name, async (core, helper) => {
      const { createHook } = require('node:async_hooks');
      const server = await helper.listen(core.createServer((peer) => {
        peer.on('data', (chunk) => peer.end(`echo ${chunk}`));
      }));
      const other = await helper.listen(core.createServer((peer) =>
        peer.end('other')));
      let extra;
      let isArmed = false;
      createHook({ init(id, type) {
        if (!isArmed || type !== 'TCPWRAP') return;
        isArmed = false;
        extra = core.connect(other.address().port, '127.0.0.1');
      } }).enable();
      const client = core.connect(server.address().port, '127.0.0.1');
      client.write('mine');
      // The next one is the accepted one.
      isArmed = true;
      const text = await helper.collect(client.setEncoding('utf8'));
      return [text, await helper.collect(extra.setEncoding('utf8'))];
    });
    assert.deepStrictEqual(seen, ['echo mine', 'other']);
  });

  it('isStreamBase of a handle can be set', async () => {
    const { client } = await pair(net);
    client._handle.isStreamBase = false;
    assert.strictEqual(client._handle.isStreamBase, false);
    client._handle.isStreamBase = true;
    assert.strictEqual(client._handle.isStreamBase, true);
  });

  for (const lie of [5, 500]) {
    forEachTransport((open) => {
      it(`views that say they are ${lie} bytes long, outside of a listener`, async () => {
        const { client, peer } = await open(net);
        Liar.lie = lie;
        client.write(new Liar(100).fill(65));
        client.write('b');
        client.end();
        const text = await collect(peer.setEncoding('latin1'));
        assert.strictEqual(text, `${'A'.repeat(100)}b`);
        assert.strictEqual(client.bytesWritten, 101);
        await closed(client, peer);
      });

      it(`and inside of one, alone and corked, ${lie} bytes`, async () => {
        const { client, peer } = await open(net);
        Liar.lie = lie;
        peer.once('data', () => {
          peer.write(new Liar(100).fill(65));
          peer.write('b');
          peer.cork();
          peer.write(new Liar(50).fill(67));
          peer.write('d');
          peer.uncork();
          peer.end();
        });
        client.write('go');
        const text = await collect(client.setEncoding('latin1'));
        assert.strictEqual(text, `${'A'.repeat(100)}b${'C'.repeat(50)}d`);
        client.end();
        await closed(client, peer);
      });
    });
  }

  it('listeners that become slow do not keep answers for long', async () => {
    const server = await listen(net.createServer());
    const peers = [];
    server.on('connection', (peer) => peers.push(peer));
    const clients = Array.from({ length: 60 }, () =>
      track(net.connect(server.address().port, '127.0.0.1')));
    await Promise.all(clients.map((client) => once(client, 'connect')));
    assert.ok(await eventually(() => peers.length === clients.length));
    const byPort = new Map(clients.map((client) => [client.localPort, client]));
    let answered = 0;
    let first;
    let atHand;
    function onData() {
      first ??= byPort.get(this.remotePort);
      this.write('!');
      if (++answered > 40) busy(SLOW_MS);
      if (answered === 56) {
        atHand = fs.readSync(first._handle.fd, Buffer.alloc(1));
        server.emit('looked');
      }
    }
    for (const peer of peers) peer.on('data', onData);
    // Nothing is read here but by the look above.
    for (const client of clients) client._handle.readStop();
    const looked = once(server, 'looked');
    for (const client of clients) client.write('?');
    await looked;
    assert.strictEqual(atHand, 1);
  });

  it('a listener of prependListener() gets chunks as from core', async () => {
    const { client, peer } = await pair(net);
    const log = [];
    peer.prependListener('data', () => log.push('data'));
    const { emit } = peer;
    peer.emit = function(event, ...args) {
      if (event === 'readable') log.push('emits readable');
      return emit.call(this, event, ...args);
    };
    peer.resume();
    client.write('x');
    assert.ok(await eventually(() => log.includes('data')));
    assert.deepStrictEqual(log, tellsOnFromPrepend() ?
      ['emits readable', 'data'] : ['data']);
    client.end();
    await closed(client, peer);
  });
});

// Whether streams of this Node tell on() from prependListener().
function tellsOnFromPrepend() {
  const { Readable } = require('node:stream');
  return Object.getOwnPropertySymbols(new Readable()._readableState)
    .some(({ description }) => description === 'kState') &&
    !process.version.startsWith('v20.9.');
}

forEachNet((net, name) => {
  it('events behind one that cannot be delivered arrive', async () => {
    const { stdout } = await spawnScript(name, `
      process.on('uncaughtException', () => {});
      let left = 8;
      const server = net.createServer((peer) => {
        peer.on('data', ({ buffer }) => {
          structuredClone(buffer, { transfer: [buffer] });
        });
        peer.on('end', () => peer.end());
        peer.on('close', () => {
          if (--left === 0) process.exit(console.log('all closed'));
        });
      });
      server.listen(0, '127.0.0.1', () => {
        const clients = [];
        let up = 0;
        for (let i = 0; i < 8; i++) {
          const client = net.connect(server.address().port, '127.0.0.1', () => {
            if (++up === 8) for (const one of clients) one.end('x');
          });
          clients.push(client.resume());
        }
      });`);
    assert.strictEqual(stdout, 'all closed\n');
  });
}, ['uvnet']);

const AGAIN = { TCP: 'EALREADY', Unix: 'EISCONN' };

function whereOf(server) {
  const address = server.address();
  return typeof address === 'string' ? { path: address } :
    { port: address.port, host: '127.0.0.1' };
}

// A second life that begins while libuv still has the first one's connection.
forEachNet((net) => {
  for (const transport of Object.keys(AGAIN)) {
    async function serve() {
      const server = net.createServer();
      return transport === 'TCP' ? listen(server) : listen(server, tmpPath());
    }

    it(`${transport}: connect() while connecting, a connection is there`, async () => {
      const server = await serve();
      const client = track(net.connect(whereOf(server)));
      const log = eventLog(client, ['connect', 'error', 'close']);
      server.once('connection', () => client.connect(whereOf(server)));
      await closed(client);
      assert.deepStrictEqual(log, [`error:${AGAIN[transport]}`, 'close:true']);
    });

    it(`${transport}: destroy() and connect() of one that is accepted`, async () => {
      const server = await serve();
      const client = track(net.connect(whereOf(server)));
      const log = eventLog(client, ['connect', 'error', 'close']);
      server.once('connection', () => {
        client.destroy();
        client.connect(whereOf(server));
      });
      await once(client, 'close').catch(() => {});
      assert.ok(await eventually(() => log.includes('close:true')));
      assert.deepStrictEqual(log,
        ['error:ECANCELED', 'close:false', 'close:true']);
    });
  }
});

forEachNet((net) => {
  it('resetAndDestroy() behind end() is refused, inside of a listener too', async () => {
    const { server, client } = await pair(net);
    const log = [];
    client.on('error', ({ code, syscall }) => log.push(`${syscall} ${code}`));
    server.once('connection', () => {
      client.end();
      client.resetAndDestroy();
    });
    track(net.connect(server.address().port, '127.0.0.1'));
    assert.ok(await eventually(() => log.length > 0));
    assert.deepStrictEqual(log, ['reset EINVAL']);
  });
});
