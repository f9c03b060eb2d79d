'use strict';

const assert = require('node:assert');
const { MAJOR, collect, eventLog, eventually, forEachNet, forEachTransport,
  listen, once, pair, pairUnix, spawnScript, tmpPath, track, turn } =
  require('./helper');

const LOCAL = '127.0.0.1';

function count(server) {
  return new Promise((resolve, reject) => {
    server.getConnections((error, n) => {
      if (error) reject(error); else resolve(n);
    });
  });
}

forEachNet((net, name) => {
  describe('getConnections', () => {
    forEachTransport((open) => {
      it('follows connections and their close', async () => {
        const { server, client, peer } = await open(net);
        assert.strictEqual(await count(server), 1);
        assert.strictEqual(server._connections, 1);
        peer.resume();
        client.end();
        await once(peer, 'close');
        assert.strictEqual(await count(server), 0);
      });

      it('counts down on destroy, before close', async () => {
        const { server, peer } = await open(net);
        peer.destroy();
        assert.strictEqual(server._connections, 0);
        peer.destroy();
        assert.strictEqual(await count(server), 0);
      });

      it('works after server.close()', async () => {
        const { server, client, peer } = await open(net);
        server.close();
        assert.strictEqual(await count(server), 1);
        peer.resume();
        client.destroy();
        await once(server, 'close');
        assert.strictEqual(await count(server), 0);
      });
    });

    it('calls back after the current tick, returns the server', async () => {
      const server = net.createServer();
      const log = [];
      const called = new Promise((resolve) => {
        const result = server.getConnections((...args) => {
          log.push(args);
          resolve();
        });
        assert.strictEqual(result, server);
      });
      log.push('sync');
      await called;
      assert.deepStrictEqual(log, ['sync', [null, 0]]);
    });

    it('a client socket is in no server', async () => {
      const { server, client, peer } = await pair(net);
      client.destroy();
      assert.strictEqual(await count(server), 1);
      peer.resume();
      await once(peer, 'close');
      assert.strictEqual(await count(server), 0);
    });
  });

  describe('maxConnections', () => {
    it('drops the surplus and says whom (TCP)', async () => {
      const { server, client } = await pair(net);
      server.maxConnections = 1;
      const dropped = once(server, 'drop');
      const second = track(net.connect(server.address().port, LOCAL));
      second.on('error', () => {});
      await once(second, 'connect');
      const { localPort } = second;
      second.resume();
      const [data] = await dropped;
      assert.deepStrictEqual({ ...data }, {
        localAddress: LOCAL, localPort: server.address().port,
        localFamily: 'IPv4', remoteAddress: LOCAL, remotePort: localPort,
        remoteFamily: 'IPv4',
      });
      await once(second, 'close');
      assert.strictEqual(server._connections, 1);
      assert.strictEqual(client.destroyed, false);
    });

    it('drops with undefined (Unix)', async () => {
      const { server } = await pairUnix(net);
      server.maxConnections = 1;
      const dropped = once(server, 'drop');
      const second = track(net.connect(server.address()));
      second.on('error', () => {}).resume();
      const [data] = await dropped;
      assert.strictEqual(data, undefined);
      await once(second, 'close');
    });

    it('lets others in after one left', async () => {
      const { server, client, peer } = await pair(net);
      server.maxConnections = 1;
      peer.resume();
      client.end();
      await once(peer, 'close');
      const accepted = once(server, 'connection');
      track(net.connect(server.address().port, LOCAL));
      await accepted;
    });

    it('undefined or null is no limit, 0 as core', async () => {
      const server = await listen(net.createServer());
      const outcomes = [];
      for (const limit of [null, undefined, 0]) {
        server.maxConnections = limit;
        const next = Promise.race([
          once(server, 'connection').then(() => 'connection'),
          once(server, 'drop').then(() => 'drop'),
        ]);
        const client = track(net.connect(server.address().port, LOCAL));
        client.on('error', () => {});
        outcomes.push(await next);
      }
      assert.deepStrictEqual(outcomes.slice(0, 2),
        ['connection', 'connection']);
      assert.strictEqual(outcomes[2], MAJOR < 21 ? 'connection' : 'drop');
    });
  });

  describe('server options reach the connection', () => {
    it('pauseOnConnect', async () => {
      const { client, peer } =
        await pair(net, { server: { pauseOnConnect: true } });
      client.write('early');
      const log = eventLog(peer, ['data']);
      assert.strictEqual(peer.isPaused(), true);
      for (let i = 0; i < 20; i++) await turn();
      assert.deepStrictEqual(log, []);
      assert.strictEqual(peer.bytesRead, 0);
      peer.resume();
      await once(peer, 'data');
      assert.strictEqual(peer.bytesRead, 5);
    });

    it('allowHalfOpen', async () => {
      const { client, peer } =
        await pair(net, { server: { allowHalfOpen: true } });
      assert.strictEqual(peer.allowHalfOpen, true);
      client.end();
      peer.resume();
      await once(peer, 'end');
      const text = collect(client.setEncoding('utf8'));
      await turn();
      peer.end('still open');
      assert.strictEqual(await text, 'still open');
    });

    it('highWaterMark', async () => {
      const { peer } = await pair(net, { server: { highWaterMark: 777 } });
      assert.deepStrictEqual(
        [peer.readableHighWaterMark, peer.writableHighWaterMark],
        [777, 777]);
    });

    it('noDelay and keepAlive call the handle', async () => {
      const calls = [];
      const server = net.createServer({
        noDelay: true, keepAlive: true, keepAliveInitialDelay: 9000,
      });
      await listen(server);
      const { onconnection } = server._handle;
      server._handle.onconnection = function spy(status, handle) {
        for (const method of ['setNoDelay', 'setKeepAlive']) {
          const original = handle[method];
          handle[method] = function call(...args) {
            calls.push([method, ...args]);
            return original.apply(this, args);
          };
        }
        return onconnection.call(this, status, handle);
      };
      const accepted = once(server, 'connection');
      track(net.connect(server.address().port, LOCAL));
      await accepted;
      assert.deepStrictEqual(calls,
        [['setNoDelay', true], ['setKeepAlive', true, 9]]);
    });
  });

  describe('ref and unref', () => {
    const scripts = {
      'an unref\'d server lets the process end': `
        net.createServer().listen(0).unref();`,
      'unref before listen': `
        net.createServer().unref().listen(0);`,
      'unref before listen with a host': `
        net.createServer().unref().listen(0, '127.0.0.1');`,
      'an unref\'d client lets the process end': `
        const server = net.createServer().listen(0, () => {
          net.connect(server.address().port).unref();
          server.unref();
        });
        server.on('connection', (peer) => peer.unref());`,
      'unref twice, and ref before unref': `
        const server = net.createServer().listen(0);
        server.ref(); server.unref(); server.unref();`,
      'socket unref before connect': `
        const server = net.createServer((peer) => peer.unref());
        server.listen(0, () => {
          server.unref();
          const client = new net.Socket();
          client.unref();
          client.connect(server.address().port);
        });`,
    };
    for (const [title, source] of Object.entries(scripts)) {
      it(title, async () => {
        const { code, stderr } = await spawnScript(name, source);
        assert.deepStrictEqual([code, stderr], [0, '']);
      });
    }

    it('ref keeps the process', async () => {
      const source = `
        const server = net.createServer().listen(0);
        server.unref(); server.ref();
        setTimeout(() => { console.log('kept'); server.close(); }, 20).unref();
      `;
      const { code, stdout } = await spawnScript(name, source);
      assert.deepStrictEqual([code, stdout], [0, 'kept\n']);
    });

    it('return this and are reflected by hasRef', async () => {
      const { server, client } = await pair(net);
      for (const object of [server, client]) {
        assert.strictEqual(object.unref(), object);
        assert.strictEqual(object._handle.hasRef(), false);
        assert.strictEqual(object.ref(), object);
        assert.strictEqual(object._handle.hasRef(), true);
      }
    });

    it('unref on a socket that never connects is harmless', () => {
      const socket = new net.Socket();
      assert.strictEqual(socket.unref(), socket);
      assert.strictEqual(socket.ref(), socket);
    });
  });

  describe('connection listener', () => {
    it('is called with the server as this', async () => {
      const server = net.createServer();
      const self = new Promise((resolve) => {
        server.on('connection', function connection() { resolve(this); });
      });
      await listen(server);
      track(net.connect(server.address().port, LOCAL));
      assert.strictEqual(await self, server);
    });

    it('a rejected async listener destroys the socket', async () => {
      const { EventEmitter } = require('node:events');
      EventEmitter.captureRejections = true;
      const capturing = net.createServer(async (peer) => {
        peer.on('error', (error) => { peer.seen = error.message; });
        throw new Error('no');
      });
      EventEmitter.captureRejections = false;
      await listen(capturing);
      const accepted = once(capturing, 'connection');
      track(net.connect(capturing.address().port, LOCAL)).resume();
      const [peer] = await accepted;
      await new Promise((resolve) => { peer.once('close', resolve); });
      assert.strictEqual(peer.seen, 'no');
    });

    it('without any listener, connections stay open', async () => {
      const server = track(net.createServer().listen(0, LOCAL));
      await once(server, 'listening');
      const client = track(net.connect(server.address().port, LOCAL));
      await once(client, 'connect');
      assert.ok(await eventually(() => server._connections === 1));
      server.once('close', () => {});
      server.close();
      client.end();
      client.resume();
      await once(client, 'close');
    });

    it('path reused after close', async () => {
      const file = tmpPath();
      for (let i = 0; i < 3; i++) {
        const server = net.createServer((peer) => peer.end(`${i}`));
        await listen(server, file);
        const client = net.connect(file).setEncoding('utf8');
        assert.strictEqual(await collect(client), `${i}`);
        server.close();
        await once(server, 'close');
      }
    });
  });
});
