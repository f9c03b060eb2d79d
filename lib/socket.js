'use strict';

// net.Socket: construction, state and options. How bytes go in and out is in
// stream.js, how a connection comes about in connect.js.

const { Duplex } = require('stream');
const { types: { isUint8Array } } = require('util');
const {
  Buffer, Error, TypeError, isWindows,
} = require('./builtin');
const core = require('./core');
const debug = require('./debug');
const errors = require('./errors');
const foreign = require('./interop/foreign');
const move = require('./interop/move');
const { beforeAnswer } = require('./interop/asked');
const http2 = require('./interop/http2');
const tls = require('./interop/tls');
const { nextTick } = require('./interop/trigger');
const { guessHandleType } = require('./descriptor');
const { Handle } = require('./handle');
const { Pipe, TCP } = require('./transports');
const {
  attachFresh, attachHandle, defineStream, detachHandle,
} = require('./stream');
const { defineConnect } = require('./connect');
const { defineWriting } = require('./writing');
const { defineOptions, typeOfServiceOf } = require('./options');
const symbols = require('./symbols');
const validate = require('./validate');
const versions = require('./versions');

const {
  kAccepted, kBegun, kBytesRead, kBytesWritten, kConnector, kIsCores, kKeepAlive,
  kKeepAliveCount, kKeepAliveDelay, kKeepAliveInterval, kLastQueueSize, kNoDelay,
  kOnRead, kPeer, kRelay, kTypeOfService,
} = symbols;
const { asyncId: kAsyncId, handle: kHandle, timeout: kTimeout } = core;

function Socket(options) {
  if (!isOwn(this)) return constructOther(this, options);
  if (options?.[kAccepted]) {
    initialize(this);
    Duplex.call(this, options);
    attachHandle(this, options.handle);
    startReading(this, options);
    return this;
  }
  if (hasForeignHandle(options)) return foreign.construct(this, options);
  checkOptions(options ?? {});
  const settings = typeof options === 'number' ? { fd: options } :
    { ...options };
  initialize(this);
  useKeepAliveAndNoDelay(this, settings);
  Duplex.call(this, streamOptions(settings));
  const handle = handleOf(settings);
  useLaterOptions(this, settings, handle);
  if (handle !== null) (settings.handle ? attachHandle : attachFresh)(this, handle);
  startReading(this, settings);
}

Object.setPrototypeOf(Socket.prototype, Duplex.prototype);
Object.setPrototypeOf(Socket, Duplex);

const hasInstance = Function.prototype[Symbol.hasInstance];

// True for a socket of this implementation, or of a subclass of it.
function isOwn(value) {
  return hasInstance.call(Socket, value);
}

// Such options are not copied here: for a copy of a copy, which others make, V8
// may make a new hidden class each time.
function hasForeignHandle(options) {
  const handle = options?.handle;
  return Boolean(handle) && !(handle instanceof Handle) &&
    Object.hasOwn(options, 'handle');
}

// Without `new`; or for a class that was derived from core's Socket before net
// was replaced.
function constructOther(receiver, options) {
  if (!hasInstance.call(core.Socket, receiver)) return new Socket(options);
  core.Socket.call(receiver, options);
  return receiver;
}

// A socket over one of core's own handles is core's (interop/foreign.js), and
// still is a net.Socket to whoever asks.
Object.defineProperty(Socket, Symbol.hasInstance, {
  value(instance) {
    tls.patchOnceLoaded();
    beforeAnswer(instance, move.becomesCores);
    return hasInstance.call(this, instance) ||
      (this === Socket && hasInstance.call(core.Socket, instance));
  },
  configurable: true,
  writable: true,
});

// As core does, looks at inherited options too; what is used later is the copy.
function checkOptions(options) {
  for (const name of ['objectMode', 'readableObjectMode',
    'writableObjectMode']) {
    if (options[name]) {
      throw errors.invalidArgValue(`options.${name}`, options[name],
        'is not supported');
    }
  }
  if (options.keepAliveInitialDelay !== undefined) {
    validate.number(options.keepAliveInitialDelay,
      'options.keepAliveInitialDelay');
  }
}

