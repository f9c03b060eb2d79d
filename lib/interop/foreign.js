'use strict';

// Sockets over handles that are not ours: core's own (a child's stdio, a TTY,
// TLS, what arrives over IPC) and stand-ins that tests make. Those handles
// report their reads through core's own state and take core's request objects,
// which only core's Socket can serve. So core's Socket serves them.

const core = require('../core');
const { Handle } = require('../handle');

const hasInstance = Function.prototype[Symbol.hasInstance];

function isForeign(handle) {
  return handle !== null && typeof handle === 'object' &&
    !(handle instanceof Handle);
}

// What core's Socket has and `socket` does not override in a class of its own.
function borrowMethods(socket, Own) {
  const source = core.Socket.prototype;
  for (const key of Reflect.ownKeys(source)) {
    const own = Object.getOwnPropertyDescriptor(Own.prototype, key);
    if (key === 'constructor' || (own && !inherits(socket, key, Own))) continue;
    Object.defineProperty(socket, key, {
      ...Object.getOwnPropertyDescriptor(source, key),
      configurable: true,
      enumerable: false,
    });
  }
}

// True if `key` of `socket` is what Own.prototype gives.
function inherits(socket, key, Own) {
  let object = socket;
  while (object !== null && !Object.hasOwn(object, key)) {
    object = Object.getPrototypeOf(object);
  }
  return object === Own.prototype;
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

// Constructs for `new Socket(options)` with a foreign handle (`isPlain`), which
// gives a socket of core's, or for a subclass, whose `socket` then runs on
// core's methods.
function construct(socket, options, isPlain, Own) {
  if (isPlain) return new core.Socket(options);
  acceptOurs(Own);
  borrowMethods(socket, Own);
  core.Socket.call(socket, options);
  return socket;
}

module.exports = { construct, isForeign };
