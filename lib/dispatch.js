'use strict';

// Events on their way from C to the handles: one call from C brings all that
// are ready, and between two of them ticks and microtasks run.

const process = require('process');
const binding = require('./binding');
const { chunkOf, copyOf, viewOf } = require('./chunk');
const core = require('./core');
const { uv } = require('./errors');
const outbox = require('./outbox');
const { relayMemory } = require('./relay');

const { events } = binding;

// enum uvnet_event_kind in src/event.h.
const kinds = {
  READ: 0,
  WRITE: 1,
  CONNECT: 2,
  SHUTDOWN: 3,
  CONNECTION: 4,
  CLOSE: 5,
  WRITE_FAILED: 6,
  WRITE_QUEUED: 7,
  READ_LARGE: 8,
  READ_RELAY: 9,
  STARVED: 10,
};
const { READ, CLOSE, READ_LARGE, READ_RELAY } = kinds;
const EVENT_FIELDS = 4;
// Where a read's bytes are: in the user's own buffer, or they fill it.
const IN_USER_BUFFER = -1;
const FILLS_USER_BUFFER = -2;
// What one dispatch reads for a user's buffer.
const READ_ON_LIMIT = 256 * 1024;
// The numbers at the start of the events, UVNET_HEADER_FIRST and so on.
const FIRST = 0;
const COUNT = 1;

// Where C puts what it reads. This memory serves again and again, and nobody
// outside sees it.
const { buffer: inbox } = binding.inbox;

// Handles by id, from creation until libuv has closed them.
const handles = [];

// Set when the running event's listener or tick threw: Node then leaves the
// other ticks for later.
let hasThrown = false;

let deliver;

// Calls a listener inside its async scope. What it throws is reported there, so
// that 'uncaughtException' sees the same context as with core, and the events
// after it still arrive.
function guarded(listener, a, b) {
  try {
    listener.call(this, a, b);
  } catch (error) {
    report(error);
  }
}

// What a listener threw goes to 'uncaughtException'.
function report(error) {
  hasThrown = true;
  binding.fatalException(error);
}

// What core's own timers use to drain ticks and microtasks between two of them.
// It is deprecated for everybody else, and says so under --pending-deprecation.
const runTicks = core.runTicks ?? null;

// Between the events of a dispatch. Without it each has one of its own.
const drain = process.env.UVNET_NO_BATCHING === '1' ? null : runTicks;

// Ticks and microtasks of one event run before the next, as if the loop had
// brought them one by one. What a tick throws leaves Node's stack of async ids
// as it was; the report of a fatal exception is what clears it.
function drainTicks() {
  if (runTicks === null) return;
  try {
    runTicks();
  } catch (error) {
    report(error);
  }
}

// The running dispatch: its events, how far it is, and the chunks of large reads.
let list = events;
let at = 0;
let end = 0;
const none = [];
let large = none;
// The chunks of its events, if they are no longer in the inbox.
let copied = null;
// It came while another one ran.
let isNested = false;

// The bytes of a read that C put into memory of its own, as a chunk.
function takeChunk(length, offset) {
  return copied === null ? chunkOf(inbox, offset, length) : copied[offset];
}

// The same for whoever copies them at once.
function takeView(length, offset) {
  return copied === null ? viewOf(inbox, offset, length) : copied[offset];
}

// The chunk of a large read, which C made.
function takeLarge(index) {
  return large[index];
}

function deliverNext() {
  const kind = list[at];
  const id = list[at + 1];
  const a = list[at + 2];
  const b = list[at + 3];
  at += EVENT_FIELDS;
  const handle = handles[id];
  if (kind === CLOSE) handles[id] = undefined;
  // A connection that could not be accepted closes without ever having had an
  // object.
  if (handle === undefined) return;
  deliver(handle, kind, a, b);
}

// The last read filled its user's buffer, so there may be more: another dispatch
// for that would cost more than the read.
function readOn(id, count) {
  for (let left = READ_ON_LIMIT - count; left >= count; left -= count) {
    drainTicks();
    if (hasThrown) return;
    outbox.flushIfLate();
    const handle = handles[id];
    // A listener that ran the loop may have closed it.
    const read = handle === undefined ? 0 : handle.readOn();
    if (read === 0) return;
    deliver(handle, READ, read, IN_USER_BUFFER);
    if (read !== count) return;
  }
}

