'use strict';

// The module: the same shape as node:net.


// First of all, for it refuses what uvnet cannot run on.
const binding = require('./binding');

const process = require('process');
const { isIP, isIPv4, isIPv6 } = require('./address');
const { normalizeArgs } = require('./arguments');
const { net } = require('./builtin');
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
const version = require('./version');
const versions = require('./versions');

const { clientChannel } = core;

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

// Few need them, and each file costs all of them a part of a millisecond.
const lazy = {
  get BlockList() { return require('./blocklist').BlockList; },
  get SocketAddress() { return require('./socketaddress').SocketAddress; },
};

// import looks for names in this text: it reads an object of identifiers, and
// definitions and assignments of just these forms.
module.exports = {
  _createServerHandle: createServerHandle,
  _normalizeArgs: normalizeArgs,
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
/* eslint-disable object-shorthand */
Object.defineProperty(module.exports, 'BlockList',
  { enumerable: true, get: function() { return lazy.BlockList; } });
Object.defineProperty(module.exports, 'SocketAddress',
  { enumerable: true, get: function() { return lazy.SocketAddress; } });
/* eslint-enable object-shorthand */

// What core does not have, and a copy of core's members does not take along.
Object.defineProperty(module.exports, 'version', { value: version });
Object.defineProperty(module.exports, 'statistics',
  { value: function statistics() { return binding.statistics(); } });

// What not every version of Node has.
if (core.BoundSocket) module.exports.BoundSocket = core.BoundSocket;
// What else core has is core's: a member that is newer than uvnet.
for (const name of Object.keys(net)) {
  if (Object.hasOwn(module.exports, name)) continue;
  Object.defineProperty(module.exports, name,
    Object.getOwnPropertyDescriptor(net, name));
}

require('./interop/ipc').install();
require('./interop/perf').install();
// What is else read when it is needed. A program may have given up by then the
// permission to read it.
if (process.permission) {
  require('./autoselect');
  require('./blocklist');
  require('./socketaddress');
}
