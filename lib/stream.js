'use strict';

// Bytes from a socket's handle to its Duplex, and what connects the two. How bytes
// go out is in writing.js.

const { Duplex } = require('stream');
const { StringDecoder } = require('string_decoder');
const { types: { isUint8Array } } = require('util');
const { setImmediate } = require('./builtin');
const { copyBytes, copyOf, lengthOf } = require('./chunk');
const core = require('./core');
const debug = require('./debug');
const errors = require('./errors');
const { Handle, idOf, kOwner, results } = require('./handle');
const { Relay, relayMemory } = require('./relay');
const {
  kBytesRead, kBytesWritten, kIsCores, kOnRead, kRelay,
} = require('./symbols');
const { goesStraight, writeChunk } = require('./writing');

const { uv } = errors;
const { asyncId, capture, emit, handle: kHandle } = core;
const { bit: DATA_LISTENING, word: kState } = core.dataListening;
// Where the stream's state cannot be seen, every chunk is the stream's business.
const streamPush = core.streamState && core.streamPush;
// Core's methods, for sockets that core serves. What is called often asks here
// which it is; foreign.js wraps the other methods.
const { read: coresRead, _read: coresUnderscoreRead } = core.Socket.prototype;
const { write: decode } = StringDecoder.prototype;

// Makes `handle` the socket's own.
function attachHandle(socket, handle) {
  socket[kHandle] = handle;
  handle[kOwner] = socket;
  const id = handle.getAsyncId();
  // A small integer needs no memory of its own.
  socket[asyncId] = id === (id | 0) ? id | 0 : id;
  if (socket[kOnRead]) useUserBuffer(socket[kOnRead], handle);
  if (socket[kRelay]) handle.useRelay(true);
}

// As attachHandle(), with a handle that nobody else has: it is closed if the user's
// function for buffers throws.
function attachFresh(socket, handle) {
  try {
    attachHandle(socket, handle);
  } catch (error) {
    socket[kHandle] = null;
    handle.close();
    throw error;
  }
}

// Takes the user's buffer for the handle. What a function gives instead of one
// leaves the handle without.
function useUserBuffer(settings, handle) {
  if (settings.next !== null) {
    const buffer = settings.next();
    if (!isUint8Array(buffer)) return;
    settings.buffer = buffer;
  }
  handle.useUserBuffer(settings.buffer);
}

// What a handle of ours calls when libuv is done with it.
function closedWell() { this[kOwner].emit('close', false); }
function closedByError() { this[kOwner].emit('close', true); }

// Closes the handle, or resets its connection; closed() is called when that is
// over. An error of the reset, or 0.
function closeHandle(socket, handle, closed) {
  if (!socket.resetAndClosing) {
    handle.close(closed);
    return 0;
  }
  socket.resetAndClosing = false;
  const status = handle.reset(closed);
  if (status < 0) handle.close(closed);
  return status;
}

function ignore() {}

// Takes the handle off the socket and closes it; 'close' follows when libuv is
// done with it.
function detachHandle(socket, hadError) {
  const handle = socket._handle;
  const isOwn = handle.close === Handle.prototype.close &&
    handle[kOwner] === socket;
  const status = isOwn ? detachOwn(socket, handle, hadError) :
    detachOther(socket, handle, hadError);
  if (status < 0) socket.emit('error', errors.errnoException(status, 'reset'));
  socket._handle = null;
  socket._sockname = null;
}

// A handle of ours leaves its counts in `results`.
function detachOwn(socket, handle, hadError) {
  const status =
    closeHandle(socket, handle, hadError ? closedByError : closedWell);
  socket[kBytesRead] = results[0];
  socket[kBytesWritten] = results[1];
  return status;
}

// One whose close() is the user's, or that another socket has too: a user has
// given it to this one. Neither hears more of it.
function detachOther(socket, handle, hadError) {
  socket[kBytesRead] = handle.bytesRead;
  socket[kBytesWritten] = handle.bytesWritten;
  const status =
    closeHandle(socket, handle, () => socket.emit('close', hadError));
  handle.onread = ignore;
  return status;
}

function startReading(socket) {
  const handle = socket._handle;
  handle.reading = true;
  if (handle.held) {
    setImmediate(deliverHeld, socket, handle);
    return;
  }
  const status = handle.readStart();
  if (status < 0) socket.destroy(errors.errnoException(status, 'read'));
}

function stopReading(socket, handle) {
  handle.reading = false;
  if (socket.destroyed) return;
  const status = handle.readStop();
  if (status < 0) socket.destroy(errors.errnoException(status, 'read'));
}

