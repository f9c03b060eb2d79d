'use strict';

// A socket or server that goes over to core needs a second descriptor. Without
// one it stays what it was, and nothing is left behind.

const assert = require('node:assert');
const { fork } = require('node:child_process');
const fs = require('node:fs');
const http2 = require('node:http2');
const { constants } = require('node:os');
const tls = require('node:tls');
const binding = require('../lib/binding');
const {
  closed, eventually, forEachNet, forEachTransport, listen, once, pair,
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
          assert.strictEqual(client._handle, handle);
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
