'use strict';

// A native stream of core's over a handle of ours, for core's C++ to sit on where
// the connection has no second descriptor to give: on Windows, or when none is
// left. Core has such a stream for any Duplex; here that is a socket of ours that
// nobody else sees, and that the handle belongs to from now on.

const { setImmediate } = require('../builtin');
const core = require('../core');
const { uv } = require('../errors');
const { attachHandle } = require('../stream');
const { TCP } = require('../transports');
const { kBridge, kConnector } = require('../symbols');

// What core's stream calls on its native one, and finds its owner by that.
const CALLBACKS = [
  'close', 'isClosing', 'onreadstart', 'onreadstop', 'onshutdown', 'onwrite',
];

// What our handle does and a native stream does not.
const FORWARDED = [
  'getpeername', 'getsockname', 'hasRef', 'ref', 'unref', 'setKeepAlive',
  'setNoDelay', 'setTypeOfService', 'getTypeOfService',
];

let StreamSocket;

// It loads this file.
function Socket() {
  return require('../socket').Socket;
}

// Core's class. Undefined if this Node has none.
function streamSocket() {
  StreamSocket ??= core.findLate('streamSocket', require('tls'));
  return StreamSocket;
}

// The native stream of a new socket of core's over `inner`. Its owner will be
// another one, so its callbacks are told of theirs.
function nativeOver(inner) {
  const wrapper = new StreamSocket(inner);
  // Those of the connection come by way of `inner`.
  wrapper.on('error', () => {});
  const { _handle: native } = wrapper;
  const self = Object.create(native,
    { [core.ownerSymbol]: { value: wrapper, writable: true } });
  for (const name of CALLBACKS) {
    const callback = native[name];
    if (typeof callback !== 'function') continue;
    native[name] = (...args) => callback.apply(self, args);
  }
  const { close } = native;
  // Core's socket means to be the one that closes it.
  native.close = (done) => {
    native.close = close;
    if (done) wrapper.once('close', done);
    wrapper.destroy();
  };
  shutOnce(native);
  return native;
}

// Core's socket takes one shutdown, and no write until that is over, which may
// take long on Windows. Whoever shares the native stream with TLS may end it once
// more, and http2 writes when its peer has ended: libuv refuses that at once.
function shutOnce(native) {
  const { onshutdown, onwrite } = native;
  let isShut = false;
  native.onshutdown = (request) => {
    if (!isShut) {
      isShut = true;
      return onshutdown(request);
    }
    setImmediate(() => native.finishShutdown(request, 0));
    return 0;
  };
  native.onwrite = (request, buffers) =>
    (isShut ? uv.EPIPE : onwrite(request, buffers));
}

// As resetAndDestroy() and what it does with a handle; core's asks for a TCP one.
function allowReset(socket, native, inner) {
  native.reset = (done) => {
    inner.resetAndDestroy();
    native.close(done);
    return 0;
  };
  function reset() {
    this.resetAndClosing = true;
    return this.destroy();
  }
  const value = { resetAndDestroy() {
    if (this._handle !== native) return Socket().prototype.resetAndDestroy.call(this);
    if (this.connecting) return this.once('connect', reset);
    return reset.call(this);
  } }.resetAndDestroy;
  Object.defineProperty(socket, 'resetAndDestroy',
    { value, configurable: true, writable: true });
}

// Has the native stream answer for the handle that the connection has by then.
function forward(native, socket, bridged) {
  for (const name of FORWARDED) {
    if (typeof bridged.handle[name] !== 'function') continue;
    native[name] = (...args) => {
      const target = socket[kConnector] ?? bridged.handle;
      return target[name](...args);
    };
  }
}

// A socket of our own for a handle that may be connecting yet.
function makeInner(socket, handle) {
  const inner = new (Socket())({ allowHalfOpen: true });
  inner.on('error', (error) => socket.destroy(error));
  if (socket.connecting) {
    inner.connecting = true;
    inner.once('close', () => socket[kConnector]?.close());
  } else {
    attachHandle(inner, handle);
  }
  return inner;
}

// A native stream that can take the place of a socket's handle. Undefined if this
// Node has no such class.
function bridge(socket, handle) {
  if (streamSocket() === undefined) return undefined;
  handle.readViews(null);
  handle.useRelay(false);
  handle.dropUserBuffer();
  const inner = makeInner(socket, handle);
  const native = nativeOver(inner);
  native[kBridge] = { inner, handle };
  forward(native, socket, native[kBridge]);
  if (handle instanceof TCP) allowReset(socket, native, inner);
  return native;
}

// The socket of a native stream has connected, with this handle.
function connectBridge(native, handle) {
  const bridged = native[kBridge];
  bridged.handle = handle;
  attachHandle(bridged.inner, handle);
  bridged.inner.connecting = false;
  bridged.inner.emit('connect');
}

module.exports = { bridge, connectBridge };
