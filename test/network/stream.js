'use strict';

// What goes over a connection: bytes without a pattern, known from their place
// alone. So whoever has received some can say whether they are what was sent, in
// its order, however little of it has come.

const { createCipheriv, createHash } = require('node:crypto');

// A prime: no buffer has this size, so a piece that is doubled or left out
// shows.
const PERIOD = 1048573;
const blocks = new Map();

function blockOf(seed) {
  if (!blocks.has(seed)) {
    const key = createHash('sha256').update(`stream ${seed}`).digest();
    blocks.set(seed, createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
      .update(Buffer.alloc(PERIOD)));
  }
  return blocks.get(seed);
}

/** The bytes from one place on. */
function bytesAt(seed, start, length) {
  const block = blockOf(seed);
  const parts = [];
  for (let at = start % PERIOD, left = length; left > 0; at = 0) {
    const part = block.subarray(at, at + left);
    parts.push(part);
    left -= part.length;
  }
  return Buffer.concat(parts);
}

/** The SHA-256 of the first so many bytes. */
function hashOf(seed, length) {
  return createHash('sha256').update(bytesAt(seed, 0, length)).digest('hex');
}

/** Counts and hashes what goes by. */
class Tally {
  #hash = createHash('sha256');
  bytes = 0;

  add(chunk) {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
  }

  report() {
    return { bytes: this.bytes, hash: this.#hash.copy().digest('hex') };
  }
}

module.exports = { Tally, bytesAt, hashOf };