function handleOf(options) {
  if (options.handle) return options.handle;
  return options.fd === undefined ? null : handleOfDescriptor(options);
}

// Wraps a socket or a pipe that the process has open already.
function handleOfDescriptor({ fd }) {
  validate.int32(fd, 'fd', 0);
  const type = guessHandleType(fd);
  if (type !== 'PIPE' && type !== 'TCP') {
    throw errors.nodeError(TypeError, 'ERR_INVALID_FD_TYPE',
      `Unsupported fd type: ${type}`);
  }
  const handle = type === 'TCP' ? new TCP(TCP.SOCKET) : new Pipe(Pipe.SOCKET);
  let status = handle.open(fd);
  const isOutput = fd === 1 || fd === 2;
  if (status === 0 && isOutput && type === 'PIPE' && isWindows) {
    status = handle.setBlocking(true);
  }
  if (status < 0) {
    handle.close();
    throw errors.errnoException(status, 'open');
  }
  return handle;
}

// Everything the socket has of its own before it becomes a stream; user code
// reads the names without a symbol.
function initialize(socket) {
  socket.connecting = false;
  socket._hadError = false;
  socket[kHandle] = null;
  socket._parent = null;
  socket._host = null;
  socket._closeAfterHandlingError = false;
  socket._sockname = null;
  socket._pendingData = null;
  socket._pendingEncoding = '';
  socket.server = null;
  socket._server = null;
  socket[kAsyncId] = -1;
  socket[kTimeout] = null;
  socket[kBytesRead] = 0;
  socket[kBytesWritten] = 0;
}

// What few sockets have is theirs only when it is set, and takes no memory of
// the others.
for (const [key, value] of [
  [kBegun, null],
  [kConnector, null],
  [kIsCores, false],
  [kKeepAlive, false],
  [kKeepAliveCount, undefined],
  [kKeepAliveDelay, 0],
  [kKeepAliveInterval, undefined],
  [kLastQueueSize, 0],
  [kNoDelay, false],
  [kOnRead, null],
  [kPeer, undefined],
  [kRelay, null],
  [kTypeOfService, undefined],
]) {
  Object.defineProperty(Socket.prototype, key,
    { value, configurable: true, writable: true });
}

function useKeepAliveAndNoDelay(socket, options) {
  const { keepAlive, keepAliveInitialDelay: delay, noDelay } = options;
  if (noDelay) socket[kNoDelay] = true;
  if (keepAlive) socket[kKeepAlive] = true;
  if (delay >= 1000) socket[kKeepAliveDelay] = ~~(delay / 1000);
}

// What core looks at when it has opened the descriptor, which is not to be lost
// for a wrong value.
function useLaterOptions(socket, options, handle) {
  try {
    useOnRead(socket, options.onread);
    const typeOfService = typeOfServiceOf(options);
    if (typeOfService !== undefined) socket[kTypeOfService] = typeOfService;
    if (options.blockList) socket.blockList = versions.blockListOf(options);
  } catch (error) {
    handle?.close();
    throw error;
  }
}

// What a stream takes of a socket's options, in one shape for all sockets: V8
// would make a hidden class for each set of options that is spread and added to.
function streamOptions(options) {
  return {
    allowHalfOpen: Boolean(options.allowHalfOpen),
    readable: options.readable,
    writable: options.writable,
    signal: options.signal,
    highWaterMark: options.highWaterMark,
    readableHighWaterMark: options.readableHighWaterMark,
    writableHighWaterMark: options.writableHighWaterMark,
    encoding: options.encoding,
    defaultEncoding: options.defaultEncoding,
    captureRejections: options.captureRejections,
    construct: options.construct,
    destroy: options.destroy,
    final: options.final,
    read: options.read,
    write: options.write,
    writev: options.writev,
    // 'close' comes when libuv has closed the handle.
    emitClose: false,
    autoDestroy: true,
    // Strings reach _write() as they are; C encodes them.
    decodeStrings: false,
  };
}

