'use strict';

const assert = require('node:assert');
const { EventEmitter } = require('node:events');
const { Duplex } = require('node:stream');
const coreNet = require('node:net');
const util = require('node:util');
const { forEachNet, listen, once, pair, pairUnix, tmpPath } =
  require('./helper');

// [export, function name, length]
const FUNCTIONS = [
  ['_createServerHandle', 'createServerHandle', 5],
  ['_normalizeArgs', 'normalizeArgs', 1],
  ['BlockList', 'BlockList', 0],
  ['SocketAddress', 'SocketAddress', 0],
  ['connect', 'connect', 0],
  ['createConnection', 'connect', 0],
  ['createServer', 'createServer', 2],
  ['isIP', 'isIP', 1],
  ['isIPv4', 'isIPv4', 1],
  ['isIPv6', 'isIPv6', 1],
  ['Server', 'Server', 2],
  ['Socket', 'Socket', 1],
  ['Stream', 'Socket', 1],
  ['getDefaultAutoSelectFamily', 'getDefaultAutoSelectFamily', 0],
  ['setDefaultAutoSelectFamily', 'setDefaultAutoSelectFamily', 1],
  ['getDefaultAutoSelectFamilyAttemptTimeout',
    'getDefaultAutoSelectFamilyAttemptTimeout', 0],
  ['setDefaultAutoSelectFamilyAttemptTimeout',
    'setDefaultAutoSelectFamilyAttemptTimeout', 1],
];

// Node 24 has no longer what did nothing before.
if ('_setSimultaneousAccepts' in coreNet) {
  FUNCTIONS.push(['_setSimultaneousAccepts', '_setSimultaneousAccepts', 0]);
}

// [method, length]
const SOCKET_METHODS = [
  ['_unrefTimer', 0], ['_final', 1], ['setTimeout', 2], ['_onTimeout', 0],
  ['setKeepAlive', coreNet.Socket.prototype.setKeepAlive.length],
  ['setNoDelay', 1], ['address', 0], ['_read', 1],
  ['end', 3], ['resetAndDestroy', 0], ['pause', 0], ['resume', 0],
  ['read', 1], ['destroySoon', 0], ['_destroy', 2], ['_reset', 0],
  ['_getpeername', 0], ['_getsockname', 0], ['_writeGeneric', 4],
  ['_writev', 2], ['_write', 3], ['connect', 0], ['ref', 0], ['unref', 0],
];

const SOCKET_GETTERS = [
  '_connecting', 'pending', 'readyState', 'bufferSize', 'bytesRead',
  'remoteAddress', 'remoteFamily', 'remotePort', 'localAddress', 'localPort',
  'localFamily', '_bytesDispatched', 'bytesWritten',
];

const SERVER_METHODS = [
  ['_listen2', 6], ['listen', 0], ['address', 0], ['getConnections', 1],
  ['close', 1], ['_emitCloseIfDrained', 0], ['_setupWorker', 1],
  ['ref', 0], ['unref', 0],
];

const NEW_SOCKET = {
  connecting: false, _hadError: false, _parent: null, _host: null,
  allowHalfOpen: false, _sockname: null, _pendingData: null,
  _pendingEncoding: '', server: null, _server: null,
};

const NEW_SERVER = {
  _connections: 0, _handle: null, _usingWorkers: false, _workers: [],
  _unref: false, allowHalfOpen: false, pauseOnConnect: false,
  noDelay: false, keepAlive: false, keepAliveInitialDelay: 0,
};

// What the getters of a socket without a handle answer.
const IDLE = {
  _handle: null, _connecting: false, pending: true, readyState: 'open',
  bufferSize: undefined, bytesRead: 0, bytesWritten: 0,
  remoteAddress: undefined, remoteFamily: undefined, remotePort: undefined,
  localAddress: undefined, localPort: undefined, localFamily: undefined,
  timeout: undefined, destroyed: false, readable: true, writable: true,
  closed: false, errored: null, readableFlowing: null, writableLength: 0,
};

