'use strict';

// The dimensions of the matrix, and how cells are drawn from it. A cell is one
// value of each, and its id is all of them:
//   protocol/transport/direction/verb/kind/size/manner[ xPIECES]/reader[ xLANES]
// Which values go together depends on those before them in that order.

const { randomNumbers } = require('../stats');
const { bytesOf, kindNames } = require('./payload');

const KB = 1024;
const MB = KB * KB;
const LIMIT = 4 * MB;

// Where buffers end and ways of writing change. UTF-8 may need three bytes for a
// character: 21,845 of them are sure to fit into 64 KB.
const EDGES = [64, 2 * KB, 4 * KB, 16 * KB, 21845, 64 * KB, 256 * KB];
const PLAIN = [1, 2, 10, 30, 100, 200, 400, 700, 1000, 1400, 3000, 6000, 10000,
  30000, 50000, 100000, 150000, 400000, MB, 2 * MB, LIMIT];
const SIZES = [...EDGES.flatMap((size) => [size - 1, size, size + 1]), ...PLAIN];
const PIECES = [1, 2, 5, 10, 63, 64, 65, 100, 1000, 1024, 3000, 10000];

// Connections that work at once.
const LANES = [1, 16];

const TEXTS = ['utf8-ascii', 'utf8-accents', 'utf8-wide'];
const BYTES = ['buffer', 'uint8array'];
const STREAM_READERS =
  ['data', 'readable', 'iterator', 'pipe', 'encoding', 'paused'];

// Many pieces: `writes` are one after the other, without a cork.
const MANY = ['writes', 'corked', 'piped'];

const http = {
  verbs: ['end', 'write'],
  // `fresh` has a connection for each operation.
  manners: { end: ['alone', 'callback', 'fresh'], write: MANY },
  kinds: kindNames,
  readers: STREAM_READERS,
};

// `pieces` is the most that an operation may have there, which keeps it within
// some 50 ms. `weight` is how much of a sample it is.
const protocols = {
  net: {
    weight: 10, pieces: 10000, kinds: kindNames,
    verbs: ['write', 'write', 'end'],
    manners: {
      write: ['alone', 'callback', ...MANY], end: ['alone', 'callback', ...MANY],
    },
    readers: [...STREAM_READERS, 'onread'],
  },
  http: { ...http, weight: 4, pieces: 3000 },
  https: { ...http, weight: 2, pieces: 1024 },
  ws: {
    weight: 2, pieces: 1024, kinds: [...TEXTS, ...BYTES], verbs: ['send'],
    manners: { send: ['alone', 'callback', 'writes'] }, readers: ['message'],
  },
  redis: {
    weight: 1, pieces: 1024, kinds: [...TEXTS, 'buffer'], verbs: ['command'],
    manners: { command: ['alone', 'writes'] }, readers: ['reply'],
  },
  pg: {
    weight: 1, pieces: 100, kinds: [...TEXTS, 'buffer'], verbs: ['query'],
    manners: { query: ['alone', 'writes'] }, readers: ['reply'],
  },
};

const weighted = Object.entries(protocols)
  .flatMap(([name, { weight }]) => Array(weight).fill(name));

function mannersOf({ protocol, verb }) {
  return protocols[protocol].manners[verb];
}

// The values of http's writable side are written in no default encoding: what
// is piped into it is text in UTF-8, or bytes.
function kindsOf({ protocol, manner }) {
  const { kinds } = protocols[protocol];
  const isLimited = manner === 'piped' && protocol !== 'net';
  return isLimited ? [...TEXTS, ...BYTES] : kinds;
}

function piecesOf({ protocol, manner }) {
  if (!MANY.includes(manner)) return [1];
  return PIECES.filter((count) => count <= protocols[protocol].pieces);
}

// net.Server knows no option `onread`.
function readersOf({ protocol, direction }) {
  const { readers } = protocols[protocol];
  return direction === 'down' ? readers :
    readers.filter((name) => name !== 'onread');
}