function useOnRead(socket, onread) {
  if (onread === null || typeof onread !== 'object') return;
  // One of another realm is no instance of ours.
  const isView = isUint8Array(onread.buffer);
  if (!isView && typeof onread.buffer !== 'function') return;
  if (typeof onread.callback !== 'function') return;
  socket[kOnRead] = {
    // Core's word for one that is not there yet: the callback may see it.
    buffer: isView ? onread.buffer : true,
    next: isView ? null : onread.buffer,
    callback: onread.callback,
  };
}

function startReading(socket, options) {
  socket.on('end', onEnd);
  const handle = socket._handle;
  if (handle === null || options.readable === false) return;
  if (options.pauseOnCreate) {
    handle.reading = false;
    handle.readStop();
    socket.readableFlowing = false;
  } else if (!options.manualStart) {
    socket.read(0);
  }
}

// After the peer's FIN our side ends too, unless half-open is allowed.
function onEnd() {
  if (!this.allowHalfOpen) this.write = writeAfterEnd;
}

function writeAfterEnd(chunk, encoding, callback) {
  if (!this.writableEnded) {
    return Socket.prototype.write.call(this, chunk, encoding, callback);
  }
  const done = typeof encoding === 'function' ? encoding : callback;
  const error = new Error('This socket has been ended by the other party');
  error.code = 'EPIPE';
  if (typeof done === 'function') nextTick(done, error);
  this.destroy(error);
  return false;
}

defineStream(Socket);
defineWriting(Socket);
defineConnect(Socket);
defineOptions(Socket);
http2.install();

// The timers are core's: its lists serve many sockets with one timer, and they
// do not keep the process alive.
Socket.prototype.setTimeout = core.Socket.prototype.setTimeout;

// Called by the timer. A write that still moves is activity too.
Socket.prototype._onTimeout = function() {
  const queued = this._handle?.writeQueueSize ?? 0;
  if (queued > 0 && queued !== this[kLastQueueSize]) {
    this[kLastQueueSize] = queued;
    this._unrefTimer();
    return;
  }
  this.emit('timeout');
};

// Starts the idle timeout anew, of the sockets below this one too.
Socket.prototype._unrefTimer = function() {
  for (let socket = this; socket !== null; socket = socket._parent ?? null) {
    const timer = socket[kTimeout];
    if (timer) timer.refresh();
  }
};
const hasTimer = !core.isMissing('timeout');
if (!hasTimer) {
  Socket.prototype._unrefTimer = core.Socket.prototype._unrefTimer;
}

// Of the sockets below this one too.
function endTimers(own) {
  if (!hasTimer) own.setTimeout(0);
  for (let socket = own; socket !== null; socket = socket._parent ?? null) {
    socket[kTimeout]?.close();
  }
}

for (const name of ['ref', 'unref']) {
  Socket.prototype[name] = { [name]() {
    const handle = this._handle;
    if (!handle) this.once('connect', this[name]);
    else if (typeof handle[name] === 'function') handle[name]();
    return this;
  } }[name];
}

Socket.prototype.address = function() {
  return this._getsockname();
};

// {} while there is no name to tell. As with core, who asks that early is told
// so until the socket is connected.
Socket.prototype._getsockname = function() {
  const handle = this._handle;
  if (!handle || !handle.getsockname) return {};
  if (!this._sockname) {
    this._sockname = {};
    handle.getsockname(this._sockname);
  }
  return this._sockname;
};

// Kept, so that it is known after the socket is destroyed.
Socket.prototype._getpeername = function() {
  const handle = this._handle;
  if (!handle || !handle.getpeername || this.connecting) {
    return this[kPeer] || {};
  }
  if (!this[kPeer]) {
    const name = {};
    const status = handle.getpeername(name);
    if (status < 0) return {};
    this[kPeer] = name;
  }
  return this[kPeer];
};

