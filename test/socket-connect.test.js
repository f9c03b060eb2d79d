'use strict';

const assert = require('node:assert');
const dns = require('node:dns');
const fs = require('node:fs');
const { closedPort, eventLog, forEachNet, listen, once, pair, tmpPath,
  track, turn } = require('./helper');

const LOCAL = '127.0.0.1';
const EVENTS = ['lookup', 'connectionAttempt', 'connect', 'ready', 'error',
  'close', 'end', 'timeout'];

function fields({ name, code, errno, syscall, address, port, message }) {
  return { name, code, errno, syscall, address, port, message };
}

async function failure(socket) {
  track(socket);
  return new Promise((resolve) => { socket.once('error', resolve); });
}

/** The kernel's timer of a TCP socket: { kind, when } (1/100 seconds). */
function kernelTimer(localPort, remotePort) {
  const hex = (port) => port.toString(16).toUpperCase().padStart(4, '0');
  const ends = `:${hex(localPort)} 0100007F:${hex(remotePort)} 01 `;
  const line = fs.readFileSync('/proc/net/tcp', 'latin1').split('\n')
    .find((text) => text.includes(ends));
  const [, kind, when] = /01 \w+:\w+ (\w+):(\w+) /.exec(line);
  return { kind: parseInt(kind, 16), when: parseInt(when, 16) };
}

const KEEPALIVE = 2;

