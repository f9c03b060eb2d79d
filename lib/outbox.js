'use strict';

// Small writes made while a dispatch runs. They wait in memory shared with C
// (src/outbox.h), which sends them when the dispatch ends, those of one socket
// in one system call, and before anything that must come after them.

const { EventEmitter } = require('events');
const process = require('process');
const binding = require('./binding');
const { Buffer, hrtime } = require('./builtin');
const { lengthOf, set } = require('./chunk');

// No method that somebody may have replaced by then runs between a look at how
// full the outbox is and its next record.
const { latin1Write, utf8Write } = Buffer.prototype;

const bytes = Buffer.from(binding.outbox);
const words = new Int32Array(binding.outbox);
const numbers = binding.outboxNumbers;

// UVNET_OUTBOX_USED and UVNET_OUTBOX_OPEN.
const USED = 0;
const OPEN = 1;
// UVNET_OUTBOX_HEADER: id, length, then the bytes.
const HEADER = 8;
// UVNET_OUTBOX_ENDS.
const ENDS = 1 << 30;
const MAX_CHUNK = 2048;
// The most in a vector that waits: UTF-16 units and bytes, and chunks.
const MAX_VECTOR = 64 * 1024;
const MAX_CHUNKS = 16;
// A character takes at most so many bytes as UTF-8: where as many are free behind
// a text, all of it is there.
const MAX_CHARACTER = 4;
// Up to this length a loop beats the call into Node's encoder.
const MAX_LOOP = 64;
// Nobody's bytes wait much longer than this for other sockets' listeners.
const MAX_DELAY_MS = 1;
// Listeners that take less than this between two looks at the clock may be twice
// as many till the next: a look takes as long as a small listener. They are few
// all the same, for those that come then may be slow.
const FAST_MS = MAX_DELAY_MS / 8;
const MAX_INTERVAL = 8;

// Since when bytes wait in this dispatch, and when the clock was looked at; 0
// before the first look.
let since = 0;
let looked = 0;
// Listeners from one look to the next, and those that are left till then.
let interval = 1;
let untilLook = 1;
let listensForExit = false;

// The process ends in the middle of a dispatch: what comes from now on, from
// other listeners of 'exit', must not wait. Connections that were accepted ahead
// of their listener get what those get that were not accepted: a reset.
function onExit() {
  close();
  flush();
  binding.resetUnseen();
}

// From now on small writes wait, until C has called Node's callbacks of the
// dispatch, sends them, and closes.
function open() {
  if (!listensForExit) {
    listensForExit = true;
    EventEmitter.prototype.prependListener.call(process, 'exit', onExit);
  }
  numbers[OPEN] = 1;
  looked = 0;
  untilLook = 1;
}

// Ends the waiting.
function close() {
  numbers[OPEN] = 0;
}

// Sends what waits.
function flush() {
  if (numbers[USED] > 0) binding.flushOutbox();
}

