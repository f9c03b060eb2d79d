'use strict';

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const { closed, closedPort, eventually, forEachNet, forEachTransport, inChild,
  listen, once, spawnScript, tmpPath, track } = require('./helper');

const EVENTS = ['lookup', 'connectionAttempt', 'connect', 'ready', 'data',
  'end', 'finish', 'drain', 'timeout', 'close', 'error', 'readable'];

// Before AsyncContextFrame an accepted socket belongs to no store: its
// handle is made by the loop, outside of any resource.
const V20 = process.version.startsWith('v20.');
const ACCEPTED = undefined;

// Everything made inside run('S') or run('C') calls back with that store.
const SERVER_SIDE = {
  'listen callback': 'S', 'listening': 'S', 'connection': 'S',
  'peer data': ACCEPTED, 'peer end': ACCEPTED, 'peer finish': ACCEPTED,
  'peer close': ACCEPTED, 'peer write callback': ACCEPTED,
  'peer end callback': ACCEPTED, 'getConnections': ACCEPTED,
  'close callback': ACCEPTED, 'close': ACCEPTED,
};
const CLIENT_SIDE = {
  'connect callback': 'C', 'connectionAttempt': 'C', 'connect': 'C',
  'ready': 'C', 'data': 'C', 'end': 'C', 'finish': 'C', 'drain': 'C',
  'timeout': 'C', 'close': 'C', 'write callback': 'C', 'end callback': 'C',
  'timeout callback': 'C',
};

const UNCAUGHT_IDS = 'data true C\nend true C\n';

const suite = V20 ? forEachNet : () => {};

