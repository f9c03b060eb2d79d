'use strict';

// Core's own net as it was before anything was replaced, and what internals.js
// finds, by name. What is missing is undefined, or a stand-in of ours where one
// serves.

const diagnostics = require('diagnostics_channel');
const { net } = require('./builtin');
const { internals, symbolOf } = require('./internals');

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

// What run() gives, undefined if it throws: a Node of tomorrow.
function attempt(run, argument) {
  try {
    return run(argument) ?? undefined;
  } catch {
    return undefined;
  }
}

// A socket and its handle, as core leaves them.
function makeSamples() {
  const handle = standIn({ onread: null });
  const socket = attempt(() => new net.Socket({ handle, manualStart: true }));
  return { net, handle, socket, normalized: attempt(net._normalizeArgs, []) };
}

// Names of what this Node lacks.
const missing = new Set();

// What internals.js finds by that name with what it is given. What is `late` can
// be looked for only with an object at hand.
function find(name, argument) {
  const { isOptional, otherwise } = internals[name];
  const value = attempt(internals[name].find, argument);
  if (value !== undefined) return value;
  if (!isOptional) missing.add(name);
  return otherwise?.();
}

const samples = makeSamples();
const found = {};
for (const name of Object.keys(internals)) {
  if (!internals[name].isLate) found[name] = find(name, samples);
}

// Calls run(), which connects a socket of core's that nobody may see.
const clientChannel = diagnostics.channel('net.client.socket');
function quietly(run) {
  if (!clientChannel.hasSubscribers) return run();
  Object.defineProperty(clientChannel, 'hasSubscribers',
    { value: false, configurable: true });
  try {
    return run();
  } finally {
    delete clientChannel.hasSubscribers;
  }
}

module.exports = {
  ...found,
  // Core's own members of net: public, and kept as they were.
  Socket: net.Socket,
  Server: net.Server,
  connect: net.connect,
  get BlockList() { return net.BlockList; },
  BoundSocket: net.BoundSocket,
  get SocketAddress() { return net.SocketAddress; },
  getDefaultAutoSelectFamily: net.getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout:
    net.getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamily: net.setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout:
    net.setDefaultAutoSelectFamilyAttemptTimeout,
  // Core's methods, before anybody patches them.
  socketMethods: Object.getOwnPropertyDescriptors(net.Socket.prototype),
  clientChannel,
  findLate: find,
  isMissing: (name) => missing.has(name),
  quietly,
  standIn,
  symbolOf,
};