// Whether nobody shall hear of what the handle still brings: it came before the
// handle was closed, in the same turn of the loop. A socket whose `_handle` a
// user has changed is its handle's owner still.
function isOver(handle, socket) {
  return socket?._handle !== handle &&
    (!socket || socket.destroyed || idOf(handle) < 0);
}

// The handle's listener for what was read: `count` bytes in `chunk`, or a
// negative error.
function onRead(count, chunk) {
  const socket = this[kOwner];
  if (isOver(this, socket)) return;
  socket._unrefTimer();
  if (count > 0) {
    const settings = socket[kOnRead];
    if (settings && (!this.reading || this.held !== null)) {
      // Somebody paused the socket in the same dispatch.
      hold(socket, this, count, chunk);
      return;
    }
    accept(socket, this, count, chunk);
  } else if (count === uv.EOF) {
    // The stream had enough in the same dispatch; reading on brings EOF again.
    if (!this.reading || this.held !== null) return;
    if (debug.isOn) debug.log('read: end, fd %d', this.fd);
    socket.push(null);
    // Lets 'end' come when nobody reads.
    socket.read(0);
  } else {
    socket.destroy(errors.errnoException(count, 'read'));
  }
}

// Keeps what was read for when the socket reads on. Its buffer may be another
// socket's too.
function hold(socket, handle, count, chunk) {
  const { buffer } = socket[kOnRead];
  if (chunk === undefined && !hasRoom(socket, count)) return;
  handle.held ??= [];
  handle.held.push(copyOf(chunk ?? buffer, count));
}

function accept(socket, handle, count, chunk) {
  const wantsMore = socket[kOnRead] ? callOnRead(socket, count, chunk) :
    deliver(socket, handle, chunk);
  if (!wantsMore && idOf(handle) >= 0) stopReading(socket, handle);
}

// Bytes of a write that counted as done could not be sent.
function onWriteError(status) {
  const socket = this[kOwner];
  if (isOver(this, socket)) return;
  socket.destroy(errors.errnoException(status, 'write'));
}

// The handle's listener for what was read while the socket is piped to another
// one: `count` bytes at `offset` of the relay's memory. They go straight on, or
// become a chunk like any other.
function onRelay(count, offset) {
  const socket = this[kOwner];
  if (isOver(this, socket)) return;
  const relay = socket[kRelay];
  let sent = 0;
  if (!relay?.isAlive(socket)) {
    stopRelay(socket);
  } else if (relay.isFree(socket) && canRelay(socket, relay.to)) {
    sent = Math.max(relay.to._handle.relay(offset, count), 0);
  }
  if (sent > 0) {
    socket._readableState.dataEmitted = true;
    socket._unrefTimer();
    relay.to._unrefTimer();
  }
  if (sent === count) return;
  const rest = relayMemory(offset + sent, offset + count);
  const { drain } = relay?.to._events ?? {};
  onRead.call(this, count - sent, rest);
  // pipe() sees backpressure for the first time, and listens from now on.
  if (relay && drain === undefined) relay.onDrain = relay.to._events.drain;
}

function stopRelay(socket) {
  socket[kRelay] = null;
  if (socket._handle instanceof Handle) socket._handle.useRelay(false);
}

function canRelay(socket, to) {
  const handle = to._handle;
  const state = socket._readableState;
  return state.decoder === null && flowsThrough(socket, state) &&
    goesStraight(to, to._writableState, handle) && to.write === writeChunk;
}

// As a stream's pipe(). Where that is the only thing that wants the bytes, and
// both sockets are ours, they need not become chunks.
function pipe(to, options) {
  if (!core.streamState) return Duplex.prototype.pipe.call(this, to, options);
  const isFirst = this._events.data === undefined;
  Duplex.prototype.pipe.call(this, to, options);
  const listener = this._events.data;
  if (isFirst && typeof listener === 'function' && !this[kOnRead] &&
      to?.write === writeChunk) {
    this[kRelay] = new Relay(listener, to);
    if (this._handle instanceof Handle) this._handle.useRelay(true);
  }
  return to;
}

function unpipe(...args) {
  Duplex.prototype.unpipe.apply(this, args);
  if (this[kRelay] && !this[kRelay].isAlive(this)) stopRelay(this);
  return this;
}

Handle.prototype.onread = onRead;
Handle.prototype.onrelay = onRelay;
Handle.prototype.onwriteerror = onWriteError;

// Whether a chunk would go through push() to the listeners of 'data' and leave
// nothing behind: the stream flows, holds nothing, and is not in the middle of
// a _read().
function flowsThrough(socket, state) {
  return socket.push === streamPush &&
    state.flowing === true && state.length === 0 && !state.sync &&
    !state.multiAwaitDrain && !state.ended &&
    socket.read === read && socket._read === _read &&
    socket._events.data !== undefined &&
    (state[kState] & DATA_LISTENING) === DATA_LISTENING &&
    socket._events.readable === undefined;
}

