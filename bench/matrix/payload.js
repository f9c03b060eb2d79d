'use strict';

// What is written: pieces of some kind, and what has to arrive of them.

const { createHash } = require('node:crypto');

const ASCII = 'The quick brown fox jumps over the lazy dog; 0123456789, +-*/=?';
const ACCENTS = 'Àéîõü çà et là: Größe, naïveté, señor, øre, ¿qué?';
const WIDE = 'Съешь же ещё этих мягких французских булок, да выпей чаю';

// Pieces differ, so that the order shows in a hash.
const VARIANTS = 7;

// `length` characters of the pattern, in one flat string: what is made by
// repeat() and slice() refers to parts, which the first to write it would join.
function text(pattern, length, variant, encoding) {
  const turned = pattern.slice(variant) + pattern.slice(0, variant);
  const long = turned.repeat(Math.ceil(length / turned.length));
  return Buffer.from(long.slice(0, length), encoding).toString(encoding);
}

const ascii = (length, variant) => text(ASCII, length, variant, 'latin1');
const bytes = (length, variant) => Buffer.from(ascii(length, variant));
const encoded = (encoding) => (length, variant) =>
  bytes(length, variant).toString(encoding);

// `encoding` is that of writing; a size is in characters where `width` is bytes
// of one, else in bytes. `decode` is what a reader sets that wants strings.
const kinds = {
  'utf8-ascii': { encoding: 'utf8', make: ascii },
  // A string of one byte for each character, two in UTF-8.
  'utf8-accents': { encoding: 'utf8', width: 2,
    make: (length, variant) => text(ACCENTS, length, variant, 'latin1') },
  'utf8-wide': { encoding: 'utf8', width: 2,
    make: (length, variant) => text(WIDE, length, variant, 'utf16le') },
  'latin1': { encoding: 'latin1', decode: 'latin1',
    make: (length, variant) => text(ACCENTS, length, variant, 'latin1') },
  'utf16le': { encoding: 'utf16le', width: 2, make: ascii },
  'hex': { encoding: 'hex', make: encoded('hex') },
  'base64': { encoding: 'base64', make: encoded('base64') },
  'buffer': { make: bytes },
  'uint8array': {
    make: (length, variant) => new Uint8Array(bytes(length, variant)),
  },
};

/** No more than these bytes are written for `size` of that kind. */
function bytesOf(kind, size) {
  return size * (kinds[kind].width ?? 1);
}

function asBytes(piece, encoding) {
  return typeof piece === 'string' ? Buffer.from(piece, encoding) : piece;
}

/**
 * @param {object} cell
 * @returns {object} `pieces`, `encoding` to write them with, `bytes` in all,
 *   `hash` of these, and how they are read: `decode`, an encoding, gives
 *   `characters` of strings
 */
function makePayload({ kind, size, pieces: count }) {
  const { encoding, make, decode = 'utf8' } = kinds[kind];
  const variants = Array.from({ length: Math.min(VARIANTS, count) },
    (value, i) => make(size, i));
  const pieces = Array.from({ length: count },
    (value, i) => variants[i % variants.length]);
  const all = Buffer.concat(pieces.map((piece) => asBytes(piece, encoding)));
  return {
    pieces, encoding, decode,
    bytes: all.length,
    characters: all.toString(decode).length,
    hash: createHash('sha1').update(all).digest('hex'),
  };
}

module.exports = { asBytes, bytesOf, kindNames: Object.keys(kinds), makePayload };
