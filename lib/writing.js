'use strict';

// Bytes from a socket's Duplex to its handle.

const { Duplex } = require('stream');
const { Buffer, Uint8Array } = require('./builtin');
const core = require('./core');
const errors = require('./errors');
const { Handle, expectEnd, results } = require('./handle');
const { isLatin1 } = require('./outbox');
const { ShutdownWrap, WriteWrap } = require('./requests');
const { kBegun, kIsCores } = require('./symbols');
const versions = require('./versions');

const { uv } = errors;
const { streamEnd } = core;
// Where the stream's state cannot be seen, every write is the stream's business.
const streamWrite = core.streamState && core.streamWrite;
// Core's methods, for sockets that core serves. What is called often asks here
// which it is; foreign.js wraps the other methods.
const {
  end: coresEnd, _write: coresWrite, _writeGeneric: coresWriteGeneric,
} = core.Socket.prototype;

// C encodes the usual encodings. 'buffer' is Node's word for what needs no
// encoding, and wrong for a string.
function sendString(handle, string, encoding) {
  const asLatin1 = isLatin1(encoding);
  if (asLatin1 !== undefined) return handle.sendString(string, asLatin1);
  if (encoding === 'buffer') throw errors.notABuffer();
  return handle.sendVector([{ chunk: string, encoding }]);
}

function startWrite(handle, isVector, data, encoding) {
  if (isVector) return handle.deferVector(data) ? 1 : handle.sendVector(data);
  return typeof data === 'string' ? sendString(handle, data, encoding) :
    handle.send(data);
}

// The handle's methods for strings, by encoding; of all others Buffers are made.
const stringMethods = {
  'utf8': 'writeUtf8String',
  'utf-8': 'writeUtf8String',
  'latin1': 'writeLatin1String',
  'binary': 'writeLatin1String',
  'ascii': 'writeAsciiString',
  'ucs2': 'writeUcs2String',
  'ucs-2': 'writeUcs2String',
  'utf16le': 'writeUcs2String',
  'utf-16le': 'writeUcs2String',
};

// Whether somebody has put methods of his own in the place of the handle's.
function isReplaced(handle) {
  const { prototype } = Handle;
  return handle.writeBuffer !== prototype.writeBuffer ||
    handle.writeUtf8String !== prototype.writeUtf8String ||
    handle.writeLatin1String !== prototype.writeLatin1String ||
    handle.writev !== prototype.writev;
}

// Calls a write method of the handle as core does. What that gives: 0, an error,
// or, from Node 26 on, a request.
function callWriteMethod(handle, request, isVector, data, encoding) {
  if (isVector) {
    return handle.writev(request, data.allBuffers ?
      data.map(({ chunk }) => chunk) :
      data.flatMap((entry) => [entry.chunk, entry.encoding]),
    Boolean(data.allBuffers));
  }
  if (typeof data !== 'string') return handle.writeBuffer(request, data);
  const method = stringMethods[encoding];
  return method === undefined ?
    handle.writeBuffer(request, Buffer.from(data, encoding)) :
    handle[method](request, data);
}

// A write on a handle whose methods are not ours. 0, an error, or 1: then
// done(status) will be called.
function writeReplaced(handle, done, isVector, data, encoding) {
  let request = null;
  if (!versions.handlesMakeRequests()) {
    request = new WriteWrap(handle.getAsyncId());
    request.oncomplete = done;
  }
  const status =
    callWriteMethod(handle, request, isVector, data, encoding);
  if (status !== null && typeof status === 'object') {
    status.oncomplete = done;
    return 1;
  }
  return status || (request?.async ? 1 : 0);
}

// Whether a chunk would go through write() to the kernel at once and leave
// nothing behind in the stream.
function goesStraight(socket, state, handle) {
  return Duplex.prototype.write === streamWrite &&
    state.length === 0 && state.corked === 0 && !socket.connecting &&
    !state.writing && !state.ending && !state.destroyed && !state.errored &&
    !state.needDrain && !state.bufferProcessing && state.constructed &&
    handle instanceof Handle && socket._write === write &&
    socket._writeGeneric === writeGeneric && !isReplaced(handle);
}

// A write that nobody waits for is tried before the stream knows of it. True if
// the kernel or the outbox took all; else the stream is to be told, and its
// _write() finds the write begun.
function tryWrite(socket, chunk, encoding) {
  if (!streamWrite) return false;
  const state = socket._writableState;
  const handle = socket._handle;
  const isString = typeof chunk === 'string';
  const asLatin1 =
    isLatin1(encoding === undefined ? state.defaultEncoding : encoding);
  if ((!isString && !(chunk instanceof Uint8Array)) || chunk.length === 0 ||
      chunk.length >= state.highWaterMark || asLatin1 === undefined ||
      !goesStraight(socket, state, handle)) return false;
  socket._unrefTimer();
  if (handle.defer(chunk, asLatin1)) return true;
  const status = isString ? handle.sendString(chunk, asLatin1) :
    handle.send(chunk);
  if (status === 0) return true;
  socket[kBegun] = { chunk, status };
  return false;
}