suite((net, name) => {
  const storage = new AsyncLocalStorage();

  function recorder(stores, emitter, events, prefix = '') {
    for (const event of events) {
      emitter.on(event, () => {
        stores[prefix + event] = storage.getStore();
      });
    }
    return (title) => () => { stores[title] = storage.getStore(); };
  }

  function serve(stores, done) {
    const server = net.createServer({ allowHalfOpen: true });
    const note =
      recorder(stores, server, ['listening', 'connection', 'close']);
    server.on('connection', (peer) => {
      recorder(stores, track(peer), ['data', 'end', 'finish', 'close'],
        'peer ');
      peer.once('data', () => {
        peer.write('answer', note('peer write callback'));
        server.getConnections(note('getConnections'));
      });
      peer.on('end', () => peer.end(note('peer end callback')));
      server.close(() => { note('close callback')(); done(); });
    });
    track(server);
    return [server, note('listen callback')];
  }

  function transports() {
    return { TCP: () => [0], Unix: () => [tmpPath()] };
  }

  for (const [transport, where] of Object.entries(transports())) {
    it(`AsyncLocalStorage in every callback (${transport})`, async () => {
      const stores = {};
      let ended;
      const end = new Promise((resolve) => { ended = resolve; });
      const [server, listening] = storage.run('S', () => serve(stores, ended));
      storage.run('S', () => server.listen(...where(), listening));
      await once(server, 'listening');
      const target = transport === 'Unix' ? { path: server.address() } :
        { port: server.address().port, host: '127.0.0.1' };
      const clientStores = {};
      const client = storage.run('C', () => {
        const socket = new net.Socket();
        const note = recorder(clientStores, socket, EVENTS.filter(
          (event) => event !== 'readable'));
        socket.connect(target, note('connect callback'));
        socket.setTimeout(20, note('timeout callback'));
        socket.once('timeout', () => {
          socket.write(Buffer.alloc(8000000), note('write callback'));
          socket.once('drain', () => socket.end('x', note('end callback')));
        });
        return socket;
      });
      await Promise.all([end, closed(client)]);
      assert.deepStrictEqual(stores, SERVER_SIDE);
      assert.deepStrictEqual(clientStores, CLIENT_SIDE);
    });
  }

  forEachTransport((open) => {
    it('listeners added elsewhere see the store of the socket', async () => {
      const { client, peer } = await storage.run('made', () => open(net));
      const stores = {};
      storage.run('listening', () => {
        recorder(stores, client, ['data', 'end', 'close']);
        recorder(stores, peer, ['data', 'end', 'close'], 'peer ');
      });
      storage.run('writing', () => {
        peer.end('x');
        client.end('y');
      });
      await closed(client, peer);
      assert.deepStrictEqual(stores, {
        'data': 'made', 'end': 'made', 'close': 'made',
        'peer data': ACCEPTED, 'peer end': ACCEPTED, 'peer close': ACCEPTED,
      });
    });

    it('callbacks of writes done at once share the first store',
      async () => {
        const { client, peer } = await storage.run('made', () => open(net));
        peer.resume();
        const stores = [];
        const note = () => stores.push(storage.getStore());
        for (const store of ['a', 'b', 'c']) {
          storage.run(store, () => client.write(store, note));
        }
        await eventually(() => stores.length === 3);
        assert.deepStrictEqual(stores, ['a', 'a', 'a']);
      });

    it('the callback of a waiting write sees its store', async () => {
      const { client, peer } = await storage.run('made', () => open(net));
      peer.pause();
      const stores = [];
      const note = () => stores.push(storage.getStore());
      storage.run('big', () => client.write(Buffer.alloc(8000000), note));
      storage.run('after', () => client.write('x', note));
      peer.resume();
      await eventually(() => stores.length === 2);
      assert.deepStrictEqual(stores, ['big', 'big']);
    });

    it('the onread callback sees the store of the socket', async () => {
      let store;
      const { peer } = await storage.run('made', () => open(net, {
        client: {
          onread: {
            buffer: Buffer.alloc(8),
            callback() { store = storage.getStore(); },
          },
        },
      }));
      storage.run('other', () => peer.write('x'));
      await eventually(() => store !== undefined);
      assert.strictEqual(store, 'made');
    });

    it('each accepted socket has the store of the server', async () => {
      const { server } = await storage.run('made', () => open(net));
      const stores = [];
      server.on('connection', (peer) => {
        stores.push(storage.getStore());
        peer.on('data', () => stores.push(storage.getStore()));
      });
      const address = server.address();
      const target = typeof address === 'string' ?
        { path: address } : { port: address.port, host: '127.0.0.1' };
      storage.run('client', () => track(net.connect(target)).write('x'));
      await eventually(() => stores.length === 2);
      assert.deepStrictEqual(stores, ['made', ACCEPTED]);
    });
  });

  it('errors of connect see the store', async () => {
    const stores = {};
    const port = await closedPort(net);
    const client = storage.run('C', () => {
      const socket = new net.Socket();
      recorder(stores, socket, ['error', 'close', 'lookup']);
      socket.connect({ port, host: 'localhost', family: 4 });
      return socket;
    });
    await closed(client);
    assert.deepStrictEqual(stores,
      { lookup: 'C', error: 'C', close: 'C' });
  });

  it('errors of listen see the store', async () => {
    const first = await listen(net.createServer());
    let store;
    await new Promise((resolve) => {
      storage.run('S', () => {
        const server = net.createServer();
        server.on('error', () => { store = storage.getStore(); resolve(); });
        server.listen(first.address().port, '127.0.0.1');
      });
    });
    assert.strictEqual(store, 'S');
  });

  describe('async_hooks', () => {
    it('types and trigger ids', async () => {
      const result = await inChild(name, async (net, helper) => {
        const hooks = require('node:async_hooks');
        const seen = new Map();
        hooks.createHook({
          init(id, type, trigger) { seen.set(id, { type, trigger }); },
        }).enable();
        for (const open of ['pair', 'pairUnix']) {
          const { client, peer } = await helper[open](net);
          client.end('x');
          peer.resume();
          client.resume();
          await helper.closed(client, peer);
        }
        const types = [...new Set([...seen.values()].map((s) => s.type))];
        const wanted = ['TCPWRAP', 'TCPSERVERWRAP', 'PIPEWRAP',
          'PIPESERVERWRAP', 'TCPCONNECTWRAP', 'PIPECONNECTWRAP'];
        const triggerOf = (type) => [...seen.values()]
          .filter((s) => s.type === type)
          .map((s) => (seen.get(s.trigger) || {}).type || 'outer');
        return {
          types: wanted.filter((type) => types.includes(type)),
          tcp: triggerOf('TCPWRAP').includes('TCPSERVERWRAP'),
          pipe: triggerOf('PIPEWRAP').includes('PIPESERVERWRAP'),
          connect: triggerOf('TCPCONNECTWRAP'),
        };
      });
      assert.deepStrictEqual(result, {
        types: ['TCPWRAP', 'TCPSERVERWRAP', 'PIPEWRAP', 'PIPESERVERWRAP',
          'TCPCONNECTWRAP', 'PIPECONNECTWRAP'],
        tcp: true, pipe: true, connect: ['TCPWRAP'],
      });
    });

    it('before and after are paired, and destroy comes', async () => {
      const result = await inChild(name, async (net, helper) => {
        const hooks = require('node:async_hooks');
        const depth = new Map();
        const types = new Map();
        let broken = 0;
        let destroyed = 0;
        hooks.createHook({
          init(id, type) { types.set(id, type); },
          before(id) { depth.set(id, (depth.get(id) || 0) + 1); },
          after(id) {
            const now = (depth.get(id) || 0) - 1;
            if (now < 0) broken++;
            depth.set(id, now);
          },
          destroy(id) {
            if (/^(TCP|PIPE)(SERVER)?WRAP$/.test(types.get(id))) destroyed++;
          },
        }).enable();
        for (const open of ['pair', 'pairUnix']) {
          const { server, client, peer } = await helper[open](net);
          client.end('x');
          peer.resume();
          client.resume();
          await helper.closed(client, peer);
          server.close();
          await helper.once(server, 'close');
        }
        await helper.eventually(() => destroyed === 6);
        return { broken, destroyed };
      });
      assert.deepStrictEqual(result, { broken: 0, destroyed: 6 });
    });

    it('the execution id in a callback is that of the handle', async () => {
      const result = await inChild(name, async (net, helper) => {
        const { executionAsyncId } = require('node:async_hooks');
        const { server, client, peer } = await helper.pair(net);
        const id = client._handle.getAsyncId();
        const ids = {};
        client.on('data', () => { ids.data = executionAsyncId() === id; });
        const serverId = server._handle.getAsyncId();
        server.on('connection', () => {
          ids.connection = executionAsyncId() === serverId;
        });
        peer.write('x');
        helper.track(net.connect(server.address().port, '127.0.0.1'));
        await helper.eventually(() => Object.keys(ids).length === 2);
        return ids;
      });
      assert.deepStrictEqual(result, { data: true, connection: true });
    });

    it('the execution id inside uncaughtException', async () => {
      const { stdout, code } = await spawnScript(name, `
        const { executionAsyncId, AsyncLocalStorage } =
          require('node:async_hooks');
        const storage = new AsyncLocalStorage();
        let id;
        process.on('uncaughtException', (error) => {
          console.log(error.message, executionAsyncId() === id,
            storage.getStore());
          if (error.message === 'end') process.exit();
        });
        const server = net.createServer((peer) => peer.end('x'));
        storage.run('S', () => server.listen(0, () => {
          storage.run('C', () => {
            const client = net.connect(server.address().port, '127.0.0.1');
            client.on('data', () => {
              id = executionAsyncId();
              throw new Error('data');
            });
            client.on('end', () => {
              id = executionAsyncId();
              throw new Error('end');
            });
            client.on('connect', () => server.close());
          });
        }));
      `);
      assert.deepStrictEqual([code, stdout], [0, UNCAUGHT_IDS]);
    });
  });
});
