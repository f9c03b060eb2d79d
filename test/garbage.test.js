'use strict';

const assert = require('node:assert');
const { forEachNet, inChild } = require('./helper');

const FLAGS = { flags: ['--expose-gc'] };

forEachNet((net, name) => {
  it('closed sockets are collected', async () => {
    const left = await inChild(name, async (net, helper) => {
      const refs = [];
      for (const open of ['pair', 'pairUnix']) {
        for (let i = 0; i < 20; i++) {
          const { server, client, peer } = await helper[open](net);
          refs.push(new WeakRef(client), new WeakRef(peer),
            new WeakRef(server), new WeakRef(client._handle));
          client.setTimeout(1000);
          client.end('x');
          peer.resume();
          client.resume();
          await helper.closed(client, peer);
          await helper.disposeAll();
        }
      }
      for (let i = 0; i < 20; i++) {
        globalThis.gc();
        await helper.turn();
      }
      return refs.filter((ref) => ref.deref()).length;
    }, FLAGS);
    // The last round may still be on some stack.
    assert.ok(left <= 8, `${left} of 160 left`);
  });

  it('sockets never connected are collected', async () => {
    const left = await inChild(name, async (net, helper) => {
      let refs = [];
      for (let i = 0; i < 200; i++) {
        refs.push(new WeakRef(new net.Socket()),
          new WeakRef(new net.Server()));
      }
      for (let i = 0; i < 10; i++) {
        globalThis.gc();
        await helper.turn();
      }
      refs = refs.filter((ref) => ref.deref());
      return refs.length;
    }, FLAGS);
    assert.ok(left <= 4, `${left} left`);
  });

  it('an open socket that nobody holds keeps working', async () => {
    const text = await inChild(name, async (net, helper) => {
      const server = await helper.listen(net.createServer((peer) => {
        setTimeout(() => peer.end('alive'), 50);
      }));
      const received = new Promise((resolve) => {
        net.connect(server.address().port, '127.0.0.1')
          .on('data', (data) => resolve(String(data)));
      });
      const timer = setInterval(() => globalThis.gc(), 5);
      const result = await received;
      clearInterval(timer);
      return result;
    }, FLAGS);
    assert.strictEqual(text, 'alive');
  });

  it('2000 connections leave no handle and no memory', async () => {
    const result = await inChild(name, `async (net, helper) => {
      const live = NET === 'node:net' ?
        () => process._getActiveHandles().length :
        require(helper.ROOT + '/lib/binding').liveHandles;
      const server = net.createServer((peer) => peer.pipe(peer));
      await helper.listen(server);
      server.removeListener('connection', helper.track);
      const { port } = server.address();
      const one = () => new Promise((resolve, reject) => {
        const client = net.connect(port, '127.0.0.1');
        client.on('error', reject);
        client.on('close', resolve);
        client.resume();
        client.end('x'.repeat(1000));
      });
      const round = async (n) => {
        for (let i = 0; i < n; i += 20) {
          await Promise.all(Array.from({ length: 20 }, one));
        }
        for (let i = 0; i < 10; i++) { globalThis.gc(); await helper.turn(); }
        return [live(), process.memoryUsage().external +
          process.memoryUsage().heapUsed];
      };
      const [handles, memory] = await round(400);
      const [handlesAfter, memoryAfter] = await round(2000);
      return { handles: handlesAfter - handles,
        kilobytes: (memoryAfter - memory) / 1024 };
    }`, FLAGS);
    assert.strictEqual(result.handles, 0);
    assert.ok(result.kilobytes < 1500, `${result.kilobytes} KB more`);
  });
});
