'use strict';

// Listeners to a handle's reads that others set. http's agent, from Node 22 on,
// has one of its own on a socket that nobody uses, and then puts core's there.
// Both look into core's own state for what was read, and find nothing of ours.

const core = require('../core');

// The agent's listener cannot be had otherwise, so its name has to do.
const AGENT_GUARD = core.agentGuard;

const kReader = Symbol('reader');

let agentGuard;

// Whatever comes over a socket that nobody uses, it is not used again.
function dropSocket() {
  this[core.ownerSymbol].destroy();
}

// What does on a handle of ours what `listener` does on one of core's.
// `socketReader` is the listener that every socket of ours has.
function fromCore(listener, socketReader, current) {
  if (listener === core.onRead && listener) return socketReader;
  // An agent puts back core's listener where its own was.
  if (core.isMissing('onRead') && current === dropSocket) return socketReader;
  if (!AGENT_GUARD || listener?.name !== AGENT_GUARD) return listener;
  agentGuard = listener;
  return dropSocket;
}

// Adds the property `onread`, which calls for what [kReader] has then. Who asks
// for it gets what was set.
function defineOnRead(prototype) {
  prototype[kReader] = null;
  Object.defineProperty(prototype, 'onread', {
    get() { return this[kReader] === dropSocket ? agentGuard : this[kReader]; },
    set(listener) {
      this[kReader] = fromCore(listener, prototype[kReader], this[kReader]);
    },
    configurable: true,
    enumerable: true,
  });
}

module.exports = { defineOnRead, kReader };
