'use strict';

const assert = require('node:assert');
const { eventLog, eventually, forEachNet, forEachTransport, once, turn } =
  require('./helper');

async function quiet(turns = 20) {
  for (let i = 0; i < turns; i++) await turn();
}

// Where to connect to it.
function where(server) {
  const address = server.address();
  return typeof address === 'string' ? { path: address } :
    { port: address.port, host: address.address };
}

forEachNet((net) => {
  forEachTransport((open) => {
    function openWith(onread) {
      return open(net, { client: { onread } });
    }

    it('fills one buffer again and again', async () => {
      const buffer = Buffer.alloc(1024);
      const seen = [];
      const { client, peer } = await openWith({
        buffer,
        callback(count, used) {
          seen.push([count, used === buffer, this === client,
            used.toString('latin1', 0, count)]);
        },
      });
      const log = eventLog(client, ['data', 'end']);
      peer.write('hello');
      await eventually(() => seen.length === 1);
      peer.write('bye');
      await eventually(() => seen.length === 2);
      assert.deepStrictEqual(seen,
        [[5, true, true, 'hello'], [3, true, true, 'bye']]);
      assert.strictEqual(String(buffer.subarray(0, 5)), 'byelo');
      peer.end();
      client.resume();
      await once(client, 'end');
      assert.deepStrictEqual(log, ['end']);
      assert.strictEqual(client.bytesRead, 8);
    });

    it('never reads more than the buffer holds', async () => {
      const counts = [];
      const bytes = [];
      const { client, peer } = await openWith({
        buffer: new Uint8Array(10),
        callback(count, used) {
          counts.push(count);
          bytes.push(Buffer.from(used.subarray(0, count)));
        },
      });
      const text = 'abcdefghijklmnopqrstuvwxyz'.repeat(40);
      peer.end(text);
      client.resume();
      await once(client, 'end');
      assert.ok(counts.every((count) => count > 0 && count <= 10));
      assert.strictEqual(String(Buffer.concat(bytes)), text);
    });

    it('buffers of other lengths each time, with others ready too', async () => {
      const size = 1_000_000;
      const sent = Buffer.alloc(size, '0123456789abcdefghijklmnopqrstuvwxyz');
      await Promise.all([100_000, 65_536, 34_464, 131_072].map(async (first) => {
        const lengths = [first, 65_536, 100_000, 1000, 65_536, 200_000];
        const chunks = [];
        const { client, peer } = await openWith({
          buffer() {
            lengths.push(lengths.shift());
            return Buffer.alloc(lengths.at(-1));
          },
          callback(count, used) {
            chunks.push(Buffer.from(used.subarray(0, count)));
          },
        });
        client.resume();
        const ended = once(client, 'end');
        for (let at = 0; at < size; at += 100_000) {
          peer.write(sent.subarray(at, at + 100_000));
        }
        peer.end();
        await ended;
        assert.ok(sent.equals(Buffer.concat(chunks)));
      }));
    });

    it('a view inside a larger ArrayBuffer stays inside', async () => {
      const whole = new Uint8Array(30).fill(7);
      const { client, peer } = await openWith({
        buffer: whole.subarray(10, 20),
        callback() {},
      });
      peer.end(Buffer.alloc(25, 1));
      client.resume();
      await once(client, 'end');
      assert.deepStrictEqual([...whole], [
        ...Array(10).fill(7), ...Array(10).fill(1), ...Array(10).fill(7)]);
    });

    it('a function gives a buffer for each read', async () => {
      let made = 0;
      const uses = [];
      const { client, peer } = await openWith({
        buffer() {
          made++;
          return Buffer.alloc(4);
        },
        callback(count, used) {
          uses.push(used);
        },
      });
      assert.ok(made >= 1);
      peer.end('abcdefgh');
      client.resume();
      await once(client, 'end');
      assert.strictEqual(uses.map(String).join(''), 'abcdefgh');
      assert.strictEqual(new Set(uses).size, uses.length);
      assert.strictEqual(made, uses.length + 1);
    });

    it('a function gives buffers of any length', async () => {
      const lengths = [4, 4, 3000, 3000, 65536, 65536, 5, 3000];
      const given = [];
      const chunks = [];
      const { client, peer } = await openWith({
        buffer() {
          const length = lengths[given.length % lengths.length];
          given.push(Buffer.alloc(length));
          return given.at(-1);
        },
        callback(count, used) {
          assert.strictEqual(used, given.at(-1));
          assert.ok(count <= used.length);
          chunks.push(Buffer.from(used.subarray(0, count)));
        },
      });
      const sent = Buffer.from(Array.from({ length: 300000 }, (_, i) => i));
      peer.end(sent);
      client.resume();
      await once(client, 'end');
      assert.ok(Buffer.concat(chunks).equals(sent));
      assert.ok(chunks.length > lengths.length);
    });

    it('a function that gives no view keeps the last buffer', async () => {
      const only = Buffer.alloc(4);
      let calls = 0;
      const uses = [];
      const { client, peer } = await openWith({
        buffer: () => (calls++ === 0 ? only : null),
        callback: (count, used) => { uses.push(used === only); },
      });
      peer.end('abcdefgh');
      client.resume();
      await once(client, 'end');
      assert.deepStrictEqual(uses, [true, true]);
    });

    it('returning false pauses until resume', async () => {
      let calls = 0;
      const { client, peer } = await openWith({
        buffer: Buffer.alloc(8),
        callback: () => ++calls !== 1,
      });
      peer.write(Buffer.alloc(64));
      await eventually(() => calls === 1);
      await quiet();
      assert.strictEqual(calls, 1);
      assert.strictEqual(client.bytesRead, 8);
      client.resume();
      await eventually(() => client.bytesRead === 64);
      assert.strictEqual(client.bytesRead, 64);
    });

    it('only false pauses', async () => {
      for (const value of [undefined, null, 0, '']) {
        let calls = 0;
        const { client, peer } = await openWith({
          buffer: Buffer.alloc(8),
          callback: () => { calls++; return value; },
        });
        peer.write(Buffer.alloc(32));
        await eventually(() => client.bytesRead === 32);
        assert.strictEqual(client.bytesRead, 32, `${value}`);
        assert.ok(calls >= 4);
      }
    });

    it('pause() and resume() work', async () => {
      let bytes = 0;
      const { client, peer } = await openWith({
        buffer: Buffer.alloc(8),
        callback(count) { bytes += count; },
      });
      client.pause();
      peer.write(Buffer.alloc(100));
      await quiet();
      const held = bytes;
      client.resume();
      await eventually(() => bytes === 100);
      assert.deepStrictEqual([held, bytes], [0, 100]);
    });

    // Both connections have bytes in one turn of the loop; the sizes are those
    // of the two ways in which C reads.
    for (const size of [64, 16 * 1024]) {
      const letters = ['a', 'b'];

      async function openTwo(buffers, callback) {
        const pairs = [];
        for (const [i, buffer] of buffers.entries()) {
          pairs.push(await openWith({ buffer, callback(count, used) {
            callback(i, used.toString('latin1', 0, count), this);
          } }));
        }
        return pairs;
      }

      function sendBoth(pairs) {
        pairs.forEach(({ peer }, i) => peer.write(letters[i].repeat(size)));
      }

      it(`two sockets can share a buffer, ${size} bytes`, async () => {
        const buffer = Buffer.alloc(64 * 1024);
        const seen = ['', ''];
        const pairs = await openTwo([buffer, buffer], (i, text) => {
          seen[i] += text;
        });
        for (let round = 1; round < 6; round++) {
          sendBoth(pairs);
          await eventually(() =>
            seen.every(({ length }) => length === round * size));
          assert.deepStrictEqual(seen,
            letters.map((letter) => letter.repeat(round * size)));
        }
      });

      it(`pause() by another socket's callback, ${size} bytes`, async () => {
        const seen = ['', ''];
        let stops = false;
        const buffers = [1, 2].map(() => Buffer.alloc(64 * 1024));
        const pairs = await openTwo(buffers, (i, text) => {
          seen[i] += text;
          if (stops) pairs[1 - i].client.pause();
        });
        sendBoth(pairs);
        await eventually(() => seen.every(({ length }) => length === size));
        stops = true;
        sendBoth(pairs);
        await eventually(() => seen.join('').length === 3 * size);
        await quiet();
        assert.strictEqual(seen.join('').length, 3 * size);
        stops = false;
        for (const { client } of pairs) client.resume();
        await eventually(() => seen.join('').length === 4 * size);
        assert.deepStrictEqual(seen,
          letters.map((letter) => letter.repeat(2 * size)));
      });

      it(`what a paused one gets later, ${size} bytes`, async () => {
        const buffer = Buffer.alloc(64 * 1024);
        const seen = ['', ''];
        let paused = null;
        let step = 0;
        // Both read into one buffer, that one of them uses on.
        const pairs = await openTwo([buffer, buffer], (i, text, client) => {
          seen[i] += text;
          if (step === 1 && paused === null) {
            paused = pairs[1 - i];
            paused.client.pause();
          }
          if (step !== 2) return;
          client.pause();
          client.resume();
        });
        const errors = [];
        for (const { client } of pairs) {
          client.on('error', ({ code }) => errors.push(code));
        }
        for (step of [0, 1]) {
          const before = seen.join('').length;
          sendBoth(pairs);
          const wanted = before + (2 - step) * size;
          await eventually(() => seen.join('').length === wanted);
        }
        const other = pairs.find((one) => one !== paused);
        other.peer.write('x'.repeat(size));
        await eventually(() => seen.join('').length === 4 * size);
        step = 2;
        paused.client.resume();
        await eventually(() => seen.join('').length === 5 * size);
        sendBoth(pairs);
        await eventually(() => seen.join('').length === 7 * size);
        const rounds = pairs.map((one, i) =>
          [2, 1].map((count) => letters[i].repeat(count * size))
            .join(one === paused ? '' : 'x'.repeat(size)));
        assert.deepStrictEqual([seen, errors], [rounds, []]);
      });

      it(`what its first life left, ${size} bytes`, async () => {
        const seen = ['', ''];
        let paused = null;
        let stops = false;
        const buffers = [1, 2].map(() => Buffer.alloc(64 * 1024));
        const pairs = await openTwo(buffers, (i, text) => {
          seen[i] += text;
          if (!stops || paused !== null) return;
          paused = pairs[1 - i];
          paused.client.pause();
        });
        sendBoth(pairs);
        await eventually(() => seen.join('').length === 2 * size);
        stops = true;
        sendBoth(pairs);
        await eventually(() => paused !== null);
        await quiet();
        const { client, server } = paused;
        paused.peer.on('error', () => {});
        client.destroy();
        await once(client, 'close');
        server.on('connection', (peer) => peer.write('again'));
        client.connect(where(server));
        client.resume();
        await once(client, 'connect');
        const text = () => seen[pairs.indexOf(paused)].slice(size);
        await eventually(() => text().length > 0);
        assert.strictEqual(text(), 'again');
      });
    }

    it('destroy in the callback', async () => {
      let calls = 0;
      const { client, peer } = await openWith({
        buffer: Buffer.alloc(8),
        callback() {
          calls++;
          this.destroy();
        },
      });
      const log = eventLog(client, ['end', 'close', 'error']);
      peer.on('error', () => {});
      peer.write(Buffer.alloc(64));
      await once(client, 'close');
      assert.deepStrictEqual([calls, log], [1, ['close:false']]);
    });

    describe('buffers that fill up one after the other', () => {
      const SIZE = 4096;
      const bytes = Buffer.from(
        Array.from({ length: 40 * SIZE + 100 }, (_, i) => (i * 31 >> 3) & 255));

      // A client that gets all the bytes at once, a buffer at a time; `each` is
      // called with the number of calls so far.
      async function receive(each, buffer = Buffer.alloc(SIZE)) {
        const pieces = [];
        const { client, peer } = await openWith({
          buffer,
          callback(count, used) {
            pieces.push(Buffer.from(used.subarray(0, count)));
            return each?.call(this, pieces.length);
          },
        });
        const log = eventLog(client, ['end', 'error', 'close']);
        client.pause();
        peer.on('error', () => {});
        peer.end(bytes);
        await quiet();
        client.resume();
        return { client, pieces, log };
      }

      it('all bytes and the end come', async () => {
        const { client, pieces } = await receive();
        await once(client, 'end');
        assert.ok(Buffer.concat(pieces).equals(bytes));
        assert.strictEqual(client.bytesRead, bytes.length);
      });

      it('ticks and microtasks run in between', async () => {
        const order = [];
        const { client } = await receive(() => {
          order.push('read');
          process.nextTick(() => order.push('tick'));
          Promise.resolve().then(() => order.push('microtask'));
        });
        await once(client, 'end');
        const turns = order.length / 3;
        assert.ok(turns >= 40);
        assert.deepStrictEqual(order,
          Array(turns).fill(['read', 'tick', 'microtask']).flat());
      });

      const ways = {
        'returning false': () => false,
        'pause()': function() { this.pause(); },
        'pause() in a tick': function() { process.nextTick(() => this.pause()); },
      };
      for (const [title, stop] of Object.entries(ways)) {
        it(`${title} stops them until resume()`, async () => {
          const { client, pieces } = await receive(function(calls) {
            return calls === 5 ? stop.call(this) : true;
          });
          await eventually(() => pieces.length >= 5);
          await quiet();
          assert.strictEqual(pieces.length, 5);
          client.resume();
          await once(client, 'end');
          assert.ok(Buffer.concat(pieces).equals(bytes));
        });
      }

      it('destroy in a tick is the last of them', async () => {
        const { client, pieces, log } = await receive(function(calls) {
          if (calls === 5) process.nextTick(() => this.destroy());
        });
        await once(client, 'close');
        await quiet();
        assert.deepStrictEqual([pieces.length, log], [5, ['close:false']]);
      });

      it('a function gives buffers of any length', async () => {
        let calls = 0;
        const { client, pieces } = await receive(undefined,
          () => Buffer.alloc(++calls % 3 === 0 ? SIZE : SIZE + calls));
        await once(client, 'end');
        assert.ok(Buffer.concat(pieces).equals(bytes));
      });

      it('what the callback writes arrives', async () => {
        const { client, peer } = await openWith({
          buffer: Buffer.alloc(SIZE),
          callback() { calls++; client.write('x'); },
        });
        client.setNoDelay();
        let calls = 0;
        let answers = 0;
        peer.on('data', ({ length }) => { answers += length; });
        peer.write(bytes);
        await eventually(() => client.bytesRead === bytes.length &&
          answers === calls);
        assert.strictEqual(client.bytesRead, bytes.length);
        assert.ok(calls > 40);
        assert.strictEqual(answers, calls);
      });
    });

    it('writes still work', async () => {
      const { client, peer } =
        await openWith({ buffer: Buffer.alloc(8), callback() {} });
      client.write('out');
      const [data] = await once(peer, 'data');
      assert.strictEqual(String(data), 'out');
    });

    const ignored = {
      'no callback': { buffer: Buffer.alloc(8) },
      'no buffer': { callback() {} },
      'buffer is a string': { buffer: 'x', callback() {} },
      'null': null,
    };
    for (const [title, onread] of Object.entries(ignored)) {
      it(`${title}: data events as usual`, async () => {
        const { client, peer } = await openWith(onread);
        peer.write('x');
        const [data] = await once(client, 'data');
        assert.strictEqual(String(data), 'x');
      });
    }
  });
});
