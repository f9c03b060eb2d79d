'use strict';

// What uvnet takes from core's own net, and the symbols that core and uvnet must
// share so that the rest of Node can use our sockets. All of it is found on
// public objects.

const { EventEmitter } = require('events');
const { net } = require('./builtin');

function symbolOf(object, description) {
  return Object.getOwnPropertySymbols(object)
    .find((symbol) => symbol.description === description) ??
    Symbol(description);
}

// EventEmitter's emit(), as core made it. Undefined if somebody has put another
// one there (domains do), who means to see every event.
function coresEmit() {
  const { emit } = EventEmitter.prototype;
  const source = Function.prototype.toString.call(emit);
  return source.includes('kErrorMonitor') ? emit : undefined;
}

// What core's Socket needs of a handle; nothing happens on it. `members` are
// added.
function standIn(members) {
  return {
    close() {},
    readStart() {},
    readStop() {},
    getAsyncId: () => 0,
    ...members,
  };
}

// A socket and its handle, as core leaves them.
const handle = standIn({ onread: null });
const socket = new net.Socket({ handle, manualStart: true });

module.exports = {
  Socket: net.Socket,
  Server: net.Server,
  connect: net.connect,
  get BlockList() { return net.BlockList; },
  BoundSocket: net.BoundSocket,
  get SocketAddress() { return net.SocketAddress; },
  createServerHandle: net._createServerHandle,
  getDefaultAutoSelectFamily: net.getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout:
    net.getDefaultAutoSelectFamilyAttemptTimeout,
  setSimultaneousAccepts: net._setSimultaneousAccepts,
  emit: coresEmit(),
  standIn,
  // Core's own listener for what its handles read.
  onRead: handle.onread,
  // Where core's C++ handles know their socket or server. The cluster module
  // looks there.
  ownerSymbol: symbolOf(handle, 'owner_symbol'),
  // Marks the result of _normalizeArgs(), which http's agents pass on.
  normalizedArgs: symbolOf(net._normalizeArgs([]), 'normalizedArgs'),
  // Where core's stream code keeps and looks for handles, ids and timers.
  handle: symbolOf(socket, 'kHandle'),
  asyncId: symbolOf(socket, 'async_id_symbol'),
  timeout: symbolOf(socket, 'timeout'),
  // Where an emitter keeps whether it was made with `captureRejections`.
  capture: symbolOf(socket, 'kCapture'),
  // Where core's sockets keep their settings.
  noDelay: symbolOf(socket, 'kSetNoDelay'),
  keepAlive: symbolOf(socket, 'kSetKeepAlive'),
  keepAliveDelay: symbolOf(socket, 'kSetKeepAliveInitialDelay'),
  buffer: symbolOf(socket, 'kBuffer'),
  bufferCallback: symbolOf(socket, 'kBufferCb'),
  bufferGenerator: symbolOf(socket, 'kBufferGen'),
  bytesRead: symbolOf(socket, 'kBytesRead'),
  bytesWritten: symbolOf(socket, 'kBytesWritten'),
  symbolOf,
};
