'use strict';

// Vectors of chunks and long strings: what fits into a piece of memory at once,
// what goes in parts, and what has to wait for the peer.

const assert = require('node:assert');
const { closed, collect, forEachNet, forEachTransport, turn } =
  require('./helper');
const { Random } = require('./differential/random');

// Parts of 64 KB, a third of it, four such in which any string fits, copies of
// 4 KB, and 31 views between them.
const MEMORY = 64 * 1024;
const THIRD = Math.floor(MEMORY / 3);
const EDGES = [4096, THIRD, MEMORY / 2, MEMORY - 4, MEMORY, 4 * THIRD, 2 * MEMORY,
  3 * MEMORY - 12];
const AROUND = [-1, 0, 1];

// [name, what is repeated, encoding]
const TEXTS = [
  ['ASCII', 'xyz', 'utf8'],
  ['two bytes', 'ж', 'utf8'],
  ['three bytes', '€', 'utf8'],
  ['pairs', '\u{1f600}', 'utf8'],
  ['halves of pairs', '\ud83dx\ude00', 'utf8'],
  ['first halves', '\ud83d', 'utf8'],
  ['ASCII, then pairs', null, 'utf8'],
  ['Latin-1', 'aé', 'latin1'],
  ['hex', '0aff', 'hex'],
  ['base64', 'AP8Q', 'base64'],
  ['UTF-16', 'a€', 'utf16le'],
];

// Core's C++ aborts on an odd number of hex digits in a vector.
function textOf(unit, length) {
  if (unit === '0aff') length &= ~1;
  if (unit === null) {
    return 'x'.repeat(Math.max(length - 3, 0)) + '\u{1f600}€'.slice(-length);
  }
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
}

function bytesOf(length, seed) {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + (i >> 9) + seed) & 255;
  return bytes;
}

// The bytes that [chunk, encoding] pairs stand for.
function joined(chunks) {
  return Buffer.concat(chunks.map(([chunk, encoding]) =>
    typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk));
}

// Writes in one cork, while the peer reads or does not yet. Each callback is
// called once, without an error, in order.
async function sendVector(open, net, chunks, isHeldUp) {
  const { client, peer } = await open(net);
  const called = [];
  client.cork();
  chunks.forEach(([chunk, encoding], i) => {
    client.write(chunk, encoding, (error) => called.push(error ?? i));
  });
  client.uncork();
  client.end();
  client.resume();
  if (isHeldUp) for (let i = 0; i < 5; i++) await turn();
  const received = await collect(peer);
  const expected = joined(chunks);
  assert.strictEqual(received.length, expected.length);
  assert.ok(received.equals(expected));
  await closed(client);
  assert.deepStrictEqual(called, chunks.map((_, i) => i));
  assert.strictEqual(client.bytesWritten, expected.length);
}

function randomChunk(random) {
  const length = random.chance(0.6) ? random.below(300) :
    Math.max(random.pick(EDGES) + random.pick(AROUND), 0);
  if (random.chance(0.4)) return [bytesOf(length, random.below(256))];
  const [, unit, encoding] = random.pick(TEXTS);
  return [textOf(unit, length), encoding];
}

function randomVector(seed) {
  const random = new Random(seed);
  const count = random.pick([2, 3, 8, 40, 100]);
  return Array.from({ length: count }, () => randomChunk(random));
}

forEachNet((net) => {
  forEachTransport((open) => {
    describe('vectors', () => {
      for (const [name, unit, encoding] of TEXTS) {
        it(`${name}: lengths around each edge, alone`, async () => {
          for (const length of EDGES.flatMap((edge) =>
            AROUND.map((more) => edge + more))) {
            const { client, peer } = await open(net);
            const text = textOf(unit, length);
            client.end(text, encoding);
            client.resume();
            assert.ok((await collect(peer)).equals(Buffer.from(text, encoding)),
              `${length} units`);
          }
        });

        for (const isHeldUp of [false, true]) {
          it(`${name}: behind a head and before a tail${
            isHeldUp ? ', nobody reads yet' : ''}`, async () => {
            for (const edge of EDGES) {
              await sendVector(open, net, [['head'], ['', 'latin1'],
                [textOf(unit, edge), encoding], [bytesOf(5, 1)],
                [textOf(unit, edge), encoding], ['tail', 'latin1']], isHeldUp);
            }
          });
        }
      }

      for (const count of [1, 30, 31, 32, 62, 63, 64, 65, 200]) {
        it(`${count} large views between small ones`, async () => {
          const chunks = [];
          for (let i = 0; i < count; i++) {
            chunks.push([bytesOf(5000, i)], [bytesOf(i % 3, i)]);
          }
          await sendVector(open, net, chunks, false);
          await sendVector(open, net, chunks, true);
        });
      }

      it('10,000 messages of five small pieces', async () => {
        const chunks = [];
        for (let i = 0; i < 10_000; i++) {
          chunks.push([bytesOf(1, i)], [`${i}`], ['topic/ж', 'utf8'],
            [bytesOf(i % 40, i)], ['0d0a', 'hex']);
        }
        await sendVector(open, net, chunks, true);
      });

      for (let seed = 1; seed <= 12; seed++) {
        it(`at random, seed ${seed}`, async () => {
          await sendVector(open, net, randomVector(seed), seed % 2 === 0);
        });
      }
    });

    it('a string that waits for the peer comes whole', async () => {
      for (const unit of ['x', 'x€\u{1f600}']) {
        const { client, peer } = await open(net);
        const text = textOf(unit, 9_000_001);
        let isDone = false;
        client.write(text, () => { isDone = true; });
        client.end('!');
        client.resume();
        for (let i = 0; i < 5; i++) await turn();
        assert.strictEqual(isDone, false);
        assert.ok((await collect(peer)).equals(Buffer.from(`${text}!`)));
        assert.strictEqual(isDone, true);
      }
    });

    it('each write of many parts to a peer that resets ends once', async () => {
      const { client, peer } = await open(net);
      let calls = 0;
      const count = () => { calls++; };
      client.on('error', () => {});
      client.cork();
      for (let i = 0; i < 3000; i++) {
        client.write(bytesOf(5000, i), count);
      }
      client.uncork();
      await turn();
      peer.destroy();
      await closed(client);
      assert.strictEqual(calls, 3000);
    });

    it('a vector whose elements write too', async () => {
      const { client, peer } = await open(net);
      const received = collect(peer);
      const inner = [{ chunk: Buffer.from('inner'), encoding: 'buffer' },
        { chunk: 'text', encoding: 'utf8' }];
      let calls = 0;
      const outer = [{ chunk: 'a'.repeat(100), encoding: 'utf8' }, {
        get chunk() {
          if (calls++ === 0) client._writev(inner, () => {});
          return Buffer.from('b');
        },
        encoding: 'buffer',
      }];
      client._writev(outer, () => client.end());
      client.resume();
      const text = (await received).toString();
      assert.strictEqual(text.length, 110);
      assert.ok(text.includes('innertext') && text.endsWith('b'), text);
    });
  });
});
