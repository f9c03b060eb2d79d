'use strict';

const assert = require('node:assert');
const { MAJOR, closed, closedPort, eventLog, eventually, forEachNet,
  forEachTransport, once, pair, pairUnix, track, turn } = require('./helper');

const EVENTS = ['ready', 'connect', 'end', 'finish', 'error', 'close'];

// Up to Node 20 the write in flight is cut short without an error.
const DESTROYED_WRITES = MAJOR > 20 ?
  ['first:ECANCELED', 'second:ECANCELED', 'third:ECANCELED', 'close:false'] :
  ['first:ok', 'second:ERR_STREAM_DESTROYED', 'third:ERR_STREAM_DESTROYED',
    'close:false'];
const DESTROYED_IN_CONNECT = ['connect', 'ready', 'close:false'];
const EARLY_DESTROYED = ['close:false',
  'a:ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
  'b:ERR_SOCKET_CLOSED_BEFORE_CONNECTION'];
const NEVER_CONNECTED_WRITE =
  ['write:ERR_SOCKET_CLOSED', 'error:ERR_SOCKET_CLOSED', 'close'];
const NEVER_CONNECTED_END = MAJOR > 20 ? ['end callback:ok', 'finish'] : [];
const FAILED_CONNECT = ['error:ECONNREFUSED', 'close:true',
  'a:ERR_SOCKET_CLOSED_BEFORE_CONNECTION', 'b:ECONNREFUSED'];

function code(error) {
  return error ? error.code || error.message : 'ok';
}

/** Logs the result of a write or end callback. */
function logged(log, text) {
  return (error) => log.push(`${text}:${code(error)}`);
}

/** A reset by the peer: unread bytes make the kernel answer RST. */
async function resetBy(peer) {
  peer.resetAndDestroy();
  await closed(peer);
}