// The last event's ticks are Node's to drain, when dispatch() returns to it.
function deliverRest() {
  for (;;) {
    deliverNext();
    if (at >= end) {
      if (list[at - 1] === FILLS_USER_BUFFER && drain !== null &&
          !hasThrown && !isNested) {
        readOn(list[at - 3], list[at - 2]);
      }
      break;
    }
    if (drain !== null && !hasThrown && !isNested) drainTicks();
    hasThrown = false;
    outbox.flushIfLate();
  }
  hasThrown = false;
}

// What is caught here is not of a listener: those errors are caught further in.
// Whatever it is, the other events must arrive.
function deliverAll() {
  for (let isDone = false; !isDone;) {
    try {
      deliverRest();
      isDone = true;
    } catch (error) {
      report(error);
      hasThrown = false;
      isDone = at >= end;
    }
  }
}

function begin(batch) {
  ({ list, at, end, large, copied } = batch);
}

// The dispatches that came while one ran, in their order: a listener runs the
// event loop itself (a native addon can).
const later = [];

// The chunks of a batch's reads from the inbox; the events point to them from now
// on. One that cannot be had becomes an error of its socket's.
function copyChunks(batch) {
  const chunks = [];
  for (let i = 0; i < batch.length; i += EVENT_FIELDS) {
    if (batch[i] !== READ || batch[i + 3] < 0) continue;
    try {
      const chunk = chunkOf(inbox, batch[i + 3], batch[i + 2]);
      batch[i + 3] = chunks.push(chunk) - 1;
    } catch {
      batch[i + 2] = uv.ENOMEM;
      batch[i + 3] = -1;
    }
  }
  return chunks;
}

// The rest of the running dispatch, and those that came while it ran.
function deliverLater() {
  for (;;) {
    if (at < end) deliverAll();
    else if (later.length > 0) begin(later.shift());
    else return;
  }
}

// C will use the memory of the events that are left, and of these, and of their
// bytes, so all are copied. They are delivered before the listener goes on, the
// older ones first, and as with core no tick runs meanwhile.
function dispatchNested(chunks) {
  const first = events[FIRST];
  const size = events[COUNT] * EVENT_FIELDS;
  const inner = events.slice(first, first + size);
  later.push({ list: inner, at: 0, end: size, large: chunks,
    copied: copyChunks(inner) });
  list = list.slice(at, end);
  end -= at;
  at = 0;
  copied ??= copyChunks(list);
  outbox.close();
  const wasNested = isNested;
  isNested = true;
  try {
    deliverLater();
  } finally {
    isNested = wasNested;
  }
}

let isDispatching = false;

// C calls this, with the chunks of large reads.
function dispatch(...chunks) {
  if (isDispatching) {
    dispatchNested(chunks);
    return;
  }
  isDispatching = true;
  list = events;
  at = events[FIRST];
  end = at + events[COUNT] * EVENT_FIELDS;
  large = chunks;
  copied = null;
  if (drain !== null) outbox.open();
  try {
    deliverAll();
  } finally {
    isDispatching = false;
    large = none;
  }
}

// Whether the running dispatch has events for others behind this one.
function hasMore() {
  return at < end && isDispatching;
}

// From now on bring(handle, kind, a, b) takes each event to its handle.
function serve(bring) {
  deliver = bring;
  binding.setDispatch(dispatch, drain !== null);
}

// The chunk of a batch's event; undefined if it brings none.
function chunkOfEvent([kind, id, length, offset], batch) {
  if (length <= 0) return undefined;
  switch (kind) {
    case READ:
      if (offset < 0) return copyOf(handles[id].userBuffers[0], length);
      return batch.copied?.[offset] ?? chunkOf(inbox, offset, length);
    case READ_LARGE: return batch.large[offset];
    case READ_RELAY: return relayMemory(offset, offset + length);
    default: return undefined;
  }
}

// The chunks for handle `id` among the events that the dispatch has not come
// to, for whoever takes the connection over from the handle; it will bring them
// to nobody. That the peer has ended is forgotten: who reads on will learn it
// again.
function takeReads(id) {
  const chunks = [];
  for (const batch of [{ list, at, end, large, copied }, ...later]) {
    for (let i = batch.at; i < batch.end; i += EVENT_FIELDS) {
      if (batch.list[i + 1] !== id) continue;
      const event = batch.list.subarray(i, i + EVENT_FIELDS);
      const chunk = chunkOfEvent(event, batch);
      if (chunk) chunks.push(chunk);
      if (chunk || (event[0] === READ && event[2] === uv.EOF)) event[1] = -1;
    }
  }
  return chunks;
}

module.exports = {
  drainTicks, guarded, handles, hasMore, kinds, report, serve, takeChunk, takeLarge,
  takeReads, takeView,
};
