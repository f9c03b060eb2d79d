'use strict';

const assert = require('node:assert');
const { constants } = require('node:os');
const { forEachNet, inChild, pair, pairUnix } = require('./helper');

// Ways to take the memory of an ArrayBuffer away. The functions run in a
// child, so they stand alone.
const DETACH = {
  'structuredClone': (buffer) => {
    structuredClone(buffer, { transfer: [buffer] });
  },
  'postMessage': (buffer) => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(buffer, [buffer]);
    port1.close();
    port2.close();
  },
  'ArrayBuffer.prototype.transfer': (buffer) => { buffer.transfer(0); },
};

if (!ArrayBuffer.prototype.transfer) {
  delete DETACH['ArrayBuffer.prototype.transfer'];
}

/* A pending write loses its buffer: the peer must get a prefix of the right
 * bytes, all of them if the callback reports success. */
async function lostWrite(net, helper, open, lose, corked) {
  const { client, peer } = await helper[open](net);
  const size = 8 * 1024 * 1024;
  const bytes = new Uint8Array(new ArrayBuffer(size)).fill(0x5a);
  const errors = [];
  client.on('error', (error) => errors.push(error.message));
  peer.on('error', () => {});
  peer.pause();
  let result;
  if (corked) client.cork();
  client.write(bytes, (error) => { result = error ? 'error' : 'ok'; });
  if (corked) client.write(new Uint8Array(100).fill(0x5a));
  if (corked) client.uncork();
  await helper.turn();
  lose(bytes.buffer);
  // Whoever gets the freed memory now, it must not be sent.
  const others = [];
  for (let i = 0; i < 4; i++) others.push(new Uint8Array(size).fill(0x21));
  client.end();
  client.resume();
  let received = 0;
  let wrong = 0;
  peer.on('data', (chunk) => {
    received += chunk.length;
    wrong += chunk.filter((byte) => byte !== 0x5a).length;
  });
  peer.resume();
  await helper.closed(client, peer);
  return {
    wrong, honest: result === 'error' || received >= size,
    settled: result !== undefined,
  };
}

const SAFE = { wrong: 0, honest: true, settled: true };

function lostWriteScript(open, lose, corked = false) {
  return `(net, helper) => (${lostWrite})(net, helper, '${open}', ${lose},
    ${corked})`;
}

