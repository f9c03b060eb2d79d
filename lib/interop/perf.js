'use strict';

// perf_hooks entries of type 'net'. Core alone can make them, so while somebody
// observes that type, each connection of ours is mirrored by a core socket over
// a handle that only records when it is told to connect.

const { setImmediate } = require('../builtin');
const core = require('../core');
const { onceLoaded } = require('./loaded');

let observed = false;

function ignore() {}

// A handle for core's Socket: connect() keeps the request, nothing else acts.
function recorder() {
  function record(request) {
    handle.request = request;
    return 0;
  }
  const handle = core.standIn({
    request: null,
    connect: record,
    connect6: record,
    close(done) { if (done) setImmediate(done); },
    ref: ignore,
    unref: ignore,
  });
  return handle;
}

function connectOnRecorder(options) {
  const handle = recorder();
  const mirror = new core.Socket({ handle, manualStart: true });
  mirror.on('error', ignore);
  core.quietly(() => mirror.connect(options));
  return { handle, mirror };
}

// Begins an entry for a connection to `target`. Gives a function that ends it
// with the connection's status.
function startConnect({ address, family, port }) {
  patchOnceLoaded();
  if (!observed || !family) return ignore;
  const { handle, mirror } = connectOnRecorder({
    host: address,
    port,
    family,
    lookup: (host, options, done) => done(null, address, family),
  });
  return (status) => {
    const { request } = handle;
    if (status === 0 && request) {
      request.oncomplete(0, handle, request, true, true);
    }
    mirror.destroy();
  };
}

// Core marks a connecting socket that somebody observes.
function isObserved() {
  const { mirror } = connectOnRecorder({
    host: 'localhost',
    port: 1,
    autoSelectFamily: false,
    lookup: (host, options, done) => done(null, '127.0.0.1', 4),
  });
  const context = core.findLate('perfContext', mirror);
  mirror.destroy();
  return context !== undefined;
}

// An observer that goes away is not noticed: its entries are made and dropped.
function patch() {
  const { PerformanceObserver } = require('perf_hooks');
  const { observe } = PerformanceObserver.prototype;
  PerformanceObserver.prototype.observe = { observe(options) {
    const { type, entryTypes } = options ?? {};
    if (type === 'net' || entryTypes?.includes?.('net')) observed = true;
    return observe.call(this, options);
  } }.observe;
  observed = isObserved();
}

let patchOnceLoaded = ignore;

// Learns from now on whether somebody observes 'net'.
function install() {
  patchOnceLoaded = onceLoaded(['NativeModule perf_hooks'], patch);
}

module.exports = { install, startConnect };