forEachNet((net) => {
  describe('signatures', () => {
    const cases = {
      'connect(port, host, callback)': (port, cb) =>
        net.connect(port, LOCAL, cb),
      'connect(port, callback)': (port, cb) => net.connect(port, cb),
      'connect(string port, host, callback)': (port, cb) =>
        net.connect(`${port}`, LOCAL, cb),
      'connect({ port, host }, callback)': (port, cb) =>
        net.connect({ port, host: LOCAL }, cb),
      'connect({ port }, callback)': (port, cb) => net.connect({ port }, cb),
      'createConnection': (port, cb) =>
        net.createConnection({ port: `${port}`, host: LOCAL }, cb),
      'new Socket().connect(port, host, cb)': (port, cb) =>
        new net.Socket().connect(port, LOCAL, cb),
      'new Socket().connect({ port }, cb)': (port, cb) =>
        new net.Socket().connect({ port, host: 'localhost' }, cb),
      'family 4': (port, cb) =>
        net.connect({ port, host: 'localhost', family: 4 }, cb),
      'hints': (port, cb) => net.connect(
        { port, host: 'localhost', family: 4, hints: dns.ADDRCONFIG }, cb),
      'localAddress': (port, cb) =>
        net.connect({ port, host: LOCAL, localAddress: LOCAL }, cb),
      'normalized arguments': (port, cb) => new net.Socket().connect(
        net._normalizeArgs([port, LOCAL, cb])),
    };
    for (const [title, connect] of Object.entries(cases)) {
      it(title, async () => {
        const server = await listen(net.createServer(), 0, '0.0.0.0');
        const accepted = once(server, 'connection');
        const called = new Promise((resolve) => {
          track(connect(server.address().port, function connected() {
            resolve(this);
          }));
        });
        const self = await called;
        assert.ok(self instanceof net.Socket);
        assert.strictEqual(self.readyState, 'open');
        await accepted;
      });
    }

    const paths = {
      'connect(path, cb)': (path, cb) => net.connect(path, cb),
      'connect({ path }, cb)': (path, cb) => net.connect({ path }, cb),
      'new Socket().connect(path, cb)': (path, cb) =>
        new net.Socket().connect(path, cb),
      'path wins over port': (path, cb) =>
        net.connect({ path, port: 1, host: LOCAL }, cb),
    };
    for (const [title, connect] of Object.entries(paths)) {
      it(title, async () => {
        const file = tmpPath();
        const server = await listen(net.createServer(), file);
        const accepted = once(server, 'connection');
        await new Promise((resolve) => { track(connect(file, resolve)); });
        await accepted;
      });
    }

    it('localPort', async () => {
      const localPort = await closedPort(net);
      const { client, peer } =
        await pair(net, { client: { localAddress: LOCAL, localPort } });
      assert.deepStrictEqual(
        [client.localPort, peer.remotePort], [localPort, localPort]);
    });

    it('returns the socket', () => {
      const socket = track(new net.Socket());
      assert.strictEqual(socket.connect('/nonexistent'), socket);
      socket.on('error', () => {});
    });
  });

  describe('lookup', () => {
    it('is called with host and options, sync answers work', async () => {
      const server = await listen(net.createServer());
      const calls = [];
      const client = track(new net.Socket());
      const seen = once(client, 'lookup');
      client.connect({
        port: server.address().port, host: 'name.invalid', family: 4,
        hints: dns.ADDRCONFIG,
        lookup(host, options, callback) {
          calls.push([host, { ...options }]);
          callback(null, LOCAL, 4);
        },
      });
      await once(client, 'connect');
      assert.deepStrictEqual(calls,
        [['name.invalid', { family: 4, hints: dns.ADDRCONFIG }]]);
      assert.deepStrictEqual(await seen, [null, LOCAL, 4, 'name.invalid']);
    });

    it('with autoSelectFamily asks for all addresses', async () => {
      const server = await listen(net.createServer());
      const calls = [];
      const client = track(net.connect({
        port: server.address().port, host: 'name.invalid',
        autoSelectFamily: true,
        lookup(host, options, callback) {
          calls.push({ ...options });
          callback(null, [{ address: LOCAL, family: 4 }]);
        },
      }));
      await once(client, 'connect');
      assert.deepStrictEqual(calls,
        [{ family: undefined, hints: dns.ADDRCONFIG, all: true }]);
    });

    it('is not called for an IP address', async () => {
      const server = await listen(net.createServer());
      const client = track(net.connect({
        port: server.address().port, host: LOCAL,
        lookup() { throw new Error('called'); },
      }));
      const log = eventLog(client, EVENTS);
      await once(client, 'ready');
      assert.deepStrictEqual(log, ['connectionAttempt', 'connect', 'ready']);
    });

    const bad = {
      'an error': [
        (options, cb) => cb(Object.assign(new Error('x'), { code: 'EX' })),
        'EX'],
      'no IP': [(options, cb) => cb(null, 'junk', 4),
        'ERR_INVALID_IP_ADDRESS'],
      'undefined': [(options, cb) => cb(null, undefined, undefined),
        'ERR_INVALID_IP_ADDRESS'],
      'family 100': [(options, cb) => cb(null, LOCAL, 100),
        'ERR_INVALID_ADDRESS_FAMILY'],
    };
    for (const [title, [answer, code]] of Object.entries(bad)) {
      for (const later of [false, true]) {
        it(`${title}${later ? ', later' : ''}`, async () => {
          const client = new net.Socket();
          const log = eventLog(client, EVENTS);
          client.connect({
            port: 80, host: 'name.invalid', autoSelectFamily: false,
            lookup(host, options, callback) {
              if (later) setImmediate(answer, options, callback);
              else answer(options, callback);
            },
          });
          const error = await failure(client);
          assert.strictEqual(error.code, code);
          await new Promise((resolve) => { client.once('close', resolve); });
          assert.deepStrictEqual(log, ['lookup', `error:${code}`,
            'close:true']);
        });
      }
    }

    it('family 100: fields and message', async () => {
      const error = await failure(net.connect({
        port: 80, host: 'name.invalid', autoSelectFamily: false,
        lookup: (host, options, callback) => callback(null, LOCAL, 100),
      }));
      assert.deepStrictEqual(
        [error.name, error.message, error.host, error.port],
        ['RangeError', 'Invalid address family: 100 name.invalid:80',
          'name.invalid', 80]);
    });

    it('an answer after destroy is ignored', async () => {
      let answer;
      const client = net.connect({
        port: 80, host: 'name.invalid',
        lookup(host, options, callback) {
          answer = () => callback(null, LOCAL, 4);
        },
      });
      const log = eventLog(client, EVENTS);
      client.destroy();
      await once(client, 'close');
      answer();
      await turn();
      assert.deepStrictEqual(log, ['close:false']);
    });
  });

  describe('order and state', () => {
    it('lookup, connectionAttempt, connect, ready', async () => {
      const server = await listen(net.createServer());
      const client = track(net.connect({
        port: server.address().port, host: 'localhost', family: 4,
      }, () => log.push('callback')));
      const log = eventLog(client, EVENTS);
      await once(client, 'ready');
      assert.deepStrictEqual(log, ['lookup', 'connectionAttempt', 'callback',
        'connect', 'ready']);
    });

    it('connecting, pending, readyState', async () => {
      const server = await listen(net.createServer());
      const client = track(new net.Socket());
      const state = () => [client.connecting, client.pending,
        client.readyState, client._connecting];
      const states = [state()];
      client.connect(server.address().port, LOCAL);
      states.push(state());
      await once(client, 'connect');
      states.push(state());
      client.end();
      client.resume();
      states.push(state());
      await once(client, 'close');
      states.push(state());
      assert.deepStrictEqual(states, [
        [false, true, 'open', false],
        [true, true, 'opening', true],
        [false, false, 'open', false],
        [false, false, 'readOnly', false],
        [false, true, 'closed', false],
      ]);
    });

    it('connect twice while connecting: EALREADY', async () => {
      const server = await listen(net.createServer());
      const { port } = server.address();
      const client = track(new net.Socket());
      const log = eventLog(client, EVENTS);
      client.connect(port, LOCAL, () => log.push('callback'));
      client.connect(port, LOCAL, () => log.push('callback'));
      const error = await failure(client);
      assert.deepStrictEqual([error.code, error.syscall, error.port],
        ['EALREADY', 'connect', port]);
      await new Promise((resolve) => { client.once('close', resolve); });
      assert.deepStrictEqual(log, ['connectionAttempt', 'connectionAttempt',
        'error:EALREADY', 'close:true']);
    });

    it('connect while connected connects again', async () => {
      const { server, client } = await pair(net);
      const log = eventLog(client, EVENTS);
      client.connect(server.address().port, LOCAL);
      await once(client, 'ready');
      assert.deepStrictEqual(log, ['connectionAttempt', 'connect', 'ready']);
      assert.strictEqual(client.readyState, 'open');
      assert.strictEqual(server._connections, 1);
    });

    it('connects again after close', async () => {
      const server = net.createServer((peer) => peer.end('text'));
      await listen(server);
      const client = track(new net.Socket());
      const log = eventLog(client, ['connect', 'data', 'end', 'close']);
      for (let i = 0; i < 3; i++) {
        client.connect(server.address().port, LOCAL);
        await once(client, 'close');
        assert.strictEqual(client.bytesRead, 4);
      }
      const round = ['connect', 'data', 'end', 'close:false'];
      assert.deepStrictEqual(log, [...round, ...round, ...round]);
    });

    it('connects after destroy and an error', async () => {
      const server = await listen(net.createServer());
      const client = track(new net.Socket());
      client.connect(await closedPort(net), LOCAL);
      const error = await failure(client);
      assert.strictEqual(error.code, 'ECONNREFUSED');
      await once(client, 'close');
      client.connect(server.address().port, LOCAL);
      await once(client, 'connect');
      assert.deepStrictEqual(
        [client.destroyed, client.readyState], [false, 'open']);
    });

    it('connect in the tick of destroy', async () => {
      const server = await listen(net.createServer());
      const client = track(new net.Socket());
      const log = eventLog(client, EVENTS);
      client.destroy();
      client.connect(server.address().port, LOCAL);
      await once(client, 'connect');
      assert.deepStrictEqual(log,
        ['close', 'connectionAttempt', 'connect', 'ready']);
    });
  });

  describe('options', () => {
    it('keepAlive and its delay reach the kernel', async () => {
      const { server, client } = await pair(net, {
        client: { keepAlive: true, keepAliveInitialDelay: 5000000 },
      });
      const { kind, when } =
        kernelTimer(client.localPort, server.address().port);
      assert.strictEqual(kind, KEEPALIVE);
      assert.ok(when > 400000 && when <= 500000, `${when}`);
    });

    it('setKeepAlive turns it on and off', async () => {
      const { server, client } = await pair(net);
      const look = () =>
        kernelTimer(client.localPort, server.address().port);
      assert.notStrictEqual(look().kind, KEEPALIVE);
      assert.strictEqual(client.setKeepAlive(true, 3000000), client);
      assert.strictEqual(look().kind, KEEPALIVE);
      assert.ok(look().when > 200000 && look().when <= 300000);
      client.setKeepAlive(false);
      assert.notStrictEqual(look().kind, KEEPALIVE);
    });

    it('setKeepAlive before connect', async () => {
      const server = await listen(net.createServer());
      const client = track(new net.Socket());
      client.setKeepAlive(true, 3000000);
      client.setNoDelay();
      client.connect(server.address().port, LOCAL);
      await once(client, 'connect');
      const { kind, when } =
        kernelTimer(client.localPort, server.address().port);
      assert.strictEqual(kind, KEEPALIVE);
      assert.ok(when > 200000 && when <= 300000);
    });

    it('keepAlive of accepted sockets', async () => {
      const { peer } = await pair(net, {
        server: { keepAlive: true, keepAliveInitialDelay: 4000000 },
      });
      const { kind, when } = kernelTimer(peer.localPort, peer.remotePort);
      assert.strictEqual(kind, KEEPALIVE);
      assert.ok(when > 300000 && when <= 400000);
    });

    it('setNoDelay and setKeepAlive skip repeated calls', async () => {
      const { client } = await pair(net);
      const calls = [];
      client._handle.setNoDelay = (on) => calls.push(['noDelay', on]);
      client._handle.setKeepAlive = (on, delay) => calls.push([on, delay]);
      assert.strictEqual(client.setNoDelay(), client);
      client.setNoDelay(true).setNoDelay(false).setNoDelay(0);
      client.setKeepAlive(true, 1000).setKeepAlive(true, 1500);
      client.setKeepAlive(true, 2000).setKeepAlive(false).setKeepAlive();
      assert.deepStrictEqual(calls, [['noDelay', true], ['noDelay', false],
        [true, 1], [true, 2], [false, 0]]);
    });

    it('timeout', async () => {
      const { client } = await pair(net, { client: { timeout: 20 } });
      assert.strictEqual(client.timeout, 20);
      await once(client, 'timeout');
    });

    it('signal destroys with AbortError', async () => {
      const controller = new AbortController();
      const { client } =
        await pair(net, { client: { signal: controller.signal } });
      const log = eventLog(client, EVENTS);
      controller.abort();
      await new Promise((resolve) => { client.once('close', resolve); });
      assert.deepStrictEqual(log, ['error:ABORT_ERR', 'close:true']);
    });

    it('an aborted signal: error and close, then it connects', async () => {
      const server = await listen(net.createServer());
      const client = track(net.connect({
        port: server.address().port, signal: AbortSignal.abort(),
      }));
      const log = eventLog(client, ['connect', 'ready', 'error', 'close']);
      await new Promise((resolve) => { client.once('ready', resolve); });
      assert.deepStrictEqual(log,
        ['error:ABORT_ERR', 'close', 'connect', 'ready']);
    });

    it('allowHalfOpen and highWaterMark', async () => {
      const { client } = await pair(net,
        { client: { allowHalfOpen: true, highWaterMark: 5 } });
      assert.deepStrictEqual(
        [client.allowHalfOpen, client.writableHighWaterMark], [true, 5]);
    });
  });

  describe('errors', () => {
    it('ECONNREFUSED', async () => {
      const port = await closedPort(net);
      const client = net.connect(port, LOCAL);
      const log = eventLog(client, EVENTS);
      assert.deepStrictEqual(fields(await failure(client)), {
        name: 'Error', code: 'ECONNREFUSED', errno: -111,
        syscall: 'connect', address: LOCAL, port,
        message: `connect ECONNREFUSED ${LOCAL}:${port}`,
      });
      await new Promise((resolve) => { client.once('close', resolve); });
      assert.deepStrictEqual(log,
        ['connectionAttempt', 'error:ECONNREFUSED', 'close:true']);
    });

    it('ENOENT', async () => {
      const file = tmpPath('missing');
      assert.deepStrictEqual(fields(await failure(net.connect(file))), {
        name: 'Error', code: 'ENOENT', errno: -2, syscall: 'connect',
        address: file, port: undefined, message: `connect ENOENT ${file}`,
      });
    });

    it('ECONNREFUSED on a file that is no socket', async () => {
      const file = tmpPath('plain');
      fs.writeFileSync(file, '');
      const error = await failure(net.connect(file));
      assert.deepStrictEqual([error.code, error.message],
        ['ECONNREFUSED', `connect ECONNREFUSED ${file}`]);
    });

    it('ENOTFOUND', async () => {
      const error = await failure(net.connect({ port: 1, host: '***' }));
      assert.deepStrictEqual([error.code, error.syscall, error.hostname],
        ['ENOTFOUND', 'getaddrinfo', '***']);
    });

    it('a local address that is not ours', async () => {
      const error = await failure(net.connect(
        { port: 9, host: LOCAL, localAddress: '192.0.2.1' }));
      assert.deepStrictEqual([error.code, error.syscall, error.address],
        ['EADDRNOTAVAIL', 'bind', '192.0.2.1']);
    });

    it('a local port in use', async () => {
      const server = await listen(net.createServer());
      const { port } = server.address();
      const error = await failure(net.connect(
        { port, host: LOCAL, localAddress: LOCAL, localPort: port }));
      assert.deepStrictEqual([error.code, error.syscall],
        ['EADDRINUSE', 'bind']);
    });

    it('a failing connect does not keep the old handle', async () => {
      const client = net.connect(await closedPort(net), LOCAL);
      await failure(client);
      await new Promise((resolve) => { client.once('close', resolve); });
      assert.deepStrictEqual(
        [client._handle, client.connecting, client.destroyed],
        [null, false, true]);
    });
  });
});
