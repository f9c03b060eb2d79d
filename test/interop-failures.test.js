'use strict';

// A socket or server that goes over to core needs a second descriptor. Without
// one it stays what it was, and nothing is left behind; and where core needs no
// more than a stream, as TLS and http2 do, it gets one over uvnet's handle. So it
// is always on Windows.

const assert = require('node:assert');
const { fork } = require('node:child_process');
const fs = require('node:fs');
const http2 = require('node:http2');
const { constants } = require('node:os');
const tls = require('node:tls');
const binding = require('../lib/binding');
const psk = require('./psk');
const {
  closed, collect, eventually, forEachNet, forEachTransport, listen, once, pair,
  scriptFile, track,
} = require('./helper');

const { duplicate } = binding;

function descriptors() {
  return fs.readdirSync('/proc/self/fd').length;
}

function child() {
  return track(fork(scriptFile('core', 'process.on("message", () => {});'),
    { stdio: 'ignore' }));
}

// What takes a socket to core. Each gives what is to be closed after.
const MOVES = {
  'tls.connect()': (socket) => tls.connect({ socket }),
  'http2.connect()': (socket) =>
    http2.connect('http://localhost', { createConnection: () => socket }),
  'child.send()': (socket, receiver) => {
    assert.throws(() => receiver.send('x', socket, { keepOpen: true }),
      { code: 'EMFILE' });
  },
};

describe('without a second descriptor', () => {
  before(function linuxOnly() {
    if (!fs.existsSync('/proc/self/fd')) this.skip();
  });

  beforeEach(() => {
    binding.duplicate = () => -constants.errno.EMFILE;
  });

  afterEach(() => { binding.duplicate = duplicate; });

  forEachNet((net) => {
    for (const [name, move] of Object.entries(MOVES)) {
      forEachTransport((open) => {
        it(`${name} leaves the socket as it was`, async () => {
          const { client, peer } = await open(net);
          const receiver = child();
          const before = descriptors();
          const handle = client._handle;
          const user = move(client, receiver);
          user?.on('error', () => {});
          if (!user) assert.strictEqual(client._handle, handle);
          assert.ok(!client.destroyed);
          const bytes = once(peer, 'data');
          if (!user) client.write('it writes');
          assert.ok((await bytes)[0].length > 0);
          assert.ok(await eventually(() => descriptors() <= before, 3000));
          client.destroy();
          await closed(client, peer);
        });
      });
    }

    forEachTransport((open) => {
      it('TLS carries what is written, both ways', async () => {
        const { client, peer } = await open(net);
        const server = new tls.TLSSocket(peer, { isServer: true, ...psk.server });
        const user = tls.connect({ socket: client, ...psk.client });
        server.pipe(server);
        const sent = Buffer.alloc(1_000_000, 'some text');
        const received = collect(user);
        user.end(sent);
        assert.ok(sent.equals(await received));
        await closed(client, peer);
      });

      it('http2 sees who is at the other end, and ends', async () => {
        const { client, peer } = await open(net);
        const server = http2.createServer((request, response) => {
          const { remoteAddress, remotePort } = request.socket;
          response.end(JSON.stringify([remoteAddress, remotePort]));
        });
        const name = JSON.stringify([client.localAddress, client.localPort]);
        server.emit('connection', peer);
        const session = http2.connect('http://localhost',
          { createConnection: () => client });
        const request = session.request();
        assert.strictEqual(String(await collect(request)), name);
        session.close();
        await closed(client, peer);
      });

      it('the socket below can still be told things', async () => {
        const { client, peer } = await open(net);
        const user = tls.connect({ socket: client });
        user.on('error', () => {});
        peer.on('error', () => {}).resume();
        client.setNoDelay(true).setKeepAlive(true, 1000).unref().ref();
        assert.deepStrictEqual(client.address(), client.address());
        client.setTimeout(10, () => client.destroy());
        await closed(client, peer);
        assert.ok(user.destroyed);
      });
    });

    it('a reset of the socket below is one', async () => {
      const { client, peer } = await pair(net);
      const user = tls.connect({ socket: client });
      user.on('error', () => {});
      await once(peer, 'data');
      const failed = once(peer, 'error');
      client.resetAndDestroy();
      assert.strictEqual((await failed)[0].code, 'ECONNRESET');
      await closed(client, peer);
    });

    it('what TLS has cannot be sent', async () => {
      const { client } = await pair(net);
      tls.connect({ socket: client }).on('error', () => {});
      assert.throws(() => child().send('x', client),
        { code: 'ERR_INVALID_HANDLE_TYPE' });
    });

    it('child.send() leaves the server as it was', async () => {
      const server = await listen(net.createServer((s) => s.end('served')));
      const handle = server._handle;
      assert.throws(() => child().send('x', server), { code: 'EMFILE' });
      assert.strictEqual(server._handle, handle);
      const client =
        track(net.connect(server.address().port, '127.0.0.1'));
      const [bytes] = await once(client, 'data');
      assert.strictEqual(String(bytes), 'served');
    });

    it('a connecting socket that TLS has fails, and closes all', async () => {
      const { server } = await pair(net);
      const before = descriptors();
      const socket =
        track(net.connect(server.address().port, '127.0.0.1'));
      const user = tls.connect({ socket });
      const [error] = await once(user, 'error');
      assert.strictEqual(error.code, 'EMFILE');
      if (!socket.closed) await once(socket, 'close');
      assert.ok(await eventually(() => descriptors() <= before + 1, 3000));
    });
  }, ['uvnet']);
});
