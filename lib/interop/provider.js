'use strict';

// What http's agents ask of a handle: a socket that goes from one request to
// the next gets a new async id, so that the requests can be told apart.

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

// Adds the methods to the class. `check` throws on a wrong receiver, and gives
// a negative number for a closed handle.
function defineProvider(Handle, check) {
  for (const method of [getProviderType, asyncReset]) {
    Handle.prototype[method.name] = { [method.name](...args) {
      return check(this) < 0 ? undefined : method.apply(this, args);
    } }[method.name];
  }
}

module.exports = { defineProvider, providerOf };
