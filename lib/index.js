'use strict';

// The module: the same shape as node:net.

const diagnostics = require('diagnostics_channel');
const { isIP, isIPv4, isIPv6 } = require('./address');
const { normalizeArgs } = require('./arguments');
const builtin = require('./builtin');
const core = require('./core');
const {
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
} = require('./defaults');
const { createServerHandle } = require('./listen');
const { Server } = require('./server');
const { Socket } = require('./socket');
const versions = require('./versions');

const clientChannel = diagnostics.channel('net.client.socket');

function createServer(options, connectionListener) {
  return new Server(options, connectionListener);
}

function connect(...args) {
  const normalized = normalizeArgs(args);
  const [options] = normalized;
  const socket = new Socket(options);
  if (clientChannel.hasSubscribers && !versions.connectPublishes()) {
    clientChannel.publish({ socket });
  }
  if (options.timeout) socket.setTimeout(options.timeout);
  return socket.connect(normalized);
}

module.exports = {
  _createServerHandle: createServerHandle,
  _normalizeArgs: normalizeArgs,
  // Few need them, and each file costs all of them a part of a millisecond.
  get BlockList() { return require('./blocklist').BlockList; },
  get SocketAddress() { return require('./socketaddress').SocketAddress; },
  connect,
  createConnection: connect,
  createServer,
  isIP,
  isIPv4,
  isIPv6,
  Server,
  Socket,
  Stream: Socket,
  getDefaultAutoSelectFamily,
  setDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamilyAttemptTimeout,
};

// What not every version of Node has.
if (core.BoundSocket) module.exports.BoundSocket = core.BoundSocket;
if (core.setSimultaneousAccepts) {
  module.exports._setSimultaneousAccepts = core.setSimultaneousAccepts;
}
builtin.onload?.(module.exports);
