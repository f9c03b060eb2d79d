'use strict';

// What Node offers, as it was before anybody replaced it: net by uvnet itself;
// timers, clocks and classes by programs, whose tests fake them. Core's own net
// does not notice that, for it has its own, and neither must uvnet. The preload
// loads all other files when net is first used, which may be later than that.

const { Buffer } = require('buffer');
const net = require('net');
const { hrtime, platform } = require('process');
const { setImmediate, setTimeout } = require('timers');
const {
  AggregateError, Error, Promise, RangeError, TypeError, Uint8Array,
} = globalThis;

module.exports = {
  AggregateError,
  Buffer,
  Error,
  Promise,
  RangeError,
  TypeError,
  Uint8Array,
  hrtime,
  isWindows: platform === 'win32',
  net: Object.create(null, Object.getOwnPropertyDescriptors(net)),
  platform,
  setImmediate,
  setTimeout,
};