// What became of the write of `data`, if it was begun ahead of the stream; else
// undefined. A write that somebody threw in the middle of is forgotten.
function takeBegun(socket, data) {
  const begun = socket[kBegun];
  if (begun === null) return undefined;
  socket[kBegun] = null;
  return isSame(begun.chunk, data) ? begun.status : undefined;
}

// Whether two chunks are the same bytes: the stream makes a Buffer of any other
// view, and small Buffers share their memory.
function isSame(chunk, data) {
  return chunk === data || (typeof chunk !== 'string' &&
    chunk.buffer === data.buffer && chunk.byteOffset === data.byteOffset);
}

function writeChunk(chunk, encoding, callback) {
  if (callback === undefined && !this[kIsCores] &&
      tryWrite(this, chunk, encoding)) return true;
  return Duplex.prototype.write.call(this, chunk, encoding, callback);
}

// The last chunk goes ahead of the stream too, and FIN right behind it.
function end(chunk, encoding, callback) {
  if (this[kIsCores]) return coresEnd.call(this, chunk, encoding, callback);
  const isStraight = chunk && Duplex.prototype.end === streamEnd && tryWrite(this, chunk,
    typeof encoding === 'function' ? undefined : encoding);
  Duplex.prototype.end.call(this, isStraight ? null : chunk, encoding,
    callback);
  return this;
}

// The end of a write that had to wait.
function finishWrite(socket, status, callback) {
  if (socket.destroyed) {
    callback(status < 0 && versions.failsCutWrites() ?
      errors.errnoException(status, 'write') : null);
  } else if (status < 0) {
    callback(errors.errnoException(status, 'write'));
  } else {
    socket._unrefTimer();
    callback();
  }
}

// Holds a write back until the socket is connected.
function writeWhenConnected(socket, isVector, data, encoding, callback) {
  socket._pendingData = data;
  socket._pendingEncoding = encoding;
  function onConnect() {
    socket.off('close', onClose);
    socket._writeGeneric(isVector, data, encoding, callback);
  }
  function onClose() {
    // A socket that is used again must not send what its first life wrote.
    socket.off('connect', onConnect);
    callback(errors.codeError('ERR_SOCKET_CLOSED_BEFORE_CONNECTION'));
  }
  socket.once('connect', onConnect);
  socket.once('close', onClose);
}

function writeGeneric(isVector, data, encoding, callback) {
  if (this[kIsCores]) {
    coresWriteGeneric.call(this, isVector, data, encoding, callback);
    return;
  }
  if (this.connecting) {
    writeWhenConnected(this, isVector, data, encoding, callback);
    return;
  }
  this._pendingData = null;
  this._pendingEncoding = '';
  const handle = this._handle;
  if (!handle) {
    callback(errors.codeError('ERR_SOCKET_CLOSED'));
    return;
  }
  this._unrefTimer();
  let status = takeBegun(this, data);
  if (status === undefined && isReplaced(handle)) {
    const done = (result) => finishWrite(this, result, callback);
    status = writeReplaced(handle, done, isVector, data, encoding);
    if (status === 1) return;
  }
  status ??= startWrite(handle, isVector, data, encoding);
  if (status === 0) {
    callback();
  } else if (status < 0) {
    callback(errors.errnoException(status, 'write'));
  } else {
    const request = new WriteWrap(handle.getAsyncId());
    request.oncomplete = (result) => finishWrite(this, result, callback);
    expectEnd(handle, request);
  }
}

function write(chunk, encoding, callback) {
  if (this[kIsCores]) coresWrite.call(this, chunk, encoding, callback);
  else this._writeGeneric(false, chunk, encoding, callback);
}

// Half-closes: the peer gets FIN.
function final(callback) {
  if (!this._handle && !this.connecting && versions.finishesUnconnected()) {
    callback();
    return;
  }
  if (this.pending) {
    this.once('connect', () => this._final(callback));
    return;
  }
  const handle = this._handle;
  const request = new ShutdownWrap(handle.getAsyncId());
  request.oncomplete = () => callback();
  results[0] = 0;
  const status = handle.shutdown(request);
  if (status === 0) return;
  request.emitDestroy();
  // What others put in the place of the method may be done at once.
  if (status === 1 || status === uv.ENOTCONN) callback();
  else callback(errors.errnoException(status, results[0] === 1 ? 'write' : 'shutdown'));
}

// Adds the methods to the class.
function defineWriting(Socket) {
  Object.assign(Socket.prototype, {
    _final: final,
    _writeGeneric: writeGeneric,
    _write: write,
    write: writeChunk,
    _writev(chunks, callback) {
      this._writeGeneric(true, chunks, '', callback);
    },
    end,
  });
}

module.exports = { defineWriting, goesStraight, writeChunk };
