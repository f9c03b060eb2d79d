'use strict';

// Who triggered it. Async hooks learn of each resource which other one it goes
// back to; by default that is the one that runs. Core names its handle instead
// for what net does on a handle's behalf, but offers that to nobody. Its
// Socket's connect() calls the handle's connect() in such a scope, at once.

const diagnostics = require('diagnostics_channel');
const core = require('../core');
const { connectPublishes, withoutPublishing } = require('../versions');

const clientChannel = diagnostics.channel('net.client.socket');

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
  if (!(id > 0)) {
    callback();
    return;
  }
  scope ??= createScope();
  scope.connecting = false;
  scope[core.asyncId] = id;
  current = callback;
  // Newer versions publish what is no connection of the user's.
  if (clientChannel.hasSubscribers && connectPublishes()) {
    withoutPublishing(clientChannel, () => scope.connect({ path: 'trigger' }));
  } else {
    scope.connect({ path: 'trigger' });
  }
  // A core that does not connect at once.
  if (current === callback) run();
}

// process.nextTick(callback, argument), triggered by `id`.
function nextTickBy(id, callback, argument) {
  triggeredBy(id, () => process.nextTick(callback, argument));
}

module.exports = { nextTickBy, triggeredBy };
