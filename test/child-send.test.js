'use strict';

// A message to a child that cannot be sent leaves the socket or server that
// went with it as it was. Without `keepOpen` core has taken the socket apart
// before it looks at the message.

const assert = require('node:assert');
const { fork } = require('node:child_process');
const {
  closed, collect, forEachNet, forEachTransport, listen, once, pair, scriptFile,
  track,
} = require('./helper');

// What no serialization takes, each in another place of send().
const HOPELESS = {
  'a BigInt': () => ({ value: 1n }),
  'a circle': () => {
    const message = {};
    message.self = message;
    return message;
  },
  'toJSON() that throws': () => ({ toJSON() { throw new Error('no'); } }),
  'nothing': () => undefined,
};

function child(name) {
  const file = scriptFile(name, 'process.on("message", () => {});');
  return track(fork(file, { stdio: 'ignore' }));
}

forEachNet((net, name) => {
  describe('a message that cannot be sent', () => {
    for (const [what, make] of Object.entries(HOPELESS)) {
      forEachTransport((open) => {
        it(`${what}, with a socket that stays open`, async function works() {
          // Core's socket works on too, but its server never closes.
          if (name === 'core') this.skip();
          const { client, peer } = await open(net);
          assert.throws(
            () => child(name).send(make(), peer, { keepOpen: true }));
          const received = collect(client);
          client.end('still here');
          peer.on('data', (chunk) => peer.write(chunk));
          assert.strictEqual(String(await received), 'still here');
          await closed(client, peer);
        });
      });

      it(`${what}, with a server`, async () => {
        const server = await listen(net.createServer((socket) => socket.end()));
        const { port } = server.address();
        assert.throws(() => child(name).send(make(), server));
        const client = track(net.connect(port, '127.0.0.1'));
        client.resume();
        await closed(client);
        server.close();
        await once(server, 'close');
        const late = track(net.connect(port, '127.0.0.1'));
        const [error] = await once(late, 'error');
        assert.strictEqual(error.code, 'ECONNREFUSED');
      });
    }

    it('to a child that has gone', async () => {
      const { client, peer } = await pair(net);
      const gone = child(name);
      gone.kill('SIGKILL');
      await once(gone, 'exit');
      const failed = new Promise((resolve) => {
        gone.send('x', peer, { keepOpen: true }, resolve);
      });
      assert.strictEqual((await failed).code, 'ERR_IPC_CHANNEL_CLOSED');
      const received = collect(client);
      peer.end('still here');
      assert.strictEqual(String(await received), 'still here');
      client.end();
      await closed(client, peer);
    });
  });
});