// As socket.emit('data', chunk). Where that is a call of the only listener it is
// made here: emit() looks for the name among the events of every emitter there
// is, which takes V8 longer than all the rest of it.
function emitData(socket, chunk) {
  const { data } = socket._events;
  if (typeof data === 'function' && socket.emit === emit &&
      socket[capture] === false) data.call(socket, chunk);
  else socket.emit('data', chunk);
}

// Gives a chunk to the stream. False if it wants no more.
function deliver(socket, handle, chunk) {
  const state = socket._readableState;
  const { decoder } = state;
  const flows = flowsThrough(socket, state);
  if (flows && decoder !== null && decoder.write === decode) {
    return deliverText(socket, handle, state, chunk);
  }
  const owned = handle.viewReader === onRead ?
    copyOf(chunk, lengthOf.call(chunk)) : chunk;
  return flows && decoder === null ? emitChunk(socket, state, owned) :
    socket.push(owned);
}

// A stream of strings. Core's decoder is done with the bytes when it has given
// their text, so from the next read on they need no Buffer.
function deliverText(socket, handle, state, bytes) {
  if (handle.viewReader === null && handle.onread === onRead) {
    handle.readViews(onRead);
  }
  const text = decode.call(state.decoder, bytes);
  return text === '' || emitChunk(socket, state, text);
}

// What push() does with a chunk that nothing keeps from the listeners.
function emitChunk(socket, state, chunk) {
  state.awaitDrainWriters = null;
  state.dataEmitted = true;
  // state.reading stays true, and so no tick is spent on asking for more: the
  // handle goes on reading.
  emitData(socket, chunk);
  if (state.length === 0 || state.length < state.highWaterMark) return true;
  state.reading = false;
  return false;
}

// False, and the end of the socket, if the user has detached the buffer.
function hasRoom(socket, count) {
  if (lengthOf.call(socket[kOnRead].buffer) >= count) return true;
  socket.destroy(errors.errnoException(uv.ENOBUFS, 'read'));
  return false;
}

// The onread option's way of reading: what was read is in the user's buffer, or
// in `chunk` and goes there now. False if the user wants no more.
function callOnRead(socket, count, chunk) {
  const settings = socket[kOnRead];
  // Without a buffer there is only a count to tell.
  if (chunk !== undefined && settings.buffer !== true) {
    if (!hasRoom(socket, count)) return false;
    copyBytes(settings.buffer, chunk);
  }
  const wantsMore =
    settings.callback.call(socket, count, settings.buffer) !== false;
  if (settings.next !== null) {
    const buffer = settings.next();
    if (isUint8Array(buffer)) {
      settings.buffer = buffer;
      socket._handle?.useUserBuffer(buffer);
    }
  }
  return wantsMore;
}

function _read(size) {
  if (this[kIsCores]) {
    coresUnderscoreRead.call(this, size);
  } else if (this.connecting || !this._handle) {
    this.once('connect', () => this._read(size));
  } else if (!this._handle.reading) {
    startReading(this);
  }
}

// With onread no stream buffer stands between: the handle itself stops.
function pauseOnRead(socket) {
  const handle = socket._handle;
  if (socket[kOnRead] && !socket.connecting && handle?.reading) {
    stopReading(socket, handle);
  }
}

function resumeOnRead(socket) {
  const handle = socket._handle;
  if (socket[kOnRead] && !socket.connecting && handle && !handle.reading) {
    startReading(socket);
  }
}

// Reading goes on with what was read before the pause.
function deliverHeld(socket, handle) {
  const { held } = handle;
  if (socket._handle !== handle || !handle.reading || !held) return;
  const chunk = held.shift();
  if (held.length === 0) handle.held = null;
  // First of all, for whoever is given the chunk may pause.
  startReading(socket);
  socket._unrefTimer();
  handle.runInAsyncScope(accept, null, socket, handle, chunk.length, chunk);
}

function read(size) {
  if (this[kIsCores]) return coresRead.call(this, size);
  resumeOnRead(this);
  return Duplex.prototype.read.call(this, size);
}

// Adds the stream methods to the class.
function defineStream(Socket) {
  const methods = {
    _read,
    read,
    pause() {
      pauseOnRead(this);
      return Duplex.prototype.pause.call(this);
    },
    resume() {
      resumeOnRead(this);
      return Duplex.prototype.resume.call(this);
    },
    pipe,
    unpipe,
  };
  Object.assign(Socket.prototype, methods);
}

module.exports = { attachFresh, attachHandle, defineStream, detachHandle };
