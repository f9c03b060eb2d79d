'use strict';

// Sockets over handles that are not ours: core's own (a child's stdio, a TTY,
// TLS, what arrives over IPC) and stand-ins that tests make. Those handles
// report their reads through core's own state and take core's request objects,
// which only core's Socket can serve. So core's Socket serves them.

const { Duplex } = require('stream');
const core = require('../core');
const { Handle } = require('../handle');

const hasInstance = Function.prototype[Symbol.hasInstance];

let methods;

function isForeign(handle) {
  return handle !== null && typeof handle === 'object' &&
    !(handle instanceof Handle);
}

// What core's Socket has, as properties to be defined; where only ours has
// something of its own, what all streams have. So is the state that core's
// constructor makes, for sockets that our constructor made.
function coreMethods(Own) {
  if (methods !== undefined) return methods;
  methods = Object.getOwnPropertyDescriptors(core.Socket.prototype);
  delete methods.constructor;
  for (const key of Object.keys(Own.prototype)) {
    if (key in Duplex.prototype && !Object.hasOwn(methods, key)) {
      methods[key] = { value: Duplex.prototype[key], writable: true };
    }
  }
  const fresh = new core.Socket();
  for (const symbol of Object.getOwnPropertySymbols(fresh)) {
    methods[symbol] = { value: fresh[symbol], writable: true };
  }
  delete methods[core.handle];
  for (const key of Reflect.ownKeys(methods)) {
    Object.assign(methods[key], { configurable: true, enumerable: false });
  }
  return methods;
}

// For a socket of a user's class: what core's Socket has and no class between
// the socket and Own overrides.
function borrowMethods(socket, Own) {
  for (const key of Reflect.ownKeys(coreMethods(Own))) {
    if (overrides(socket, key, Own)) continue;
    Object.defineProperty(socket, key, methods[key]);
  }
}

// True if the socket, or a class between it and Own, has a `key` of its own.
function overrides(socket, key, Own) {
  let object = socket;
  while (object !== null && object !== Own.prototype) {
    if (Object.hasOwn(object, key)) return true;
    object = Object.getPrototypeOf(object);
  }
  return false;
}

let bridge;

// A prototype that puts core's methods in front of ours. What users add to
// net.Socket.prototype is still found.
function bridgeTo(Own) {
  bridge ??= Object.create(Own.prototype, coreMethods(Own));
  return bridge;
}

// A class of core's own whose sockets are all over core's handles.
function isInternal(prototype, handle) {
  return prototype.constructor.name === 'JSStreamSocket' &&
    handle.constructor.name === 'JSStream';
}

// Gives a socket that is not one of ours, or no longer, core's methods.
function useCoreMethods(socket, Own, handle) {
  const prototype = Object.getPrototypeOf(socket);
  if (prototype === Own.prototype) {
    Object.setPrototypeOf(socket, bridgeTo(Own));
  } else if (handle && Object.getPrototypeOf(prototype) === Own.prototype &&
      isInternal(prototype, handle)) {
    Object.setPrototypeOf(prototype, bridgeTo(Own));
  } else if (!Object.prototype.isPrototypeOf.call(bridgeTo(Own), socket)) {
    borrowMethods(socket, Own);
  }
}

// Core's constructor asks `this instanceof Socket`, and code that took net's
// Socket before it was replaced does too: say yes for ours.
function acceptOurs(Own) {
  if (Object.hasOwn(core.Socket, Symbol.hasInstance)) return;
  Object.defineProperty(core.Socket, Symbol.hasInstance, {
    value(instance) {
      return hasInstance.call(this, instance) ||
        (this === core.Socket && hasInstance.call(Own, instance));
    },
    configurable: true,
    writable: true,
  });
}

// What core's modules call on net.Socket.prototype under names that only they
// know; all of it is for sockets over core's handles.
function shareInternals(Own) {
  const source = core.Socket.prototype;
  for (const symbol of Object.getOwnPropertySymbols(source)) {
    if (Object.hasOwn(Own.prototype, symbol)) continue;
    Object.defineProperty(Own.prototype, symbol,
      Object.getOwnPropertyDescriptor(source, symbol));
  }
}

// The options with all that core's constructor adds to its copy of them. V8 makes
// a hidden class for each copy that is added to, and then another look at every
// option costs more than the whole constructor.
function completed(options) {
  return {
    emitClose: false, autoDestroy: true, decodeStrings: false, ...options,
  };
}

// Constructs for `new Socket(options)` with a foreign handle (`isPlain`), which
// gives a socket of core's, or for a subclass, whose `socket` then runs on
// core's methods. Both find what users add to net.Socket.prototype.
function construct(socket, options, isPlain, Own) {
  if (isPlain) {
    return Object.setPrototypeOf(new core.Socket(completed(options)),
      bridgeTo(Own));
  }
  acceptOurs(Own);
  useCoreMethods(socket, Own, options.handle);
  core.Socket.call(socket, completed(options));
  return socket;
}

module.exports = {
  bridgeTo, construct, isForeign, shareInternals, useCoreMethods,
};