function own(object, expected) {
  const keys = Object.keys(expected);
  for (const key of keys) {
    assert.ok(Object.hasOwn(object, key), `${key} is not an own property`);
  }
  return Object.fromEntries(keys.map((key) => [key, object[key]]));
}

function values(object, expected) {
  return Object.fromEntries(
    Object.keys(expected).map((key) => [key, object[key]]));
}

forEachNet((net) => {
  describe('exports', () => {
    it('are those of node:net', () => {
      assert.deepStrictEqual(Object.keys(net).sort(),
        Object.keys(require('node:net')).sort());
    });

    for (const [key, name, length] of FUNCTIONS) {
      it(`${key} is ${name}(${length})`, () => {
        const { name: gotName, length: gotLength } = net[key];
        assert.deepStrictEqual([gotName, gotLength], [name, length]);
      });
    }

    it('Stream is Socket, createConnection is connect', () => {
      assert.strictEqual(net.Stream, net.Socket);
      assert.strictEqual(net.createConnection, net.connect);
    });
  });

  describe('prototypes', () => {
    for (const [name, length] of SOCKET_METHODS) {
      it(`Socket.prototype.${name}(${length})`, () => {
        assert.ok(Object.hasOwn(net.Socket.prototype, name));
        assert.strictEqual(net.Socket.prototype[name].length, length);
      });
    }

    for (const name of SOCKET_GETTERS) {
      it(`Socket.prototype.${name} is a getter`, () => {
        const found =
          Object.getOwnPropertyDescriptor(net.Socket.prototype, name);
        assert.strictEqual(typeof found.get, 'function');
        assert.strictEqual(found.set, undefined);
      });
    }

    for (const [name, length] of SERVER_METHODS) {
      it(`Server.prototype.${name}(${length})`, () => {
        assert.ok(Object.hasOwn(net.Server.prototype, name));
        assert.strictEqual(net.Server.prototype[name].length, length);
      });
    }

    it('methods can be replaced, and on is addListener', () => {
      const socket = new net.Socket();
      socket.setTimeout = () => 'mine';
      assert.strictEqual(socket.setTimeout(), 'mine');
      assert.strictEqual(net.Socket.prototype.on,
        net.Socket.prototype.addListener);
    });

    it('Server has asyncDispose', () => {
      const method = net.Server.prototype[Symbol.asyncDispose];
      assert.strictEqual(typeof method, 'function');
    });
  });

  describe('construction', () => {
    it('works without new', () => {
      assert.ok(net.Socket() instanceof net.Socket);
      assert.ok(net.Server() instanceof net.Server);
      assert.ok(net.Socket({ allowHalfOpen: true }).allowHalfOpen);
    });

    it('Socket is a Duplex, Server an EventEmitter', () => {
      assert.ok(new net.Socket() instanceof Duplex);
      assert.ok(new net.Server() instanceof EventEmitter);
      assert.ok(!(new net.Server() instanceof Duplex));
    });

    it('createServer takes (options, listener), (listener), ()', () => {
      const listener = () => {};
      for (const args of [[{}, listener], [listener], [null, listener]]) {
        const server = net.createServer(...args);
        assert.deepStrictEqual(server.listeners('connection'), [listener]);
      }
      assert.deepStrictEqual(net.createServer().listeners('connection'), []);
      assert.deepStrictEqual(
        new net.Server(listener).listeners('connection'), [listener]);
    });

    it('new Socket has the own properties of core', () => {
      assert.deepStrictEqual(own(new net.Socket(), NEW_SOCKET), NEW_SOCKET);
    });

    it('new Server has the own properties of core', () => {
      assert.deepStrictEqual(own(new net.Server(), NEW_SERVER), NEW_SERVER);
    });

    it('server options become properties', () => {
      const options = {
        allowHalfOpen: true, pauseOnConnect: true, noDelay: true,
        keepAlive: true, keepAliveInitialDelay: 7000, highWaterMark: 4321,
      };
      const expected = { ...options, keepAliveInitialDelay: 7 };
      assert.deepStrictEqual(
        values(new net.Server(options), expected), expected);
    });

    it('Socket takes a number as fd, leaves options alone', () => {
      assert.throws(() => new net.Socket(-1), { code: 'ERR_OUT_OF_RANGE' });
      const options = Object.freeze({ allowHalfOpen: true });
      assert.strictEqual(new net.Socket(options).allowHalfOpen, true);
    });

    it('passes highWaterMark to both sides', () => {
      const socket = new net.Socket({ highWaterMark: 99 });
      assert.deepStrictEqual(
        [socket.readableHighWaterMark, socket.writableHighWaterMark],
        [99, 99]);
    });
  });

  describe('inheritance', () => {
    async function exchange(Server, Socket) {
      const server = new Server((peer) => peer.end('hello'));
      await listen(server);
      const client = new Socket();
      client.connect(server.address().port, '127.0.0.1');
      client.setEncoding('utf8');
      const [text] = await once(client, 'data');
      await once(client, 'close');
      return text;
    }

    it('class extends', async () => {
      class Server extends net.Server {}
      class Socket extends net.Socket {
        emit(...args) {
          this.seen = (this.seen || []).concat(args[0]);
          return super.emit(...args);
        }
      }
      assert.strictEqual(await exchange(Server, Socket), 'hello');
    });

    it('util.inherits with constructor.call(this)', async () => {
      function Server(listener) {
        net.Server.call(this, listener);
      }
      function Socket(options) {
        net.Socket.call(this, options);
        this.mine = true;
      }
      util.inherits(Server, net.Server);
      util.inherits(Socket, net.Socket);
      assert.strictEqual(await exchange(Server, Socket), 'hello');
      assert.ok(new Socket() instanceof net.Socket);
      assert.strictEqual(new Socket().constructor, Socket);
    });

    it('overridden emit, push and _write are used', async () => {
      const calls = new Set();
      class Spy extends net.Socket {
        emit(name, ...args) {
          calls.add(`emit ${name}`);
          return super.emit(name, ...args);
        }

        push(...args) {
          calls.add('push');
          return super.push(...args);
        }

        _write(...args) {
          calls.add('_write');
          return super._write(...args);
        }
      }
      const server = await listen(net.createServer((peer) => {
        peer.pipe(peer);
      }));
      const spy = new Spy();
      spy.connect(server.address().port, '127.0.0.1');
      await once(spy, 'connect');
      spy.write('x');
      await once(spy, 'data');
      spy.end();
      await once(spy, 'close');
      for (const call of ['emit data', 'emit end', 'emit close', 'push',
        '_write']) {
        assert.ok(calls.has(call), `${call} missing`);
      }
    });
  });

  describe('getters', () => {
    it('before connect', () => {
      assert.deepStrictEqual(values(new net.Socket(), IDLE), IDLE);
      assert.deepStrictEqual(new net.Socket().address(), {});
    });

    it('after destroy of an unused socket', () => {
      const socket = new net.Socket();
      socket.destroy();
      assert.deepStrictEqual(
        [socket.pending, socket.readyState, socket.destroyed],
        [true, 'closed', true]);
    });

    it('while connected (TCP)', async () => {
      const { server, client, peer } = await pair(net);
      const { port } = server.address();
      assert.deepStrictEqual(client.address(), {
        address: '127.0.0.1', family: 'IPv4', port: client.localPort,
      });
      assert.deepStrictEqual(
        [client.remoteAddress, client.remoteFamily, client.remotePort],
        ['127.0.0.1', 'IPv4', port]);
      assert.deepStrictEqual(
        [peer.localAddress, peer.localFamily, peer.localPort],
        ['127.0.0.1', 'IPv4', port]);
      assert.strictEqual(peer.remotePort, client.localPort);
      assert.deepStrictEqual(
        [client.pending, client.readyState, client.bufferSize],
        [false, 'open', 0]);
      assert.strictEqual(typeof client._handle.fd, 'number');
      assert.ok(client._handle.fd > 2);
      assert.strictEqual(peer.server, server);
      assert.strictEqual(client.server, null);
    });

    it('while connected (Unix)', async () => {
      const { client, peer } = await pairUnix(net);
      for (const socket of [client, peer]) {
        assert.deepStrictEqual([
          socket.address(), socket.remoteAddress, socket.remoteFamily,
          socket.remotePort, socket.localAddress, socket.localPort,
        ], [{}, undefined, undefined, undefined, undefined, undefined]);
      }
    });

    it('after close keep the byte counts, no unread addresses', async () => {
      const { client, peer } = await pair(net);
      client.end('12345');
      peer.resume();
      await Promise.all([once(client, 'close'), once(peer, 'close')]);
      assert.deepStrictEqual([client.bytesWritten, peer.bytesRead], [5, 5]);
      assert.deepStrictEqual(
        [client.pending, client.readyState, client._handle],
        [true, 'closed', null]);
      assert.deepStrictEqual(
        [client.remoteAddress, client.remotePort, client.address()],
        [undefined, undefined, {}]);
    });

    it('remote address seen once is remembered after close', async () => {
      const { client, peer } = await pair(net);
      assert.strictEqual(peer.remoteAddress, '127.0.0.1');
      client.destroy();
      peer.resume();
      await once(peer, 'close');
      assert.strictEqual(peer.remoteAddress, '127.0.0.1');
    });
  });

  describe('_normalizeArgs', () => {
    const cb = () => {};
    const cases = [
      [[], {}, null],
      [[80], { port: 80 }, null],
      [[80, 'host'], { port: 80, host: 'host' }, null],
      [[80, 'host', cb], { port: 80, host: 'host' }, cb],
      [[80, cb], { port: 80 }, cb],
      [['80'], { port: '80' }, null],
      [['/a/b'], { path: '/a/b' }, null],
      [[{ path: 'x' }, cb], { path: 'x' }, cb],
      [[null], { port: null }, null],
      [[80, null, 5, cb], { port: 80 }, cb],
    ];
    for (const [index, [args, options, callback]] of cases.entries()) {
      it(`case ${index}`, () => {
        const got = net._normalizeArgs(args);
        assert.ok(Array.isArray(got));
        assert.deepStrictEqual([...got], [options, callback]);
        const symbols = Object.getOwnPropertySymbols(got);
        assert.deepStrictEqual(symbols.map((s) => got[s]), [true]);
      });
    }
  });

  describe('_createServerHandle', () => {
    it('gives a bound handle', () => {
      const handle = net._createServerHandle('127.0.0.1', 0, 4);
      assert.strictEqual(typeof handle, 'object');
      assert.ok(handle.fd > 2);
      handle.close();
    });

    it('gives an error number for an address it cannot bind', () => {
      const { EADDRNOTAVAIL, EINVAL } = require('node:os').constants.errno;
      assert.strictEqual(
        net._createServerHandle('192.0.2.1', 0, 4), -EADDRNOTAVAIL);
      assert.strictEqual(net._createServerHandle('junk', 0, 4), -EINVAL);
    });

    it('gives a pipe for (path, -1, -1)', () => {
      const file = tmpPath();
      const handle = net._createServerHandle(file, -1, -1);
      assert.strictEqual(typeof handle, 'object');
      assert.ok(require('node:fs').statSync(file).isSocket());
      handle.close();
    });

    it('_setSimultaneousAccepts returns undefined', () => {
      assert.strictEqual(net._setSimultaneousAccepts?.(), undefined);
    });
  });
});
