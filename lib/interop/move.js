'use strict';

// A socket of ours that becomes core's, because core's C++ is about to take its
// handle: TLS and http2 sit on native streams. From then on the socket runs on
// core's methods over a core handle with a second descriptor of the connection.

const process = require('process');
const { types: { isUint8Array } } = require('util');
const binding = require('../binding');
const { Error, setImmediate } = require('../builtin');
const core = require('../core');
const debug = require('../debug');
const { hasDescriptors } = require('../descriptor');
const { errnoException, uv } = require('../errors');
const { Handle, kOwner } = require('../handle');
const { TCP } = require('../transports');
const { kBridge, kConnector, kIsCores, kOnRead, kRelay } = require('../symbols');
const { emptyTcp, refuse, toCore } = require('./adopt');
const { needsCores } = require('./asked');
const { bridge, connectBridge } = require('./bridge');

// Has core's methods serve the socket from now on. Its settings lie where core
// looks for them already, but for onread's.
function become(socket) {
  if (socket[kIsCores]) return;
  socket[kIsCores] = true;
  if (socket[kRelay]) socket[kRelay] = null;
  const onread = socket[kOnRead];
  if (onread === null) return;
  socket[core.buffer] = onread.buffer;
  socket[core.bufferCallback] = onread.callback;
  socket[core.bufferGenerator] = onread.next;
}

// Lets a counter of the native handle go on where ours was.
function continueCount(native, name, before) {
  if (before === 0) return;
  let owner = native;
  while (!Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner);
  const { get } = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(native, name, {
    get() { return before + get.call(this); },
    configurable: true,
  });
}

// Puts chunks into the stream for whoever takes the socket over to read, as
// bytes. What that one leaves then goes to the socket's own listeners.
function keepUnread(socket, chunks) {
  if (chunks.length === 0) return;
  const state = socket._readableState;
  const isFlowing = state.flowing === true;
  const encoding = state.length === 0 ? state.encoding : null;
  if (encoding) Object.assign(state, { decoder: null, encoding: null });
  if (isFlowing) state.flowing = false;
  state.needReadable = false;
  for (const chunk of chunks) socket.push(chunk);
  setImmediate(showUnread, socket, isFlowing, encoding);
}

function showUnread(socket, isFlowing, encoding) {
  if (encoding) socket.setEncoding(encoding);
  if (socket.readableLength === 0 || socket.destroyed) {
    if (isFlowing) socket.readableFlowing = true;
  } else if (isFlowing) {
    socket.resume();
  } else {
    socket.emit('readable');
  }
}

// Sends what the kernel did not take from our handle, ahead of all else.
function sendRest(socket, writes) {
  if (writes === null) return;
  if (typeof writes === 'number') {
    socket.destroy(errnoException(writes, 'write'));
    return;
  }
  socket._writeGeneric(false, writes.bytes, 'buffer', (error) => {
    writes.done(error ? error.errno ?? uv.ECANCELED : 0);
  });
}

// Our handle has nothing left but an error that is on its way.
function retire(socket, handle) {
  handle[kOwner] = null;
  handle.onread = (count) => {
    if (count < 0) socket.destroy(errnoException(count, 'read'));
  };
  handle.onwriteerror = (status) => {
    socket.destroy(errnoException(status, 'write'));
  };
  handle.close();
}

// `unsent` bytes that our handle has counted will be counted again.
function attachNative(socket, native, handle, unsent) {
  native[core.ownerSymbol] = socket;
  native.onread = core.onRead;
  native.reading = false;
  const buffer = socket[kOnRead]?.buffer;
  if (isUint8Array(buffer)) native.useUserBuffer(buffer);
  socket._handle = native;
  socket[core.asyncId] = native.getAsyncId();
  continueCount(native, 'bytesRead', handle.bytesRead);
  continueCount(native, 'bytesWritten', handle.bytesWritten - unsent);
}

const doubled = ['close', 'ref', 'unref'];

// While our handle connects, the native one stands for it, and what happens to
// one happens to both. A TCP handle has no descriptor until then.
function standIn(socket, native, connector) {
  socket[kConnector] = connector;
  connector[kOwner] = null;
  for (const name of doubled) {
    native[name] = { [name](...args) {
      socket[kConnector][name]();
      return Object.getPrototypeOf(this)[name].apply(this, args);
    } }[name];
  }
  if (!connector.hasRef()) native.unref();
}