// In the order of choice.
const dimensions = {
  protocol: () => weighted,
  transport: () => ['tcp', 'unix'],
  // Up is from the client to the server.
  direction: () => ['up', 'down'],
  verb: ({ protocol }) => protocols[protocol].verbs,
  manner: mannersOf,
  pieces: piecesOf,
  lanes: () => LANES,
  kind: kindsOf,
  size: (cell) => SIZES.filter((size) => fits({ ...cell, size })),
  reader: readersOf,
};

function fits(cell) {
  return bytesOf(cell.kind, cell.size) * cell.pieces * cell.lanes <= LIMIT;
}

function idOf(cell) {
  const { manner, pieces } = cell;
  const many = MANY.includes(manner) ? `${manner} x${pieces}` : manner;
  return [cell.protocol, cell.transport, cell.direction, cell.verb, cell.kind,
    cell.size, many, cell.lanes > 1 ? `${cell.reader} x${cell.lanes}` :
      cell.reader].join('/');
}

function check(cell, name) {
  if (!Object.hasOwn(cell, name) || cell[name] === undefined) return false;
  // Any size and any number of pieces can be asked for.
  if (name === 'size') return cell.size >= 1 && fits(cell);
  if (name === 'lanes') return cell.lanes >= 1;
  if (name === 'pieces') {
    return cell.pieces >= 1 && (MANY.includes(cell.manner) || cell.pieces === 1);
  }
  return dimensions[name](cell)?.includes(cell[name]);
}

/** The cell of an id; throws for one that there is not. */
function parse(id) {
  const [protocol, transport, direction, verb, kind, size, many, last] =
    id.split('/');
  const [manner, count = 'x1'] = (many ?? '').split(' ');
  const [reader, lanes = 'x1'] = (last ?? '').split(' ');
  const cell = { protocol, transport, direction, verb, manner,
    pieces: Number(count.slice(1)), lanes: Number(lanes.slice(1)),
    kind, size: Number(size), reader };
  const wrong = Object.keys(dimensions).find((name) => !protocols[protocol] ||
    !check(cell, name));
  if (wrong) throw new Error(`${id}: no such ${wrong}`);
  return { ...cell, id: idOf(cell) };
}

// Takes what was taken least often among what is possible, so that every value
// comes up, and by chance among equals.
class Deck {
  constructor(random) {
    this.random = random;
    this.taken = new Map();
  }

  draw(values) {
    // A value that is listed twice is to come up twice as often.
    const listed = new Map();
    for (const value of values) listed.set(value, (listed.get(value) ?? 0) + 1);
    const shares = values.map((value) =>
      (this.taken.get(value) ?? 0) / listed.get(value));
    const least = Math.min(...shares);
    const best = values.filter((value, i) => shares[i] === least);
    const value = best[Math.floor(this.random() * best.length)];
    this.taken.set(value, (this.taken.get(value) ?? 0) + 1);
    return value;
  }
}

function drawCell(decks) {
  const cell = {};
  for (const [name, values] of Object.entries(dimensions)) {
    // Small and large protocols have decks of their own, lest those with few
    // values be served with what is left by the others.
    const key = name === 'protocol' ? name : `${cell.protocol} ${name}`;
    cell[name] = decks(key).draw(values(cell));
  }
  return { ...cell, id: idOf(cell) };
}

/**
 * @param {number} seed
 * @param {number} count how many cells
 * @param {(id: string) => boolean} accept which of all cells to draw from
 * @returns {object[]} different cells, in random order
 */
function sample(seed, count, accept = () => true) {
  const random = randomNumbers(seed);
  const all = new Map();
  const decks = (key) => {
    if (!all.has(key)) all.set(key, new Deck(random));
    return all.get(key);
  };
  const cells = new Map();
  for (let i = 0; cells.size < count && i < count * 200; i++) {
    const cell = drawCell(decks);
    if (accept(cell.id)) cells.set(cell.id, cell);
  }
  return shuffle([...cells.values()], random);
}

function shuffle(values, random) {
  const rest = [...values];
  for (let i = rest.length - 1; i > 0; i--) {
    const k = Math.floor(random() * (i + 1));
    [rest[i], rest[k]] = [rest[k], rest[i]];
  }
  return rest;
}

module.exports = { dimensions, LANES, MANY, parse, PIECES, sample, shuffle, SIZES };
