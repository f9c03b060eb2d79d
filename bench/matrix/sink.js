'use strict';

// Where what was read goes: it counts, and ends an operation by the last byte.

const { createHash } = require('node:crypto');

class Sink {
  /** `decode` is the encoding of the strings that come, if they do. */
  constructor(length, decode) {
    this.length = length;
    this.decode = decode;
    this.left = 0;
    this.done = undefined;
    this.hash = undefined;
  }

  /** Begins an operation; `done` is called when all of it is there. */
  expect(done) {
    this.left = this.length;
    this.done = done;
  }

  add(chunk) {
    this.hash?.update(chunk, this.decode);
    this.left -= chunk.length;
    if (this.left === 0) this.done();
    else if (this.left < 0) throw new Error(`${-this.left} bytes too many`);
  }

  startHash() {
    this.hash = createHash('sha1');
  }

  /** The hash of what has come since startHash(). */
  endHash() {
    const { hash } = this;
    this.hash = undefined;
    return hash.digest('hex');
  }
}

/** A function that calls `done` when it has been called `count` times. */
function countdown(count, done) {
  let left = count;
  return () => {
    if (--left === 0) done();
  };
}

module.exports = { countdown, Sink };