// By a clock that nothing sets.
function milliseconds() {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

// Between the events of one dispatch.
function flushIfLate() {
  if (numbers[USED] === 0 || --untilLook > 0) return;
  const now = milliseconds();
  if (looked === 0) {
    since = now;
    interval = 1;
  } else {
    interval = now - looked < FAST_MS ? Math.min(interval * 2, MAX_INTERVAL) : 1;
    if (now - since > MAX_DELAY_MS) {
      binding.flushOutbox();
      since = now;
    }
  }
  looked = now;
  untilLook = interval;
}

// How an encoding's strings become bytes here and in C: false as UTF-8, true as
// Latin-1, undefined for all others.
function isLatin1(encoding) {
  switch (encoding) {
    case 'utf8':
    case 'utf-8':
      return false;
    case 'latin1':
    case 'binary':
    case 'ascii':
      return true;
    default:
      return undefined;
  }
}

// Encodes a string behind `start`; gives its length in bytes.
function encode(string, start, asLatin1) {
  const { length } = string;
  if (length <= MAX_LOOP) {
    const limit = asLatin1 ? 0xffff : 0x7f;
    let i = 0;
    for (; i < length; i++) {
      const code = string.charCodeAt(i);
      if (code > limit) break;
      bytes[start + i] = code;
    }
    if (i === length) return length;
  }
  return asLatin1 ? latin1Write.call(bytes, string, start) :
    utf8Write.call(bytes, string, start);
}

// The last record: where it starts, in words, and where its bytes end.
let last = 0;
let lastEnd = 0;

// Where the next bytes for the handle with that id go: behind those in the last
// record if they are for the same one, else into a new record.
function begin(id) {
  const used = numbers[USED];
  if (used === 0 || words[last] !== id || words[last + 1] >= ENDS) {
    last = used >> 2;
    lastEnd = used + HEADER;
    words[last] = id;
  }
  return lastEnd;
}

// Ends the last record behind `end`.
function finish(end) {
  lastEnd = end;
  words[last + 1] = end - HEADER - last * 4;
  numbers[USED] = (end + 3) & ~3;
}

// Takes a chunk (a view, or a string with its encoding) for the handle with that
// id. False if it has to be written at once.
function put(id, chunk, asLatin1) {
  if (numbers[OPEN] === 0) return false;
  const isString = typeof chunk === 'string';
  const length = isString ? chunk.length : lengthOf.call(chunk);
  if (length > MAX_CHUNK) return false;
  const most = isString && !asLatin1 ? length * 3 : length;
  if (numbers[USED] + HEADER + most > bytes.length) {
    binding.flushOutbox();
    if (numbers[OPEN] === 0 || bytes.length === 0) return false;
  }
  const start = begin(id);
  if (isString) {
    finish(start + encode(chunk, start, asLatin1));
  } else {
    set.call(bytes, chunk, start);
    finish(start + length);
  }
  return true;
}

// Encodes a string behind `start`. Gives where it ends, or -1 if there may be too
// little room. Most text has one byte for a character.
function encodeIfRoom(string, start, asLatin1) {
  const { length } = string;
  const room = bytes.length - start;
  if ((asLatin1 ? length : length * 3) <= room) {
    return start + encode(string, start, asLatin1);
  }
  if (asLatin1 || length + MAX_CHARACTER > room) return -1;
  const count = utf8Write.call(bytes, string, start, room);
  return room - count < MAX_CHARACTER ? -1 : start + count;
}

// The UTF-16 units and bytes of a stream's buffer; more than may wait if one of
// its strings has an encoding that is not usual.
function sizeOf(chunks) {
  let size = 0;
  for (let i = 0; i < chunks.length; i++) {
    const { chunk, encoding } = chunks[i];
    if (typeof chunk !== 'string') size += lengthOf.call(chunk);
    else if (isLatin1(encoding) === undefined) return Infinity;
    else size += chunk.length;
  }
  return size;
}

// Writes the chunks behind `start`. Gives where they end, or -1 if there may be
// too little room.
function fill(chunks, start) {
  let end = start;
  for (let i = 0; i < chunks.length && end >= 0; i++) {
    const { chunk, encoding } = chunks[i];
    if (typeof chunk === 'string') {
      end = encodeIfRoom(chunk, end, isLatin1(encoding));
    } else if (lengthOf.call(chunk) <= bytes.length - end) {
      set.call(bytes, chunk, end);
      end += lengthOf.call(chunk);
    } else {
      end = -1;
    }
  }
  return end;
}

// Takes the elements of a stream's buffer whose writer waits for their end: C
// tells of it when it has sent them. False if they must be written at once.
function putVector(id, chunks) {
  if (numbers[OPEN] === 0 || chunks.length > MAX_CHUNKS) return false;
  const size = sizeOf(chunks);
  if (size === 0 || size > MAX_VECTOR) return false;
  if (numbers[USED] + HEADER + size + MAX_CHARACTER > bytes.length) {
    binding.flushOutbox();
    if (numbers[OPEN] === 0 || bytes.length === 0) return false;
  }
  const used = numbers[USED];
  const start = used + HEADER;
  const end = fill(chunks, start);
  // A getter of a user's elements may have written meanwhile.
  if (end <= start || numbers[USED] !== used || numbers[OPEN] === 0) return false;
  last = used >> 2;
  words[last] = id;
  words[last + 1] = (end - start) | ENDS;
  numbers[USED] = (end + 3) & ~3;
  return true;
}

module.exports = {
  bytes, close, encode, flush, flushIfLate, isLatin1, numbers, open, OPEN, put,
  putVector,
};
