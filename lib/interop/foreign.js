'use strict';

// Sockets that core serves: those over handles that are not ours (a child's
// stdio, a TTY, TLS, what arrives over IPC, stand-ins that tests make), and those
// of ours that TLS, http2 or a child took over (move.js). Core's handles report
// their reads through core's own state and take core's request objects, which
// only core's methods can serve. So each method of ours asks whose socket it is,
// and what users put onto net.Socket.prototype reaches both kinds.

const { Duplex } = require('stream');
const core = require('../core');
const { Handle } = require('../handle');
const { kIsCores } = require('../symbols');

const hasInstance = Function.prototype[Symbol.hasInstance];

// They ask themselves, or call what does (stream.js, writing.js, socket.js): a
// wrapper would cost each write.
const ASK_THEMSELVES = new Set([
  'constructor', 'read', '_read', 'write', '_write', '_writev', '_writeGeneric',
  'end', '_unrefTimer', 'setTimeout',
]);

function isForeign(handle) {
  return Boolean(handle) && !(handle instanceof Handle);
}

// Core's own member, or none: then the streams' is taken when it is called.
function coresMember(key) {
  return core.socketMethods[key] ?? {};
}

function eitherMethod(key, own) {
  const cores = coresMember(key).value;
  function method(...args) {
    if (!this[kIsCores]) return Reflect.apply(own, this, args);
    return Reflect.apply(cores ?? Duplex.prototype[key], this, args);
  }
  for (const name of ['name', 'length']) {
    Object.defineProperty(method, name,
      { value: own[name], configurable: true });
  }
  return method;
}

// The same for a getter.
function eitherGetter(key, own) {
  const cores = coresMember(key).get;
  if (!cores) return own;
  return function() {
    return this[kIsCores] ? cores.call(this) : own.call(this);
  };
}

// Lets the methods of the class serve both kinds of sockets.
function serveBoth(prototype) {
  for (const key of Object.getOwnPropertyNames(prototype)) {
    if (ASK_THEMSELVES.has(key)) continue;
    const member = Object.getOwnPropertyDescriptor(prototype, key);
    if (typeof member.value !== 'function') continue;
    member.value = eitherMethod(key, member.value);
    Object.defineProperty(prototype, key, member);
  }
}

// What core's modules call on sockets under names that only they know, and the
// state that core's methods expect on one that our constructor made.
function shareInternals(prototype) {
  const source = core.Socket.prototype;
  for (const symbol of Object.getOwnPropertySymbols(source)) {
    if (Object.hasOwn(prototype, symbol)) continue;
    Object.defineProperty(prototype, symbol,
      Object.getOwnPropertyDescriptor(source, symbol));
  }
  const fresh = new core.Socket();
  for (const symbol of Object.getOwnPropertySymbols(fresh)) {
    if (symbol === core.handle || Object.hasOwn(prototype, symbol)) continue;
    Object.defineProperty(prototype, symbol,
      { value: fresh[symbol], configurable: true, writable: true });
  }
}

// Whoever asks whether a socket of ours is one of core's class is about to treat
// it as such: TLS, http2, a child's channel, all on core's net where the module
// is used without the preload. So it becomes core's then. Core's constructor
// asks too, of what it is called on. `become` says whether that worked.
function answerCore(CoreClass, OwnClass, become) {
  // Another copy of this module may have been here before.
  const before = CoreClass[Symbol.hasInstance];
  Object.defineProperty(CoreClass, Symbol.hasInstance, {
    value(instance) {
      if (before.call(this, instance)) return true;
      return this === CoreClass && hasInstance.call(OwnClass, instance) &&
        become(instance);
    },
    configurable: true,
    writable: true,
  });
}

// The options with all that core's constructor adds to its copy of them. V8 makes
// a hidden class for each copy that is added to, and then another look at every
// option costs more than the whole constructor.
function completed(options) {
  return {
    emitClose: false, autoDestroy: true, decodeStrings: false, ...options,
  };
}

// Constructs a socket over a foreign handle: for `new Socket()`, and for classes
// derived from it.
function construct(socket, options) {
  socket[kIsCores] = true;
  core.Socket.call(socket, completed(options));
  return socket;
}

module.exports = {
  answerCore, construct, eitherGetter, isForeign, serveBoth, shareInternals,
};
