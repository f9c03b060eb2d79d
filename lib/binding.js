'use strict';

// What the addon exports, with memory that JavaScript and C share. Loaded before
// all other files, for it refuses what uvnet cannot run on.

const { load } = require('./binary');

const { Float64Array, Int32Array, SharedArrayBuffer, Uint8Array } = globalThis;

// Memory that nobody can take away from C: a transfer would.
function share(size) {
  return new Uint8Array(new SharedArrayBuffer(size));
}

const binding = load().instance(share);
binding.events = new Int32Array(binding.events.buffer);
binding.results = new Float64Array(binding.results.buffer);
binding.outboxNumbers = new Int32Array(binding.outboxNumbers.buffer);

module.exports = binding;
