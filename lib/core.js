'use strict';

// Core's own net, as it was before anything was replaced, and the symbols that
// core and uvnet must share so that the rest of Node can use our sockets. All
// of it is found on public objects.

const net = require('net');

function symbolOf(object, description) {
  return Object.getOwnPropertySymbols(object)
    .find((symbol) => symbol.description === description) ??
    Symbol(description);
}

// Reads a member of core's net that is loaded when it is asked for, also when
// net has another one by then.
function lazily(name) {
  const descriptor = Object.getOwnPropertyDescriptor(net, name);
  return () => (descriptor.get ? descriptor.get.call(net) : descriptor.value);
}

const readBlockList = lazily('BlockList');
const readSocketAddress = lazily('SocketAddress');

const socket = new net.Socket();

// What core listens to a handle's reads with, which it gives to any handle.
const handle = { close() {}, readStart() {}, getAsyncId: () => 0, onread: null };
new net.Socket({ handle, manualStart: true });

module.exports = {
  Socket: net.Socket,
  Server: net.Server,
  connect: net.connect,
  get BlockList() { return readBlockList(); },
  BoundSocket: net.BoundSocket,
  get SocketAddress() { return readSocketAddress(); },
  createServerHandle: net._createServerHandle,
  getDefaultAutoSelectFamily: net.getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout:
    net.getDefaultAutoSelectFamilyAttemptTimeout,
  setSimultaneousAccepts: net._setSimultaneousAccepts,
  onRead: handle.onread,
  // Marks the result of _normalizeArgs(), which http's agents pass on.
  normalizedArgs: symbolOf(net._normalizeArgs([]), 'normalizedArgs'),
  // Where core's stream code keeps and looks for ids and timers.
  asyncId: symbolOf(socket, 'async_id_symbol'),
  timeout: symbolOf(socket, 'timeout'),
  symbolOf,
};
