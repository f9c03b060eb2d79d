'use strict';

// bench/matrix.js compares nothing where a cell does not do what its id says.
// So every kind of cell is tried here, by one operation of which all bytes are
// looked at, in a process of each net.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { bytesOf, kindNames } = require('../bench/matrix/payload');
const { dimensions, parse, PIECES, sample, SIZES } =
  require('../bench/matrix/cells');
const { request, startSide, stopSides } = require('../bench/matrix/measure');
const { Sink } = require('../bench/matrix/sink');
const { forEachNet } = require('./helper');

const SEED = 1;

// What has to be seen with each other, besides every value of a dimension.
const together = [['protocol', 'verb', 'manner'], ['protocol', 'kind'],
  ['protocol', 'transport', 'direction'], ['protocol', 'reader']];

function kindsOf(cell) {
  const keys = [...Object.keys(dimensions).map((name) => [name]), ...together];
  return keys.map((names) =>
    names.map((name) => `${name} ${cell[name]}`).join(', '));
}

// What one operation takes, roughly: a piece is as dear as some hundred bytes.
const amount = ({ kind, size, pieces }) => (bytesOf(kind, size) + 500) * pieces;

// The cells of a sample that have something the ones before have not, beginning
// with those that take least.
function cover(cells) {
  const seen = new Set();
  return cells.toSorted((a, b) => amount(a) - amount(b)).filter((cell) => {
    const fresh = kindsOf(cell).filter((kind) => !seen.has(kind));
    for (const kind of fresh) seen.add(kind);
    return fresh.length > 0;
  });
}

describe('cells of the benchmark', function() {
  this.timeout(30000);

  const cells = cover(sample(SEED, 2000));
  let folder;

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-matrix-'));
  });

  after(() => fs.rmSync(folder, { recursive: true }));

  it('have all values of each dimension', () => {
    const missing = (name, values) => values.filter((value) =>
      !cells.some((cell) => cell[name] === value));
    assert.deepStrictEqual(missing('size', SIZES), []);
    assert.deepStrictEqual(missing('pieces', PIECES), []);
    assert.deepStrictEqual(missing('kind', kindNames), []);
    assert.deepStrictEqual(missing('protocol',
      ['http', 'https', 'net', 'pg', 'redis', 'ws']), []);
    assert.deepStrictEqual(missing('manner', ['alone', 'callback', 'corked',
      'fresh', 'piped', 'writes']), []);
    assert.deepStrictEqual(missing('reader', ['data', 'encoding', 'iterator',
      'message', 'onread', 'paused', 'pipe', 'readable', 'reply']), []);
  });

  it('are the same for the same seed', () => {
    const ids = (seed) => sample(seed, 50).map(({ id }) => id);
    assert.deepStrictEqual(ids(7), ids(7));
    assert.notDeepStrictEqual(ids(7), ids(8));
    assert.strictEqual(new Set(ids(7)).size, 50);
  });

  it('are found by their ids', () => {
    for (const cell of cells) assert.deepStrictEqual(parse(cell.id), cell);
    for (const id of ['', 'net', 'ftp/tcp/up/write/buffer/1/alone/data',
      'net/tcp/up/write/buffer/1/alone/onread',
      'net/tcp/up/write/buffer/1/alone x2/data',
      'net/tcp/up/write/buffer/0/alone/data',
      'net/tcp/up/write/buffer/5000000/alone/data',
      'http/tcp/up/write/hex/5/piped x2/data']) {
      assert.throws(() => parse(id), /no such/, id);
    }
  });

  it('refuse more bytes than were sent', () => {
    const sink = new Sink(3);
    sink.expect(() => {});
    sink.add(Buffer.from('abc'));
    assert.throws(() => sink.add(Buffer.from('d')), /1 bytes too many/);
  });

  forEachNet((net, name) => {
    it('get what they send', async function() {
      // Where others use the machine too, what takes two seconds takes ten.
      this.timeout(60000);
      const side = startSide(name, { folder });
      try {
        for (const cell of cells) {
          await request(side, { open: cell }).catch((err) => {
            throw new Error(`${cell.id}: ${err.message}`);
          });
          await request(side, { close: true });
        }
      } finally {
        await stopSides([side]);
      }
    });
  });
});
