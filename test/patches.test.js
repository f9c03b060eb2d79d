'use strict';

// What programs change in net and in the streams below it, and what reaches
// them: prototypes, the methods of handles, and what they are called with.

const assert = require('node:assert');
const { eventually, forEachNet, inChild, pair, pairUnix } = require('./helper');
const { forEachReplaced } = require('./replaced');

// Wraps methods of a handle, or of a prototype, and notes each call. Children get
// its text.
function wrap(object, names, note) {
  for (const name of names) {
    const own = object[name];
    if (typeof own !== 'function') continue;
    object[name] = function(...args) {
      note(name, args, this);
      return own.apply(this, args);
    };
  }
}

function shape(value) {
  if (typeof value === 'function') return 'function';
  if (value === null || typeof value !== 'object') {
    return typeof value === 'number' && value > 1024 ? 'port' : value;
  }
  if (value instanceof Uint8Array) return `bytes ${value.length}`;
  if (Array.isArray(value)) return value.map(shape);
  return 'oncomplete' in value ? value.constructor.name : 'object';
}

const HANDLE_METHODS = [
  'connect', 'connect6', 'bind', 'bind6', 'shutdown', 'readStart', 'readStop',
  'writeUtf8String', 'writeLatin1String', 'writeAsciiString', 'writeUcs2String',
  'writeBuffer', 'writev', 'close', 'getsockname', 'getpeername', 'ref', 'unref',
  'setNoDelay', 'setKeepAlive', 'setTypeOfService', 'getTypeOfService',
];

// A conversation with the handle's methods wrapped; what they were called with.
async function calls(net, target, options) {
  const log = [];
  // When it is called depends on how much the kernel takes.
  let written = 0;
  const onWritten = () => { written++; };
  const socket = new net.Socket(options);
  socket.once('connectionAttempt', () => {
    wrap(socket._handle, HANDLE_METHODS, (name, args) =>
      log.push([name, ...args.map(shape)]));
  });
  socket.connect(target);
  await new Promise((resolve) => { socket.on('connect', resolve); });
  socket.setNoDelay(true).setKeepAlive(true, 5000).unref().ref();
  socket.address();
  const { remoteFamily } = socket;
  log.push(remoteFamily);
  socket.write('one');
  socket.write('two', 'latin1');
  socket.write('six', 'ascii');
  socket.write(Buffer.from('three'));
  socket.write('ff', 'hex');
  socket.write('four', 'ucs2', onWritten);
  socket.cork();
  socket.write('a');
  socket.write('b', 'latin1');
  socket.write(Buffer.from('c'));
  socket.uncork();
  socket.pause();
  socket.resume();
  socket.write(Buffer.alloc(4 << 20), onWritten);
  socket.end('end');
  let received = 0;
  socket.on('data', (chunk) => { received += chunk.length; });
  await new Promise((resolve) => { socket.on('close', resolve); });
  return { log, received, written };
}

// How a library mocks a connection: it keeps the request, and completes it when
// it likes.
async function mocked(net, status, answer) {
  const events = [];
  const socket = new net.Socket();
  let kept;
  socket.prependOnceListener('connectionAttempt', () => {
    const handle = socket._handle;
    function connect(request, ...target) {
      kept = { request, target };
      return answer;
    }
    function nameOf(out) {
      Object.assign(out, { address: '192.0.2.1', port: 80, family: 'IPv4' });
      return 0;
    }
    Object.assign(handle, {
      connect,
      connect6: connect,
      getpeername: nameOf,
      getsockname: nameOf,
      readStart: () => 0,
      readStop: () => 0,
      shutdown: () => 1,
    });
  });
  for (const name of ['connect', 'ready', 'finish', 'error', 'close']) {
    socket.on(name, (value) => events.push([name, value?.code ?? value]));
  }
  socket._writeGeneric = (isVector, data, encoding, callback) => {
    events.push(['write', isVector, String(data), encoding]);
    callback();
  };
  socket.connect({ port: 80, host: '192.0.2.1' });
  await new Promise((resolve) => { setTimeout(resolve, 5); });
  const { request, target } = kept;
  events.push([target, request.address, request.port,
    typeof request.oncomplete]);
  if (!answer) {
    request.oncomplete(status, socket._handle, request, true, true);
    if (status === 0) {
      events.push([socket.remoteAddress, socket.localAddress,
        socket.connecting]);
      socket.write('hello');
      socket.end();
    }
  }
  await new Promise((resolve) => { setTimeout(resolve, 5); });
  if (!events.some(([event]) => event === 'close')) {
    const closed = new Promise((resolve) => { socket.on('close', resolve); });
    socket.destroy();
    await closed;
  }
  return events;
}

