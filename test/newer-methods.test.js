'use strict';

// Methods and classes that came with Node 24. Where core has them, uvnet has.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const coreNet = require('node:net');
const { closed, collect, forEachNet, listen, once, outcome, pair, pairUnix,
  track } = require('./helper');

const LOCAL = '127.0.0.1';
const hasTypeOfService = 'setTypeOfService' in coreNet.Socket.prototype;
const hasBoundSocket = 'BoundSocket' in coreNet;
const hasProbes = coreNet.Socket.prototype.setKeepAlive.length > 2;

function findTools() {
  try {
    execFileSync('python3', ['-c', 'import socket']);
    return true;
  } catch {
    return false;
  }
}

/** The kernel's interval and count of probes, in a process that has the socket. */
function probesOf(socket) {
  const script = 'import socket, json\n' +
    's = socket.socket(fileno=3)\n' +
    'print(json.dumps([s.getsockopt(6, socket.TCP_KEEPINTVL),' +
    ' s.getsockopt(6, socket.TCP_KEEPCNT)]))';
  const text = execFileSync('python3', ['-c', script],
    { stdio: ['ignore', 'pipe', 'inherit', socket._handle.fd] });
  return JSON.parse(text);
}

forEachNet((net) => {
  it('has what core has', () => {
    assert.strictEqual('BoundSocket' in net, hasBoundSocket);
    for (const name of ['setTypeOfService', 'getTypeOfService']) {
      assert.strictEqual(name in net.Socket.prototype, hasTypeOfService);
    }
  });

  if (hasTypeOfService) {
    describe('type of service', () => {
      for (const host of [LOCAL, '::1']) {
        it(`is kept until ${host} is connected`, async () => {
          const server = await listen(net.createServer(), 0, host);
          const client = track(new net.Socket());
          assert.strictEqual(client.getTypeOfService(), 0);
          assert.strictEqual(client.setTypeOfService(16), client);
          assert.strictEqual(client.getTypeOfService(), 16);
          client.connect(server.address().port, host);
          await once(client, 'connect');
          assert.strictEqual(client.getTypeOfService(), 16);
          client.setTypeOfService(8);
          assert.strictEqual(client.getTypeOfService(), 8);
        });
      }

      it('is an option of the constructor', async () => {
        const server = await listen(net.createServer());
        const client = track(new net.Socket({ typeOfService: 12 }));
        client.connect(server.address().port, LOCAL);
        await once(client, 'connect');
        assert.strictEqual(client.getTypeOfService(), 12);
      });

      it('is only remembered on a Unix socket', async () => {
        const { client } = await pairUnix(net);
        client.setTypeOfService(32);
        assert.strictEqual(client.getTypeOfService(), 32);
      });

      it('while connecting fails', async () => {
        const server = await listen(net.createServer());
        const client = track(net.connect(server.address().port, LOCAL));
        const { code, message } = outcome(() => client.setTypeOfService(8));
        assert.deepStrictEqual([code, message],
          ['EBADF', 'setTypeOfService EBADF']);
        await once(client, 'connect');
        assert.strictEqual(client.getTypeOfService(), 8);
      });

      it('refuses what is no byte', () => {
        for (const bad of [-1, 256, 1.5, NaN, '5', null, undefined, {}]) {
          const got = outcome(() => new net.Socket().setTypeOfService(bad));
          const core = outcome(() => new coreNet.Socket().setTypeOfService(bad));
          assert.deepStrictEqual([got.code, got.message],
            [core.code, core.message]);
          assert.match(got.code, /^ERR_/);
        }
        const { code } = outcome(() => new net.Socket({ typeOfService: 'x' }));
        assert.strictEqual(code, 'ERR_INVALID_ARG_TYPE');
      });
    });
  }

  if (hasProbes && process.platform === 'linux' && findTools()) {
    it('setKeepAlive says how often to probe', async () => {
      const { client } = await pair(net);
      client.setKeepAlive(true, 5000, 7000, 4);
      assert.deepStrictEqual(probesOf(client), [7, 4]);
      client.setKeepAlive({ enable: true, initialDelay: 5000, interval: 9000 });
      assert.strictEqual(probesOf(client)[0], 9);
      const server = await listen(net.createServer());
      const early = track(new net.Socket());
      early.setKeepAlive({ enable: true, initialDelay: 1000, interval: 3000, count: 5 });
      early.connect(server.address().port, LOCAL);
      await once(early, 'connect');
      assert.deepStrictEqual(probesOf(early), [3, 5]);
    });
  }

  if (hasBoundSocket) {
    describe('BoundSocket', () => {
      for (const [form, wrap] of [['itself', (bound) => bound],
        ['as handle', (handle) => ({ handle, backlog: 5 })]]) {
        it(`is listened on, ${form}`, async () => {
          const bound = new net.BoundSocket({ host: LOCAL });
          const { port } = bound.address();
          const server = await listen(
            net.createServer((peer) => peer.end('hello')), wrap(bound));
          assert.strictEqual(server.address().port, port);
          assert.strictEqual(outcome(() => bound.address()).code,
            'ERR_SOCKET_HANDLE_ADOPTED');
          const client = track(net.connect(port, LOCAL));
          assert.strictEqual(String(await collect(client)), 'hello');
        });
      }

      it('connects from its port', async () => {
        const server = await listen(net.createServer((peer) => peer.end('hello')));
        const accepted = once(server, 'connection');
        const handle = new net.BoundSocket({ host: LOCAL });
        const { port } = handle.address();
        const client = track(new net.Socket({ handle }));
        assert.strictEqual(client.localPort, port);
        client.connect(server.address().port, LOCAL);
        const [peer] = await accepted;
        assert.strictEqual(peer.remotePort, port);
        assert.strictEqual(String(await collect(client)), 'hello');
        await closed(client);
      });
    });
  }
});
