'use strict';

// What a dispatch has read for a handle and not brought to it yet, for whoever
// takes the connection over from the handle.

const { uv } = require('./errors');
const { relayMemory } = require('./relay');

// As in lib/dispatch.js.
const READ = 0;
const READ_BULK = 8;
const READ_RELAY = 9;
const EVENT_FIELDS = 4;

const FastBuffer = Buffer[Symbol.species];

// The chunk of an event; undefined if it brings none.
function chunkOf([kind, , length, offset], base, bulk, slab) {
  if (length <= 0 || offset < 0) return undefined;
  switch (kind) {
    case READ: return new FastBuffer(slab, base + offset, length);
    case READ_BULK: return new FastBuffer(bulk, offset, length);
    case READ_RELAY: return relayMemory(offset, offset + length);
    default: return undefined;
  }
}

// The chunks for handle `id` among the events that the dispatch has not come
// to; it will bring them to nobody. That the peer has ended is forgotten: who
// reads on will learn it again. Their bytes lie in `slab` from `base` on, or in
// `bulk`.
function takeReads(id, events, base, bulk, slab) {
  const chunks = [];
  for (let i = 0; i < events.length; i += EVENT_FIELDS) {
    if (events[i + 1] !== id) continue;
    const event = events.subarray(i, i + EVENT_FIELDS);
    const chunk = chunkOf(event, base, bulk, slab);
    if (chunk) chunks.push(chunk);
    if (chunk || (event[0] === READ && event[2] === uv.EOF)) event[1] = -1;
  }
  return chunks;
}

module.exports = { takeReads };