Socket.prototype.destroySoon = function() {
  if (this.writable) this.end();
  if (this.writableFinished) this.destroy();
  else this.once('finish', this.destroy);
};

Socket.prototype.resetAndDestroy = function() {
  if (!this._handle) {
    this.destroy(errors.codeError('ERR_SOCKET_CLOSED'));
    return this;
  }
  if (!(this._handle instanceof TCP)) {
    throw errors.codeError('ERR_INVALID_HANDLE_TYPE');
  }
  if (this.connecting) this.once('connect', () => this._reset());
  else this._reset();
  return this;
};

Socket.prototype._reset = function() {
  this.resetAndClosing = true;
  return this.destroy();
};

Socket.prototype._destroy = function(error, callback) {
  if (debug.isOn) {
    debug.log('destroy: fd %d, %s', this._handle?.fd ?? -1,
      error ? error.message : 'no error');
  }
  this.connecting = false;
  endTimers(this);
  if (this._handle) {
    detachHandle(this, Boolean(error));
    callback(error);
  } else {
    callback(error);
    nextTick(emitClose, this);
  }
  const server = this._server;
  if (server) {
    server._connections--;
    server._emitCloseIfDrained?.();
  }
};

function emitClose(socket) {
  socket.emit('close');
}

function readyState() {
  if (this.connecting) return 'opening';
  if (this.readable) return this.writable ? 'open' : 'readOnly';
  return this.writable ? 'writeOnly' : 'closed';
}

function define(name, get, options) {
  Object.defineProperty(Socket.prototype, name,
    { ...options, get: foreign.eitherGetter(name, get) });
}

// Kept where core's methods will look for it if the socket becomes core's. A
// handle that is not ours makes it core's: whoever gives it one means core's
// methods to use it.
const coresHandle = core.isMissing('handle') ?
  core.socketMethods._handle ?? null : null;
Object.defineProperty(Socket.prototype, '_handle', {
  get() {
    return coresHandle !== null && this[kIsCores] ? coresHandle.get.call(this) :
      this[kHandle];
  },
  set(handle) {
    if (foreign.isForeign(handle)) move.become(this);
    if (coresHandle !== null && this[kIsCores]) coresHandle.set.call(this, handle);
    else this[kHandle] = handle;
  },
});
define('_connecting', function() { return this.connecting; });
define('pending', function() {
  return !this._handle || this.connecting;
}, { configurable: true });
define('readyState', readyState);
define('bufferSize', function() {
  return this._handle ? this.writableLength : undefined;
});

for (const [prefix, method] of [['remote', '_getpeername'],
  ['local', '_getsockname']]) {
  for (const field of ['address', 'family', 'port']) {
    const name = prefix + field[0].toUpperCase() + field.slice(1);
    define(name, function() { return this[method]()[field]; },
      { enumerable: true });
  }
}

define('bytesRead', function() {
  return this._handle ? this._handle.bytesRead : this[kBytesRead];
}, { enumerable: true });

define('_bytesDispatched', function() {
  return this._handle ? this._handle.bytesWritten : this[kBytesWritten];
}, { enumerable: true });

function sizeOf(chunk, encoding) {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) :
    chunk.length;
}

// What the kernel or C has, and what still waits in the stream.
define('bytesWritten', function() {
  const waiting = this.writableBuffer;
  if (!waiting) return undefined;
  let bytes = this._bytesDispatched || 0;
  for (const { chunk, encoding } of waiting) bytes += sizeOf(chunk, encoding);
  const pending = this._pendingData;
  if (Array.isArray(pending)) {
    for (const { chunk, encoding } of pending) bytes += sizeOf(chunk, encoding);
  } else if (pending) {
    bytes += sizeOf(pending, this._pendingEncoding);
  }
  return bytes;
}, { enumerable: true });

foreign.serveBoth(Socket.prototype);
foreign.shareInternals(Socket.prototype);
foreign.answerCore(core.Socket, Socket, move.becomesCores);

module.exports = { Handle, Socket };
