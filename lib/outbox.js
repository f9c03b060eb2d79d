'use strict';

// Small writes made while a dispatch runs. They wait in memory shared with C
// (src/outbox.h), which sends them when the dispatch ends, those of one socket
// in one system call, and before anything that must come after them.

const binding = require('./binding');

const bytes = Buffer.from(binding.outbox);
const words = new Int32Array(binding.outbox);

// UVNET_OUTBOX_USED, UVNET_OUTBOX_OPEN and UVNET_OUTBOX_START.
const USED = 0;
const OPEN = 1;
const START = 8;
// UVNET_OUTBOX_HEADER: id, length, then the bytes.
const HEADER = 8;
const MAX_CHUNK = 2048;
// Up to this length a loop beats the call into Node's encoder.
const MAX_LOOP = 64;
// Nobody's bytes wait longer than this for other sockets' listeners.
const MAX_DELAY_MS = 1;

let clock;
let since = 0;
let listensForExit = false;

// From now on small writes wait, until C has called Node's callbacks of the
// dispatch, sends them, and closes.
function open() {
  words[OPEN] = 1;
  since = 0;
}

// Ends the waiting.
function close() {
  words[OPEN] = 0;
}

// Sends what waits.
function flush() {
  if (words[USED] > START) binding.flushOutbox();
}

// Between the events of one dispatch.
function flushIfLate() {
  if (words[USED] === START) return;
  clock ??= performance;
  const now = clock.now();
  if (since === 0) {
    since = now;
  } else if (now - since > MAX_DELAY_MS) {
    binding.flushOutbox();
    since = 0;
  }
}

// Encodes a string behind `start`; gives its length in bytes.
function encode(string, start) {
  const { length } = string;
  if (length > MAX_LOOP) return bytes.write(string, start, 'utf8');
  for (let i = 0; i < length; i++) {
    const code = string.charCodeAt(i);
    if (code > 127) return bytes.write(string, start, 'utf8');
    bytes[start + i] = code;
  }
  return length;
}

// Takes a chunk (a view, or a string to be sent as UTF-8) for the handle with
// that id. False if it has to be written at once.
function put(id, chunk) {
  if (words[OPEN] === 0 || chunk.length > MAX_CHUNK) return false;
  const isString = typeof chunk === 'string';
  const most = isString ? chunk.length * 3 : chunk.length;
  let used = words[USED];
  if (used + HEADER + most > bytes.length) {
    binding.flushOutbox();
    if (words[OPEN] === 0) return false;
    used = START;
  }
  if (!listensForExit) {
    listensForExit = true;
    process.prependListener('exit', flush);
  }
  const start = used + HEADER;
  let size = chunk.length;
  if (isString) size = encode(chunk, start);
  else bytes.set(chunk, start);
  words[used >> 2] = id;
  words[(used >> 2) + 1] = size;
  words[USED] = (start + size + 3) & ~3;
  return true;
}

// Writes a chunk behind `start`. Gives where it ends, or -1 if it does not fit
// or has an encoding that is not usual.
function append(chunk, encoding, start) {
  if (typeof chunk !== 'string') {
    if (start + chunk.length > bytes.length) return -1;
    bytes.set(chunk, start);
    return start + chunk.length;
  }
  const isUtf8 = encoding === 'utf8' || encoding === 'utf-8';
  if (!isUtf8 && encoding !== 'latin1' && encoding !== 'binary') return -1;
  if (start + chunk.length * (isUtf8 ? 3 : 1) > bytes.length) return -1;
  return start + (isUtf8 ? encode(chunk, start) :
    bytes.latin1Write(chunk, start));
}

// Writes the chunks of a vector at once, by way of the memory that is free
// behind the records. As Handle's write(), or undefined if it cannot be done.
function writeVector(id, chunks) {
  const start = words[USED];
  let end = start;
  for (let i = 0; i < chunks.length; i++) {
    const { chunk, encoding } = chunks[i];
    end = append(chunk, encoding, end);
    if (end < 0) return undefined;
  }
  return binding.writeShared(id, start, end - start);
}

module.exports = { close, flush, flushIfLate, open, put, writeVector };
