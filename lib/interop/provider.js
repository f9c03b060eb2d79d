'use strict';

// What http's agents ask of a handle. A socket that goes from one request to
// the next gets a new async id, so that the requests can be told apart. Between
// the two, newer versions of Node let nothing be read: they set a listener of
// their own on the handle, and then core's.

const { AsyncResource, asyncWrapProviders } = require('async_hooks');

const manual = { requireManualDestroy: true };
const { emitDestroy } = AsyncResource.prototype;

// Core's name for what the handle is.
function providerOf(handle) {
  const [socket, server] = handle.constructor.PROVIDERS;
  return handle.onconnection === null ? socket : server;
}

// The number that core has for that name.
function getProviderType() {
  return asyncWrapProviders?.[providerOf(this)] ?? 0;
}

// Ends the handle's async id and gives it a new one, which async hooks see as
// that of a resource with the properties of `resource`. It is a resource made
// here and now: all that belongs to one of those (ids, stores of
// AsyncLocalStorage) lies under symbols, and moves to the handle. A handle that
// is closed keeps its id.
function asyncReset(resource) {
  emitDestroy.call(this);
  const fresh = new AsyncResource(providerOf(this), manual);
  for (const key of Object.getOwnPropertySymbols(fresh)) {
    this[key] = fresh[key];
  }
  Object.assign(fresh, resource);
}

// The agent's guard looks where core's C++ tells how much was read, and so does
// core's listener: ours stand in for them.
function standIn(listener, current) {
  switch (listener?.name) {
    case 'freeSocketOnReadGuard': return guardOf(listener, current);
    case 'onStreamRead': return current?.previous ?? current;
    default: return listener;
  }
}

function guardOf(listener, previous) {
  const guard = function(count) {
    if (count !== 0) this.owner.destroy();
  };
  return Object.assign(guard, { listener, previous });
}

// Adds to the class what is above. `check` throws on a wrong receiver, and gives
// a negative number for a closed handle; `listener` is where the handle's
// listener for reads lies.
function defineProvider(Handle, check, listener) {
  for (const method of [getProviderType, asyncReset]) {
    Handle.prototype[method.name] = { [method.name](...args) {
      return check(this) < 0 ? undefined : method.apply(this, args);
    } }[method.name];
  }
  Object.defineProperty(Handle.prototype, 'onread', {
    get() { return this[listener]?.listener ?? this[listener]; },
    set(value) { this[listener] = standIn(value, this[listener]); },
  });
}

module.exports = { defineProvider, providerOf };