forEachNet((net, name) => {
  // core hands the kernel the old pointer: it sends freed memory, fails
  // with EFAULT or crashes.
  if (name === 'uvnet') {
    describe('a pending write (core is unsafe)', () => {
      for (const [title, lose] of Object.entries(DETACH)) {
        for (const open of ['pair', 'pairUnix']) {
          for (const corked of [false, true]) {
            const how = corked ? ', corked' : '';
            it(`loses its buffer: ${title}, ${open}${how}`, async () => {
              assert.deepStrictEqual(await inChild(name,
                lostWriteScript(open, lose, corked)), SAFE);
            });
          }
        }
      }

      it('its resizable buffer is shrunk', async () => {
        const result = await inChild(name, async (net, helper) => {
          const { client, peer } = await helper.pair(net);
          const size = 8 * 1024 * 1024;
          const buffer = new ArrayBuffer(size, { maxByteLength: size });
          const bytes = new Uint8Array(buffer).fill(0x5a);
          client.on('error', () => {});
          peer.on('error', () => {});
          peer.pause();
          let called = false;
          client.write(bytes, () => { called = true; });
          await helper.turn();
          if (buffer.resizable) buffer.resize(8);
          client.end();
          client.resume();
          let wrong = 0;
          peer.on('data', (chunk) => {
            wrong += chunk.filter((byte) => byte !== 0x5a).length;
          });
          peer.resume();
          await helper.closed(client, peer);
          return { wrong, called };
        });
        assert.deepStrictEqual(result, { wrong: 0, called: true });
      });

      it('its buffer is shrunk while it waits for the connection',
        async () => {
          const result = await inChild(name, async (net, helper) => {
            const server = await helper.listen(net.createServer());
            const buffer = new ArrayBuffer(4096, { maxByteLength: 4096 });
            const accepted = helper.once(server, 'connection');
            const client = helper.track(
              net.connect(server.address().port, '127.0.0.1'));
            client.on('error', () => {});
            client.write(new Uint8Array(buffer).fill(1));
            buffer.resize(16);
            client.end();
            client.resume();
            const [peer] = await accepted;
            let received = 0;
            peer.on('data', (chunk) => { received += chunk.length; });
            await helper.closed(client);
            return received <= 4096;
          });
          assert.strictEqual(result, true);
        });
    });

    describe('onread (core is unsafe)', () => {
      for (const [title, lose] of Object.entries(DETACH)) {
        it(`the buffer is lost between reads: ${title}`, async () => {
          const result = await inChild(name, `async (net, helper) => {
            const lose = ${lose};
            const buffer = new Uint8Array(new ArrayBuffer(65536));
            let calls = 0;
            const { client, peer } = await helper.pair(net, {
              client: { onread: { buffer, callback() { calls++; } } },
            });
            client.on('error', () => {});
            peer.on('error', () => {});
            peer.write('one');
            await helper.eventually(() => calls === 1);
            lose(buffer.buffer);
            const others = [];
            for (let i = 0; i < 50; i++) {
              others.push(new Uint8Array(65536).fill(7));
            }
            peer.write(Buffer.alloc(65536, 1));
            await helper.eventually(() => client.destroyed, 100);
            return others.every((o) => o.every((byte) => byte === 7));
          }`);
          assert.strictEqual(result, true);
        });
      }

      it('the buffer is lost inside the callback', async () => {
        const result = await inChild(name, async (net, helper) => {
          const seen = [];
          const { client, peer } = await helper.pair(net, {
            client: {
              onread: {
                buffer: () => new Uint8Array(16),
                callback(count, used) {
                  seen.push(count);
                  structuredClone(used.buffer, { transfer: [used.buffer] });
                },
              },
            },
          });
          client.on('error', () => {});
          peer.on('error', () => {});
          peer.end(Buffer.alloc(64, 1));
          await helper.eventually(() => client.destroyed, 200);
          return seen[0];
        });
        assert.strictEqual(result, 16);
      });

      it('the next buffer of a function is lost before the read', async () => {
        const result = await inChild(name, async (net, helper) => {
          let newest;
          let reads = 0;
          const { client, peer } = await helper.pair(net, {
            client: {
              onread: {
                buffer() {
                  newest = new Uint8Array(65536);
                  return newest;
                },
                callback() { reads++; },
              },
            },
          });
          const errors = [];
          client.on('error', (err) => { errors.push(err.code); });
          peer.on('error', () => {});
          for (let i = 1; i < 4; i++) {
            peer.write(Buffer.alloc(65536, 1));
            await helper.eventually(() => client.bytesRead === i * 65536);
          }
          structuredClone(newest.buffer, { transfer: [newest.buffer] });
          const before = reads;
          peer.write(Buffer.alloc(65536, 1));
          await helper.eventually(() => client.destroyed, 200);
          return { errors, more: reads - before };
        });
        assert.deepStrictEqual(result, { errors: ['ENOBUFS'], more: 0 });
      });

      it('the handle takes nothing but views', async () => {
        const result = await inChild(name, async (net, helper) => {
          const { client } = await helper.pair(net, {
            client: { onread: { buffer: Buffer.alloc(16), callback() {} } },
          });
          const { _handle: handle } = client;
          return [Buffer.alloc(16), { length: 16, byteLength: 16 }, null]
            .map((value) => handle.useUserBuffer(value));
        });
        const { EINVAL } = constants.errno;
        assert.deepStrictEqual(result, [0, -EINVAL, -EINVAL]);
      });

      it('the buffer is shrunk between reads', async () => {
        const result = await inChild(name, async (net, helper) => {
          const buffer = new ArrayBuffer(65536, { maxByteLength: 65536 });
          const view = new Uint8Array(buffer);
          const counts = [];
          const { client, peer } = await helper.pair(net, {
            client: {
              onread: {
                buffer: view, callback(count) { counts.push(count); },
              },
            },
          });
          client.on('error', () => {});
          peer.on('error', () => {});
          peer.write('one');
          await helper.eventually(() => counts.length === 1);
          buffer.resize(10);
          peer.write(Buffer.alloc(30, 1));
          await helper.eventually(() => client.destroyed, 100);
          return counts.slice(1).every((count) => count <= 10);
        });
        assert.strictEqual(result, true);
      });
    });
  }

  it('a SharedArrayBuffer can be written', async () => {
    const result = await inChild(name, async (net, helper) => {
      const { client, peer } = await helper.pair(net);
      const text = helper.collect(peer);
      client.write(new Uint8Array(new SharedArrayBuffer(300000)).fill(97));
      client.end();
      client.resume();
      return String(await text) === 'a'.repeat(300000);
    });
    assert.strictEqual(result, true);
  });

  it('a received chunk can be transferred, others stay whole', async () => {
    const result = await inChild(name, async (net, helper) => {
      const { client, peer } = await helper.pair(net);
      const kept = [];
      let transferred = 0;
      client.on('data', (chunk) => {
        if (kept.length % 2 === 0) {
          kept.push(Buffer.from(chunk));
          try {
            structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
            transferred++;
          } catch { /* a shared slab may refuse to be transferred */ }
        } else {
          kept.push(Buffer.from(chunk));
        }
      });
      const sent = [];
      for (let i = 0; i < 40; i++) {
        sent.push(Buffer.alloc(10 + i * 700, i));
        const before = client.bytesRead + sent[i].length;
        peer.write(sent[i]);
        await helper.eventually(() => client.bytesRead === before);
      }
      return [Buffer.concat(kept).equals(Buffer.concat(sent)),
        transferred >= 0];
    });
    assert.deepStrictEqual(result, [true, true]);
  });

  it('arguments that destroy the socket meanwhile', async () => {
    const result = await inChild(name, async (net, helper) => {
      const survived = [];
      const tricks = {
        setKeepAlive: (s) => s.setKeepAlive(true,
          { valueOf() { s.destroy(); return 5; } }),
        setNoDelay: (s) => s.setNoDelay(
          { valueOf() { s.destroy(); return 1; } }),
        connect: (s) => s.connect({
          get port() { s.destroy(); return 1; }, host: '127.0.0.1' }),
        connectHost: (s) => s.connect({
          port: 1, get host() { s.destroy(); return '127.0.0.1'; } }),
        localAddress: (s) => s.connect({ port: 1, host: '127.0.0.1',
          get localAddress() { s.destroy(); return '127.0.0.1'; } }),
        encoding: (s) => s.write('x',
          { toString() { s.destroy(); return 'utf8'; } }),
        keepAliveHandle: (s) => s._handle.setKeepAlive(true,
          { valueOf() { s._handle?.close(); return 5; } }),
        noDelayHandle: (s) => s._handle.setNoDelay(
          { valueOf() { s._handle?.close(); return 5; } }),
      };
      for (const [title, trick] of Object.entries(tricks)) {
        const { client, peer } = await helper.pair(net);
        client.on('error', () => {});
        peer.on('error', () => {});
        try { trick(client); } catch { /* refusing is fine */ }
        client.destroy();
        await helper.turn();
        survived.push(title);
      }
      return survived.length;
    });
    assert.strictEqual(result, 8);
  });

  it('server arguments that close the server meanwhile', async () => {
    const result = await inChild(name, async (net, helper) => {
      const server = net.createServer().on('error', () => {});
      try {
        server.listen({ get port() { server.close(); return 0; } });
      } catch { /* refusing is fine */ }
      await helper.turn();
      const other = net.createServer().on('error', () => {});
      try {
        other.listen({ port: 0, get backlog() { other.close(); return 5; } });
      } catch { /* refusing is fine */ }
      await helper.turn();
      server.close();
      other.close();
      return 'alive';
    });
    assert.strictEqual(result, 'alive');
  });

  describe('native methods', () => {
    const SKIP = new Set(['constructor']);

    function methods(handle) {
      const found = new Map();
      let at = handle;
      while (at && at !== Object.prototype) {
        for (const key of Object.getOwnPropertyNames(at)) {
          const { value } = Object.getOwnPropertyDescriptor(at, key);
          if (typeof value === 'function' && !found.has(key) &&
              !SKIP.has(key) && !key.startsWith('on')) {
            found.set(key, value);
          }
        }
        at = Object.getPrototypeOf(at);
      }
      return found;
    }

    for (const [title, open] of Object.entries({ pair, pairUnix })) {
      it(`on a wrong receiver: ${title}`, async () => {
        const { server, client } = await open(net);
        const seen = new Map([
          ...methods(client._handle), ...methods(server._handle)]);
        assert.ok(seen.size > 10);
        const core = name === 'core';
        for (const [key, method] of seen) {
          for (const self of [{}, Object.create(client._handle), undefined,
            null, 5, net, server]) {
            // core lets some getters of AsyncWrap pass with a number.
            let error;
            try { method.call(self); } catch (thrown) { error = thrown; }
            if (core && error === undefined) continue;
            assert.ok(error instanceof TypeError,
              `${key} on ${typeof self}: ${error}`);
            if (!core) {
              assert.match(error.message, /Illegal invocation/, key);
            }
          }
        }
      });
    }

    it('on closed handles return', async () => {
      const calls = await inChild(name, `async (net, helper) => {
        const SKIP = new Set(['constructor']);
        const methods = ${methods};
        let calls = 0;
        for (const open of ['pair', 'pairUnix']) {
          const { server, client, peer } = await helper[open](net);
          const handles = [client._handle, peer._handle, server._handle];
          client.destroy();
          peer.destroy();
          server.close();
          for (let i = 0; i < 2; i++) {
            for (const handle of handles) {
              for (const [key, method] of methods(handle)) {
                // core's C++ asserts on these without their arguments.
                const plain = ['close', 'ref', 'unref', 'hasRef',
                  'readStart', 'readStop', 'getAsyncId', 'setNoDelay',
                  'setKeepAlive'];
                if (NET === 'node:net' && !plain.includes(key)) continue;
                try { method.call(handle); } catch (error) {
                  if (!(error instanceof TypeError)) throw error;
                }
                calls++;
              }
            }
            await helper.turn();
            await helper.turn();
          }
        }
        return calls;
      }`);
      assert.ok(calls > 50, `${calls}`);
    });
  });
});
