'use strict';

// Small writes made while a dispatch runs. They wait in memory shared with C,
// which sends them when the dispatch ends, those of one socket in one system
// call. Whoever has to know that the bytes are with the kernel calls flush().

const binding = require('./binding');

const bytes = Buffer.from(binding.outbox);
const words = new Int32Array(binding.outbox);

// UVNET_OUTBOX_HEADER in src/outbox.h: id, length, then the bytes.
const HEADER = 8;
const MAX_CHUNK = 2048;
// Up to this length a loop beats the call into Node's encoder.
const MAX_LOOP = 64;
// Nobody's bytes wait longer than this for other sockets' listeners.
const MAX_DELAY_MS = 1;

const { performance } = require('perf_hooks');

let isOpen = false;
let used = 0;
let since = 0;
let listensForExit = false;

function onExit() {
  flush();
}

// From now on small writes wait.
function open() {
  isOpen = true;
  since = performance.now();
}

// Ends the waiting. How many bytes of records C has to send.
function close() {
  const size = used;
  isOpen = false;
  used = 0;
  return size;
}

// Sends what waits.
function flush() {
  if (used === 0) return;
  const size = used;
  used = 0;
  // Writes that failed or have to wait are reported when the dispatch ends. No
  // more are taken until then, so that those who write learn of it.
  if (binding.flushOutbox(size)) isOpen = false;
}

// Between the events of one dispatch.
function flushIfLate() {
  if (used > 0 && performance.now() - since > MAX_DELAY_MS) {
    flush();
    since = performance.now();
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
  if (!isOpen || chunk.length > MAX_CHUNK) return false;
  const isString = typeof chunk === 'string';
  const most = isString ? chunk.length * 3 : chunk.length;
  if (used + HEADER + most > bytes.length - HEADER) {
    flush();
    if (!isOpen) return false;
  }
  if (!listensForExit) {
    listensForExit = true;
    process.prependListener('exit', onExit);
  }
  const start = used + HEADER;
  let size = chunk.length;
  if (isString) size = encode(chunk, start);
  else bytes.set(chunk, start);
  words[used >> 2] = id;
  words[(used >> 2) + 1] = size;
  used = (start + size + 3) & ~3;
  return true;
}

module.exports = { close, flush, flushIfLate, open, put };
