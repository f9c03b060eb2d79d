'use strict';

const assert = require('node:assert');
const { closed, eventLog, forEachNet, forEachTransport, listen, once, pair,
  spawnScript, track } = require('./helper');

const SOON = 15;
const NEVER = 100000;

function ticker(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

forEachNet((net, name) => {
  forEachTransport((open) => {
    it('fires when idle, with this, and does not close', async () => {
      const { client } = await open(net);
      const self = new Promise((resolve) => {
        assert.strictEqual(client.setTimeout(SOON, function timeout() {
          resolve(this);
        }), client);
      });
      assert.strictEqual(await self, client);
      assert.deepStrictEqual(
        [client.destroyed, client.readyState, client.timeout],
        [false, 'open', SOON]);
    });

    it('the event fires for listeners too, again after activity',
      async () => {
        const { client, peer } = await open(net);
        peer.resume();
        let fired = 0;
        client.on('timeout', () => fired++);
        client.setTimeout(SOON);
        await once(client, 'timeout');
        client.write('x');
        await once(client, 'timeout');
        assert.ok(fired >= 2);
      });

    it('setTimeout(0) disables', async () => {
      const { client, peer } = await open(net);
      const log = eventLog(client, ['timeout']);
      client.setTimeout(SOON);
      client.setTimeout(0);
      peer.setTimeout(SOON * 3);
      await once(peer, 'timeout');
      assert.deepStrictEqual(log, []);
      assert.strictEqual(client.timeout, 0);
    });

    it('setTimeout(0, callback) removes the callback', async () => {
      const { client } = await open(net);
      const callback = () => assert.fail('called');
      client.setTimeout(NEVER, callback);
      assert.strictEqual(client.listenerCount('timeout'), 1);
      client.setTimeout(0, callback);
      assert.strictEqual(client.listenerCount('timeout'), 0);
      client.emit('timeout');
    });

    it('the callback is called once', async () => {
      const { client } = await open(net);
      let calls = 0;
      client.setTimeout(SOON, () => calls++);
      await once(client, 'timeout');
      client.emit('timeout');
      client.emit('timeout');
      assert.strictEqual(calls, 1);
    });

    it('reads refresh it', async () => {
      const { client, peer } = await open(net);
      const log = eventLog(client, ['timeout', 'end']);
      client.resume();
      // Each piece comes well inside the timeout, all of them beyond it.
      client.setTimeout(400);
      for (let i = 0; i < 12; i++) {
        peer.write('x');
        await ticker(50);
      }
      peer.end();
      await once(client, 'end');
      assert.deepStrictEqual(log, ['end']);
    });

    it('fires when the peer stops reading', async () => {
      const { client, peer } = await open(net);
      peer.pause();
      client.write(Buffer.alloc(8 * 1024 * 1024));
      client.setTimeout(SOON);
      await once(client, 'timeout');
      assert.ok(client.writableLength > 0);
    });

    it('fires when the peer stops sending', async () => {
      const { client, peer } = await open(net);
      client.resume();
      peer.write('x');
      client.setTimeout(SOON);
      await once(client, 'timeout');
    });

    it('nothing fires after destroy', async () => {
      const { client, peer } = await open(net);
      const log = eventLog(client, ['timeout', 'close']);
      client.setTimeout(SOON);
      client.destroy();
      peer.setTimeout(SOON * 3);
      peer.resume();
      await closed(client);
      await ticker(SOON * 3);
      assert.deepStrictEqual(log, ['close:false']);
    });

    it('destroy(error) in the callback', async () => {
      const { client } = await open(net);
      const log = eventLog(client, ['timeout', 'error', 'close']);
      client.setTimeout(SOON, () => client.destroy(
        Object.assign(new Error('late'), { code: 'ELATE' })));
      await closed(client);
      assert.deepStrictEqual(log, ['timeout', 'error:ELATE', 'close:true']);
    });

    it('a later setTimeout replaces the former', async () => {
      const { client, peer } = await open(net);
      const log = eventLog(client, ['timeout']);
      client.setTimeout(SOON);
      client.setTimeout(NEVER);
      peer.setTimeout(SOON * 3);
      await once(peer, 'timeout');
      assert.deepStrictEqual(log, []);
      client.setTimeout(SOON);
      await once(client, 'timeout');
    });

    it('a longer timeout fires later than a shorter one', async () => {
      const { client, peer } = await open(net);
      const log = [];
      client.setTimeout(SOON * 4, () => log.push('long'));
      peer.setTimeout(SOON, () => log.push('short'));
      await once(client, 'timeout');
      assert.deepStrictEqual(log, ['short', 'long']);
    });
  });

  it('setTimeout before connect, fires after', async () => {
    const server = await listen(net.createServer());
    const client = track(new net.Socket());
    client.setTimeout(SOON);
    client.connect(server.address().port, '127.0.0.1');
    await once(client, 'timeout');
    assert.strictEqual(client.timeout, SOON);
  });

  it('fires while connecting', async () => {
    const client = track(net.connect({
      port: 9, host: 'name.invalid', lookup() {}, timeout: SOON,
    }));
    await once(client, 'timeout');
    assert.strictEqual(client.connecting, true);
    client.destroy();
    await closed(client);
  });

  it('fires on a socket that never connects', async () => {
    const socket = new net.Socket();
    socket.setTimeout(SOON);
    await once(socket, 'timeout');
    socket.destroy();
  });

  it('connect({ timeout }) and the callback form are the same', async () => {
    const { client } = await pair(net, { client: { timeout: SOON } });
    assert.strictEqual(client.timeout, SOON);
    await once(client, 'timeout');
  });

  it('_onTimeout emits timeout, _unrefTimer is harmless', async () => {
    const { client } = await pair(net);
    const log = eventLog(client, ['timeout']);
    client._onTimeout();
    client._unrefTimer();
    assert.deepStrictEqual(log, ['timeout']);
    const parent = new net.Socket();
    parent._unrefTimer();
  });

  it('timers do not keep the process', async () => {
    const { code, stdout } = await spawnScript(name, `
      new net.Socket().setTimeout(100000, () => console.log('fired'));
      const server = net.createServer((peer) => {
        peer.setTimeout(100000);
        peer.end();
        server.close();
      }).listen(0, () => {
        const client = net.connect(server.address().port);
        client.setTimeout(100000);
        client.resume();
      });
    `);
    assert.deepStrictEqual([code, stdout], [0, '']);
  });
});