forEachNet((net) => {
  const target = (server) => (typeof server.address() === 'string' ?
    { path: server.address() } :
    { port: server.address().port, host: '127.0.0.1' });

  forEachTransport((open) => {
    describe('normal end', () => {
      it('of both sides', async () => {
        const { client, peer } = await open(net);
        const log = eventLog(client, EVENTS);
        const peerLog = eventLog(peer, EVENTS);
        client.resume();
        peer.resume();
        client.end('bye', logged(log, 'end callback'));
        await closed(client, peer);
        assert.deepStrictEqual(log,
          ['end callback:ok', 'finish', 'end', 'close:false']);
        assert.deepStrictEqual(peerLog, ['end', 'finish', 'close:false']);
      });

      it('of the client that does not read', async () => {
        const { client, peer } = await open(net);
        const log = eventLog(client, EVENTS);
        peer.end();
        peer.resume();
        await closed(peer, client);
        assert.deepStrictEqual(log, ['end', 'finish', 'close:false']);
      });

      it('end(data) with allowHalfOpen on both', async () => {
        const half = { allowHalfOpen: true };
        const { client, peer } =
          await open(net, { server: half, client: half });
        const log = eventLog(client, EVENTS);
        const peerLog = eventLog(peer, EVENTS);
        client.resume();
        peer.resume();
        client.end('x');
        await once(peer, 'end');
        await turn();
        assert.deepStrictEqual(
          [peer.readyState, peer.writable, peer.destroyed],
          ['writeOnly', true, false]);
        assert.strictEqual(client.readyState, 'readOnly');
        peer.end('y');
        await closed(client, peer);
        assert.deepStrictEqual(log, ['finish', 'end', 'close:false']);
        assert.deepStrictEqual(peerLog, ['end', 'finish', 'close:false']);
      });

      it('end() keeps the read side', async () => {
        const { client, peer } =
          await open(net, { server: { allowHalfOpen: true } });
        client.end();
        await once(client, 'finish');
        peer.write('after fin');
        const [data] = await once(client, 'data');
        assert.strictEqual(String(data), 'after fin');
      });

      it('write after end', async () => {
        const { client, peer } = await open(net);
        const log = eventLog(client, EVENTS);
        peer.resume();
        client.end();
        assert.strictEqual(
          client.write('x', logged(log, 'write callback')), false);
        await closed(client);
        assert.deepStrictEqual(log, [
          'write callback:ERR_STREAM_WRITE_AFTER_END',
          'error:ERR_STREAM_WRITE_AFTER_END', 'close:true']);
      });

      it('end twice', async () => {
        const { client, peer } = await open(net);
        const log = eventLog(client, EVENTS);
        peer.resume();
        client.resume();
        client.end(logged(log, 'first'));
        client.end(logged(log, 'second'));
        await closed(client);
        assert.deepStrictEqual(log,
          ['first:ok', 'second:ok', 'finish', 'end', 'close:false']);
      });

      it('write after the peer has ended: EPIPE', async () => {
        const { client, peer } = await open(net);
        const log = eventLog(client, EVENTS);
        client.resume();
        peer.end();
        await once(client, 'end');
        client.write('late', logged(log, 'write'));
        await closed(client);
        assert.deepStrictEqual(log,
          ['end', 'write:EPIPE', 'error:EPIPE', 'close:true']);
      });

      it('write after the peer has ended: message', async () => {
        const { client, peer } = await open(net);
        client.resume();
        peer.end();
        await once(client, 'end');
        client.write('late');
        const [error] = await new Promise((resolve) => {
          client.once('error', (...args) => resolve(args));
        });
        assert.strictEqual(error.message,
          'This socket has been ended by the other party');
      });
    });

    describe('destroy', () => {
      it('emits close only', async () => {
        const { client } = await open(net);
        const log = eventLog(client, EVENTS);
        assert.strictEqual(client.destroy(), client);
        assert.strictEqual(client.destroyed, true);
        log.push('sync');
        await closed(client);
        assert.deepStrictEqual(log, ['sync', 'close:false']);
      });

      it('with an error', async () => {
        const { client } = await open(net);
        const log = eventLog(client, EVENTS);
        const error = Object.assign(new Error('x'), { code: 'MINE' });
        client.destroy(error);
        client.destroy(new Error('second'));
        await closed(client);
        assert.deepStrictEqual(log, ['error:MINE', 'close:true']);
        assert.strictEqual(client.errored, error);
      });

      it('fails the waiting writes in order', async () => {
        const { client, peer } = await open(net);
        peer.pause();
        const log = eventLog(client, [...EVENTS, 'drain']);
        client.write(Buffer.alloc(8 * 1024 * 1024), logged(log, 'first'));
        client.write('second', logged(log, 'second'));
        client.end('third', logged(log, 'third'));
        await turn();
        client.destroy();
        await closed(client);
        assert.deepStrictEqual(log, DESTROYED_WRITES);
      });

      it('write and end after destroy', async () => {
        const { client } = await open(net);
        const log = eventLog(client, EVENTS);
        client.destroy();
        client.write('x', logged(log, 'write'));
        client.end('y', logged(log, 'end'));
        await closed(client);
        await turn();
        assert.deepStrictEqual(log, ['write:ERR_STREAM_DESTROYED',
          'end:ERR_STREAM_DESTROYED', 'close:false']);
      });

      it('in a data listener: nothing more arrives', async () => {
        const { client, peer } = await open(net);
        const log = eventLog(client, [...EVENTS, 'data']);
        client.on('data', () => client.destroy());
        peer.on('error', () => {});
        peer.write(Buffer.alloc(300000));
        await closed(client);
        await turn();
        assert.deepStrictEqual(log, ['data', 'close:false']);
      });

      it('in the end listener', async () => {
        const { client, peer } = await open(net);
        const log = eventLog(client, EVENTS);
        client.on('end', () => client.destroy());
        client.resume();
        peer.end();
        await closed(client);
        assert.deepStrictEqual(log, ['end', 'close:false']);
      });

      it('the peer sees end', async () => {
        const { client, peer } = await open(net);
        const log = eventLog(peer, EVENTS);
        peer.resume();
        client.destroy();
        await closed(peer);
        assert.deepStrictEqual(log, ['end', 'finish', 'close:false']);
      });

      it('destroySoon waits for the writes', async () => {
        const { client, peer } = await open(net);
        const log = eventLog(client, EVENTS);
        let bytes = 0;
        peer.on('data', (chunk) => { bytes += chunk.length; });
        client.write(Buffer.alloc(3000000));
        client.destroySoon();
        assert.strictEqual(client.destroyed, false);
        await closed(client, peer);
        assert.deepStrictEqual(log, ['finish', 'close:false']);
        assert.strictEqual(bytes, 3000000);
      });

      it('close comes after ticks and promises', async () => {
        const { client } = await open(net);
        await turn();
        const log = eventLog(client, EVENTS);
        client.destroy();
        process.nextTick(() => log.push('tick'));
        Promise.resolve().then(() => log.push('promise'));
        await closed(client);
        assert.deepStrictEqual(log, ['promise', 'tick', 'close:false']);
      });
    });

    describe('before connect', () => {
      it('destroy in the tick of connect', async () => {
        const { server } = await open(net);
        const client = net.connect(target(server));
        const log = eventLog(client, EVENTS);
        client.destroy();
        assert.strictEqual(client.connecting, false);
        await closed(client);
        assert.deepStrictEqual(log, ['close:false']);
      });

      it('destroy in the connect callback', async () => {
        const { server } = await open(net);
        const client = net.connect(target(server), () => client.destroy());
        const log = eventLog(client, EVENTS);
        await closed(client);
        assert.deepStrictEqual(log, DESTROYED_IN_CONNECT);
      });

      it('write and end before connect', async () => {
        const { server } = await open(net);
        const accepted = once(server, 'connection');
        const client = track(net.connect(target(server)));
        const log = eventLog(client, EVENTS);
        client.resume();
        client.write('early ', logged(log, 'write'));
        client.end('bird', logged(log, 'end callback'));
        assert.strictEqual(client.writableLength, 10);
        const [peer] = await accepted;
        let text = '';
        peer.on('data', (chunk) => { text += chunk; });
        await closed(client);
        assert.strictEqual(text, 'early bird');
        assert.deepStrictEqual(log, ['connect', 'write:ok', 'ready',
          'end callback:ok', 'finish', 'end', 'close:false']);
      });

      it('end before connect, nothing written', async () => {
        const { server } = await open(net);
        const client = track(net.connect(target(server)));
        const log = eventLog(client, EVENTS);
        server.on('connection', (peer) => peer.resume());
        client.resume();
        client.end();
        await closed(client);
        assert.deepStrictEqual(log,
          ['connect', 'ready', 'finish', 'end', 'close:false']);
      });

      it('destroy fails the early writes', async () => {
        const { server } = await open(net);
        const client = net.connect(target(server));
        const log = eventLog(client, EVENTS);
        client.write('a', logged(log, 'a'));
        client.write('b', logged(log, 'b'));
        client.destroy();
        await closed(client);
        await turn();
        assert.deepStrictEqual(log, EARLY_DESTROYED);
      });
    });
  });

  it('a socket never connected: write and end', async () => {
    const socket = new net.Socket();
    const log = eventLog(socket, EVENTS);
    socket.write('x', logged(log, 'write'));
    await turn();
    await turn();
    assert.deepStrictEqual(log, NEVER_CONNECTED_WRITE);
    const ended = new net.Socket();
    const endLog = eventLog(ended, EVENTS);
    ended.end(logged(endLog, 'end callback'));
    await turn();
    await turn();
    assert.deepStrictEqual(endLog, NEVER_CONNECTED_END);
  });

  it('a failing connect fails the early writes', async () => {
    const client = net.connect(await closedPort(net), '127.0.0.1');
    const log = eventLog(client, EVENTS);
    client.write('a', logged(log, 'a'));
    client.end('b', logged(log, 'b'));
    await closed(client);
    await turn();
    assert.deepStrictEqual(log, FAILED_CONNECT);
  });

  describe('resetAndDestroy', () => {
    it('the TCP peer sees ECONNRESET', async () => {
      const { client, peer } = await pair(net);
      const log = eventLog(client, EVENTS);
      const peerLog = eventLog(peer, EVENTS);
      peer.resume();
      assert.strictEqual(client.resetAndDestroy(), client);
      await closed(client, peer);
      assert.deepStrictEqual(log, ['close:false']);
      assert.deepStrictEqual(peerLog, ['error:ECONNRESET', 'close:true']);
    });

    it('error fields of ECONNRESET', async () => {
      const { client, peer } = await pair(net);
      const failed = new Promise((resolve) => {
        client.once('error', resolve);
      });
      client.resume();
      await resetBy(peer);
      const { errno, code: name, syscall, message } = await failed;
      assert.deepStrictEqual([errno, name, syscall, message],
        [-104, 'ECONNRESET', 'read', 'read ECONNRESET']);
    });

    it('while connecting waits for the connection', async () => {
      const { server } = await pair(net);
      const accepted = once(server, 'connection');
      const client = net.connect(server.address().port, '127.0.0.1');
      const log = eventLog(client, EVENTS);
      client.resetAndDestroy();
      await closed(client);
      const [peer] = await accepted;
      peer.resume();
      const peerLog = eventLog(peer, EVENTS);
      await closed(peer);
      assert.deepStrictEqual(log, ['connect', 'ready', 'close:false']);
      assert.deepStrictEqual(peerLog, ['error:ECONNRESET', 'close:true']);
    });

    it('on a Unix socket: ERR_INVALID_HANDLE_TYPE', async () => {
      const { client } = await pairUnix(net);
      assert.throws(() => client.resetAndDestroy(), {
        name: 'TypeError', code: 'ERR_INVALID_HANDLE_TYPE',
        message: 'This handle type cannot be sent',
      });
      assert.strictEqual(client.destroyed, false);
    });

    it('without a handle: ERR_SOCKET_CLOSED', async () => {
      const socket = new net.Socket();
      const log = eventLog(socket, EVENTS);
      assert.strictEqual(socket.resetAndDestroy(), socket);
      await closed(socket);
      assert.deepStrictEqual(log, ['error:ERR_SOCKET_CLOSED', 'close']);
      assert.strictEqual(socket.errored.message, 'Socket is closed');
    });

    it('after destroy does nothing more', async () => {
      const socket = new net.Socket();
      const log = eventLog(socket, EVENTS);
      socket.destroy();
      socket.resetAndDestroy();
      await closed(socket);
      assert.deepStrictEqual(log, ['close']);
    });
  });

  describe('events against ticks and promises', () => {
    it('each event drains ticks, then promises, before the next',
      async () => {
        const { client, peer } = await pair(net);
        const log = [];
        for (const [name, socket] of [['a', client], ['b', peer]]) {
          socket.on('data', () => {
            log.push(`${name} data`);
            Promise.resolve().then(() => log.push(`${name} promise`));
            process.nextTick(() => log.push(`${name} tick`));
          });
        }
        client.write('x');
        peer.write('y');
        await eventually(() => log.length === 6);
        const first = log[0][0];
        const second = first === 'a' ? 'b' : 'a';
        assert.deepStrictEqual(log, [first, second].flatMap((name) => [
          `${name} data`, `${name} tick`, `${name} promise`]));
      });
  });
});