function takeDescriptor(native, connector) {
  if (native.fd >= 0) return 0;
  const fd = binding.duplicate(connector.fd);
  if (fd < 0) return fd;
  const status = native.open(fd);
  if (status < 0) binding.closeDescriptor(fd);
  return status;
}

// Called when the connector of a moved socket has connected.
function finishConnect(socket) {
  const connector = socket[kConnector];
  const native = socket._handle;
  socket[kConnector] = null;
  if (native[kBridge]) {
    connectBridge(native, connector);
    return;
  }
  for (const name of doubled) delete native[name];
  const status = takeDescriptor(native, connector);
  connector.close();
  if (status < 0) socket.destroy(errnoException(status, 'open'));
}

// Throws if this Node lacks what core's methods would need on the socket.
function checkInternals(socket) {
  const names = ['handle', 'onRead', 'ownerSymbol'];
  if (socket[kOnRead]) names.push('buffer', 'bufferCallback', 'bufferGenerator');
  const name = names.find(core.isMissing);
  if (name === undefined) return;
  const error = new Error('uvnet: this socket cannot be given to Node\'s own ' +
    `modules, because Node ${process.versions.node} lacks '${name}'`);
  error.code = 'ERR_INVALID_HANDLE_TYPE';
  throw error;
}

// Moves the socket to a core handle. What was read already stays in the stream.
// Throws if there is no descriptor to be had.
function moveToCore(socket) {
  checkInternals(socket);
  moveTo(socket, nativeFor(socket));
}

function moveTo(socket, native) {
  const handle = socket._handle;
  if (debug.isOn) debug.log('hand-over: fd %d to core', handle.fd);
  const { connecting } = socket;
  const { reading } = handle;
  const chunks = handle.takeReads();
  const writes = handle.takeWrites();
  become(socket);
  attachNative(socket, native, handle, writes?.bytes?.length ?? 0);
  if (connecting) {
    standIn(socket, native, handle);
    return;
  }
  if (!handle.hasRef()) native.unref();
  retire(socket, handle);
  keepUnread(socket, chunks);
  sendRest(socket, writes);
  readOn(socket, native, reading);
}

function nativeFor({ _handle: handle, connecting }) {
  if (!hasDescriptors()) refuse();
  return connecting && handle instanceof TCP ? emptyTcp() :
    toCore(handle, false);
}

function readOn(socket, native, reading) {
  if (!reading || socket._handle !== native) return;
  native.reading = true;
  native.readStart();
}

// The same for whoever needs no more than a native stream: without a descriptor
// it gets one over our handle.
function moveToStream(socket) {
  checkInternals(socket);
  let native;
  try {
    native = nativeFor(socket);
  } catch (error) {
    if (!moveToBridge(socket)) throw error;
    return;
  }
  moveTo(socket, native);
}

function moveToBridge(socket) {
  const handle = socket._handle;
  const { reading } = handle;
  const native = bridge(socket, handle);
  if (native === undefined) return false;
  const chunks = handle.takeReads();
  become(socket);
  attachNative(socket, native, handle, 0);
  if (socket.connecting) {
    socket[kConnector] = handle;
    handle[kOwner] = null;
    return true;
  }
  keepUnread(socket, chunks);
  readOn(socket, native, reading);
  return true;
}

function isMovable(socket) {
  return socket?.[kIsCores] === false && socket._handle instanceof Handle;
}

// Whether core may treat the socket as one of its own: it is, or it is now, or
// there is nothing that could be taken from it, yet or any more.
function becomesCores(socket) {
  if (!isMovable(socket)) return true;
  try {
    // A channel to a child, which may be who asks, sends nothing else.
    if (needsCores()) moveToCore(socket);
    else moveToStream(socket);
    return true;
  } catch {
    // The socket stays ours, and whoever asked can still use it as any Duplex.
    return false;
  }
}

module.exports = {
  become, becomesCores, finishConnect, isMovable, moveToCore, moveToStream,
};
