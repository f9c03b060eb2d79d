'use strict';

// Who triggered it. Async hooks learn of each resource which other one it goes
// back to; by default that is the one that runs. Core names its handle instead
// for what net does on a handle's behalf, but offers that to nobody. Its
// Socket's connect() calls the handle's connect() in such a scope, at once.

const process = require('process');
const core = require('../core');
const debug = require('../debug');

const { emitCloseIfDrained } = core;

let scope = null;
let current = null;

function run() {
  const callback = current;
  current = null;
  callback();
  return 0;
}

// A core socket that never connects.
function createScope() {
  const handle = core.standIn({ connect: run });
  return new core.Socket({ handle, manualStart: true });
}

// Calls callback() at once; what that creates counts as triggered by `id`. The
// scope that runs stays the same.
function triggeredBy(id, callback) {
  // NODE_DEBUG=net shall not print what core says of a connection that is none.
  if (!(id > 0) || debug.isOn) {
    callback();
    return;
  }
  scope ??= createScope();
  scope.connecting = false;
  scope[core.asyncId] = id;
  const outer = current;
  current = callback;
  try {
    core.quietly(() => scope.connect({ path: 'trigger' }));
    // A core that does not connect at once.
    if (current === callback) run();
  } finally {
    // Before the callback ran a user's code may have come here.
    current = outer;
  }
}

// process.nextTick(callback, argument), triggered by `id` if that is positive. It
// is core's Server that calls it, to emit 'close', so that ticks are faked where
// core's are. In a vm context, such as jest's, `process` is a copy.
function nextTickBy(id, callback, argument) {
  if (!emitCloseIfDrained) {
    process.nextTick(callback, argument);
    return;
  }
  const server = {
    _handle: null,
    _connections: 0,
    emit() { callback(argument); },
  };
  if (id > 0) server[core.asyncId] = id;
  emitCloseIfDrained.call(server);
}

function nextTick(callback, argument) {
  nextTickBy(0, callback, argument);
}

module.exports = { nextTick, nextTickBy, triggeredBy };
