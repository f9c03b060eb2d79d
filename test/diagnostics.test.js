'use strict';

// What somebody sees who looks for a fault: logs, JSON, channels.

const assert = require('node:assert');
const diagnostics = require('node:diagnostics_channel');
const util = require('node:util');
const {
  closed, closedPort, disposeAll, forEachNet, forEachTransport, listen, once,
  spawnScript, track,
} = require('./helper');

forEachNet((net, name) => {
  describe('JSON and inspect', () => {
    forEachTransport((open) => {
      it('of sockets, servers, handles and errors', async () => {
        const { client, peer, server } = await open(net);
        const error = Object.assign(new Error('x'), { socket: peer });
        for (const value of [client, peer, server, client._handle, peer._handle,
          server._handle, error, { request: { socket: client } }]) {
          assert.strictEqual(typeof JSON.parse(JSON.stringify(value)), 'object');
          assert.match(util.inspect(value), /\w/);
          assert.match(util.inspect(value, { depth: 9, showHidden: true }), /\w/);
        }
        client.destroy();
        await closed(client);
        assert.strictEqual(typeof JSON.stringify(client), 'string');
      });
    });
  });

  describe('channels', () => {
    // Notes what is published until the test ends.
    function watch(log = []) {
      const listeners = {
        'net.client.socket': ({ socket }) => log.push(socket),
        'net.server.socket': () => log.push('server'),
      };
      for (const [channel, listener] of Object.entries(listeners)) {
        diagnostics.subscribe(channel, listener);
        track(() => diagnostics.unsubscribe(channel, listener));
      }
      return log;
    }

    it('a connection of net.connect() once, after \'connection\'', async () => {
      const log = watch();
      const server = await listen(net.createServer(() => log.push('listener')));
      const client = track(net.connect(server.address().port, '127.0.0.1'));
      await once(client, 'connect');
      await once(client.end().resume(), 'close');
      assert.strictEqual(log[0], client);
      assert.deepStrictEqual(log.slice(1), ['listener', 'server']);
    });

    it('nothing where nobody connects', async () => {
      const log = watch();
      const server = await listen(net.createServer());
      await new Promise((resolve) => { server.getConnections(resolve); });
      await new Promise((resolve) => { server.close(resolve); });
      new net.Socket().destroy();
      assert.deepStrictEqual(log, []);
    });

    it('a socket that connects by name, twice, as core does', async () => {
      const counts = [];
      for (const one of [require('node:net'), net]) {
        const port = await closedPort(one);
        const log = watch();
        const before = log.length;
        const socket = track(new one.Socket()).on('error', () => {});
        for (let i = 0; i < 2; i++) {
          socket.connect({ port, host: 'localhost', family: 4 });
          await new Promise((resolve) => { socket.once('close', resolve); });
        }
        assert.ok(log.every((published) => published === socket));
        counts.push(log.length - before);
        await disposeAll();
      }
      assert.strictEqual(counts[1], counts[0]);
    });
  });

  it('NODE_DEBUG=net says what happens', async () => {
    const { code, stderr } = await spawnScript(name, `
      const server = net.createServer((socket) => socket.end());
      server.listen(0, '127.0.0.1', () => {
        net.connect(server.address().port, '127.0.0.1').resume()
          .on('close', () => server.close());
        net.connect('/nonexistent/socket').on('error', () => {});
      });`, { env: { NODE_DEBUG: 'net' } });
    assert.strictEqual(code, 0);
    const own = name === 'core' ? [] : ['listen', 'connection', 'read: end'];
    for (const word of ['connect', 'destroy', 'close', ...own]) {
      assert.match(stderr, new RegExp(`NET \\d+: .*${word}`), word);
    }
  });

  it('without it nothing is printed', async () => {
    const { stdout, stderr } = await spawnScript(name, `
      const server = net.createServer((socket) => socket.end());
      server.listen(0, '127.0.0.1', () => {
        net.connect(server.address().port, '127.0.0.1').resume()
          .on('close', () => server.close());
      });`);
    assert.deepStrictEqual([stdout, stderr], ['', '']);
  });
});