const PROTOTYPE_METHODS = [
  'connect', 'write', 'end', 'destroy', 'setTimeout', 'setNoDelay',
  'setKeepAlive', 'pause', 'resume', '_write', '_final', '_destroy', 'ref',
  'unref', 'read', 'address', '_unrefTimer', 'destroySoon', 'pipe', 'unpipe',
];

describe('patches', () => {
  forEachNet((net, name) => {
    describe('methods of a handle', () => {
      const oracle = require('node:net');

      it('are called as on core: TCP', async () => {
        const { server } = await pair(net);
        server.on('connection', (peer) => peer.pipe(peer));
        const { port } = server.address();
        const target = { port, host: '127.0.0.1' };
        assert.deepStrictEqual(await calls(net, target),
          await calls(oracle, target));
      });

      it('are called as on core: Unix', async () => {
        const { server } = await pairUnix(net);
        server.on('connection', (peer) => peer.pipe(peer));
        const target = { path: server.address() };
        assert.deepStrictEqual(await calls(net, target),
          await calls(oracle, target));
      });

      for (const [title, ...args] of [
        ['nothing', 0, undefined], ['0', 0, 0], ['null', 0, null],
        ['an error', 0, -111], ['nothing, and fail later', -111, undefined],
      ]) {
        it(`a connect() that gives ${title}`, async () => {
          assert.deepStrictEqual(await mocked(net, ...args),
            await mocked(oracle, ...args));
        });
      }

      it('take core\'s requests', async () => {
        const { client, peer } = await pair(net, { server: { allowHalfOpen: true } });
        const handle = client._handle;
        // Core's own take nothing but their own classes.
        if (name === 'core') return;
        const done = [];
        const ask = (call) => new Promise((resolve) => {
          const request = { oncomplete(status, by, error) {
            done.push([status, by === handle, error]);
            resolve();
          } };
          assert.strictEqual(call(request), 0);
          if (request.async === false) resolve();
        });
        await ask((request) => handle.writeUtf8String(request, 'ä'));
        await ask((request) => handle.writeLatin1String(request, 'ä'));
        await ask((request) => handle.writeAsciiString(request, 'a'));
        await ask((request) => handle.writeUcs2String(request, 'a'));
        await ask((request) => handle.writeBuffer(request, Buffer.from('b')));
        await ask((request) =>
          handle.writev(request, ['c', 'utf8', Buffer.from('d'), 'buffer'], false));
        await ask((request) => handle.writev(request, [Buffer.from('e')], true));
        let text = '';
        peer.setEncoding('latin1').on('data', (chunk) => { text += chunk; });
        const ended = new Promise((resolve) => { peer.on('end', resolve); });
        await ask((request) => handle.shutdown(request));
        await ended;
        assert.strictEqual(text, 'Ã¤äaa\0bcde');
        assert.deepStrictEqual(done.at(-1), [0, true, undefined]);
      });

      it('a shutdown() that gives nothing is an error', async () => {
        const { client } = await pair(net);
        client._handle.shutdown = () => {};
        const failed = new Promise((resolve) => { client.on('error', resolve); });
        client.end();
        assert.strictEqual((await failed).code, 'ERR_INVALID_ARG_TYPE');
      });

      it('a handle for two sockets is closed for both', async () => {
        const { client, server } = await pair(net);
        const other = new net.Socket();
        const events = [];
        other._handle = client._handle;
        other.on('close', () => events.push('other'));
        client.on('close', () => events.push('client'));
        client.on('end', () => events.push('end'));
        other.destroy();
        await new Promise((resolve) => { setTimeout(resolve, 20); });
        assert.deepStrictEqual(events, ['other']);
        server.close();
      });
    });

    // Who owns a handle is what the handle says.
    describe('a socket whose _handle is changed', () => {
      const fake = () => ({ readStart: () => 0, readStop: () => 0,
        close(done) { setImmediate(done); } });

      async function received(socket, peer, count) {
        const got = [];
        socket.on('data', (chunk) => got.push(String(chunk)));
        for (let i = 0; i < count; i++) {
          peer.write(`${i}`);
          await eventually(() => got.length > i);
        }
        return got.join();
      }

      for (const [title, make] of [['null', () => null], ['a fake', fake]]) {
        it(`reads on: ${title}, while data waits`, async () => {
          const { client, peer } = await pair(net);
          const handle = client._handle;
          peer.write('early');
          client._handle = make();
          assert.match(await received(client, peer, 2), /^early,?0,1$/);
          handle.close();
        });

        it(`reads on: ${title}, in a listener`, async () => {
          const { client, peer } = await pair(net);
          const handle = client._handle;
          client.once('data', () => { client._handle = make(); });
          assert.strictEqual(await received(client, peer, 3), '0,1,2');
          handle.close();
        });
      }

      it('swapped with another one\'s, reads and writes', async () => {
        const a = await pair(net);
        const b = await pair(net);
        const { _handle: handle } = a.client;
        a.client._handle = b.client._handle;
        b.client._handle = handle;
        assert.strictEqual(await received(a.client, a.peer, 2), '0,1');
        assert.strictEqual(await received(b.client, b.peer, 2), '0,1');
        assert.strictEqual(await received(b.peer, a.client, 2), '0,1');
        assert.strictEqual(await received(a.peer, b.client, 2), '0,1');
      });

      for (const value of [() => {}, 5, 'text', true]) {
        it(`to a ${typeof value} is core's`, async () => {
          const socket = new net.Socket();
          socket._handle = value;
          const failed = new Promise((resolve) => {
            socket.on('error', resolve);
          });
          assert.strictEqual(socket.bytesWritten, undefined);
          assert.throws(() => socket.resetAndDestroy(),
            { code: 'ERR_INVALID_HANDLE_TYPE' });
          socket.destroy();
          assert.match((await failed).message, /close is not a function/);
        });
      }
    });

    it('of the streams\' methods are seen', async () => {
      const counts = await inChild(name, `async (net, helper) => {
        ${wrap}
        const { Duplex, Readable } = require('node:stream');
        const counts = {};
        const note = (method, args, self) => {
          if (!(self instanceof net.Socket)) return;
          counts[method] = (counts[method] ?? 0) + 1;
        };
        // read() and on() are called as often as the implementation likes.
        wrap(Duplex.prototype, ['write', 'end', 'cork', 'uncork'], note);
        wrap(Readable.prototype, ['push', 'pipe', 'unpipe', 'resume', 'pause',
          'setEncoding', 'unshift', 'destroy'], note);
        const { client, peer, server } = await helper.pair(net);
        peer.on('data', (chunk) => { peer.write('a'); peer.write(chunk); });
        peer.on('end', () => peer.end('z'));
        client.on('data', () => {});
        for (const text of ['one', 'two']) {
          client.write(text);
          await helper.once(client, 'data');
        }
        client.end('three');
        await helper.once(client, 'close');
        server.close();
        return [counts.write, counts.end, Object.keys(counts).sort()];
      }`);
      assert.deepStrictEqual(counts.slice(0, 2), [8, 2]);
      assert.ok(counts[2].includes('push'));
    });

    it('a write within a write', async () => {
      // A tool logs each write over another socket.
      const counts = await inChild(name, async (net, helper) => {
        const { Duplex } = require('node:stream');
        const { write } = Duplex.prototype;
        let log = null;
        Duplex.prototype.write = function(...args) {
          if (log !== null && this !== log) log.write('a line\n');
          return write.apply(this, args);
        };
        const { client, peer, server } = await helper.pair(net);
        const { client: other, peer: sink } = await helper.pair(net);
        sink.resume();
        peer.pause();
        log = other;
        let sent = 0;
        const chunk = Buffer.alloc(10000);
        do sent += chunk.length; while (client.write(chunk));
        client.end();
        let received = 0;
        peer.on('data', (bytes) => { received += bytes.length; });
        peer.resume();
        await helper.once(peer, 'end');
        server.close();
        return received - sent;
      });
      assert.strictEqual(counts, 0);
    });
  });

  forEachReplaced((run) => {
    it('of net.Socket.prototype reach TLS and stdio', async () => {
      const seen = await run(`async (net, helper) => {
        ${wrap}
        const tls = require('node:tls');
        const { spawn } = require('node:child_process');
        const psk = require(helper.ROOT + '/test/psk.js');
        let seen = new Set();
        wrap(net.Socket.prototype, ${JSON.stringify(PROTOTYPE_METHODS)},
          (method, args, self) => seen.add(
            (self instanceof tls.TLSSocket ? 'tls ' : 'net ') + method));
        net.Socket.prototype.addedByUser = 'yes';
        const take = (kind) => {
          const taken = [...seen].filter((name) => name.startsWith(kind)).sort();
          seen = new Set();
          return taken;
        };
        const server = await helper.listen(tls.createServer(psk.server, (peer) => {
          peer.on('data', (chunk) => peer.write(chunk));
          peer.on('end', () => peer.end());
        }));
        const { port } = server.address();
        seen.clear();
        const results = [];
        const socket = tls.connect({ ...psk.client, port, host: '127.0.0.1' });
        results.push(socket.addedByUser);
        await helper.once(socket, 'secureConnect');
        socket.setTimeout(1000).setNoDelay().setKeepAlive(true).unref().ref();
        socket.address();
        socket.write('x');
        await helper.once(socket, 'data');
        socket.resume().end();
        await helper.once(socket, 'close');
        results.push(take('tls'));
        const raw = net.connect(port, '127.0.0.1');
        const over = tls.connect({ ...psk.client, socket: raw });
        await helper.once(over, 'secureConnect');
        seen.clear();
        over.resume().end('y');
        await helper.once(over, 'close');
        results.push(take('tls'));
        const child = spawn('cat');
        seen.clear();
        child.stdin.write('z');
        await helper.once(child.stdout, 'data');
        child.stdin.end();
        await helper.once(child, 'close');
        results.push(take('net'), child.stdin instanceof net.Socket,
          Object.getPrototypeOf(child.stdout) === net.Socket.prototype);
        return results;
      }`);
      assert.deepStrictEqual(seen[0], 'yes');
      for (const method of ['connect', 'write', 'end', '_write', 'read',
        'setTimeout', '_destroy']) {
        assert.ok(seen[1].includes(`tls ${method}`), method);
      }
      for (const method of ['end', '_write', 'read', '_final', '_destroy']) {
        assert.ok(seen[2].includes(`tls ${method}`), method);
      }
      for (const method of ['write', 'end', '_write', 'destroy', 'read']) {
        assert.ok(seen[3].includes(`net ${method}`), method);
      }
      assert.deepStrictEqual(seen.slice(4), [true, true]);
    });

    it('of a subclass reach a socket that TLS took', async () => {
      const result = await run(`async (net, helper) => {
        const tls = require('node:tls');
        const psk = require(helper.ROOT + '/test/psk.js');
        const called = new Set();
        class Mine extends net.Socket {
          _final(callback) { called.add('_final'); super._final(callback); }
          _write(...args) { called.add('_write'); super._write(...args); }
          _read(size) { called.add('_read'); super._read(size); }
          end(...args) { called.add('end'); return super.end(...args); }
          destroy(error) { called.add('destroy'); return super.destroy(error); }
        }
        const server = await helper.listen(tls.createServer(psk.server,
          (peer) => peer.pipe(peer)));
        const mine = new Mine();
        mine.connect(server.address().port, '127.0.0.1');
        await helper.once(mine, 'connect');
        const socket = tls.connect({ ...psk.client, socket: mine });
        socket.end('hello');
        const text = String(await helper.collect(socket));
        return [text, called.has('destroy')];
      }`);
      assert.deepStrictEqual(result, ['hello', true]);
    });
  });
});
