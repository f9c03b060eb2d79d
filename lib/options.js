'use strict';

// Options of the kernel's that a socket keeps until it is connected.

const core = require('./core');
const errors = require('./errors');
const {
  kKeepAlive, kKeepAliveCount, kKeepAliveDelay, kKeepAliveInterval, kNoDelay,
  kTypeOfService,
} = require('./symbols');

// enum uvnet_os_option in src/os.h.
const KEEP_ALIVE_INTERVAL = 0;
const KEEP_ALIVE_COUNT = 1;
const TYPE_OF_SERVICE = 2;

// libuv's: seconds, and probes.
const DEFAULT_INTERVAL = 1;
const DEFAULT_COUNT = 10;

// From 24.19 on Node lets users say how often to probe, and takes an object.
const knowsProbes = core.Socket.prototype.setKeepAlive.length > 2;
const knowsTypeOfService = 'setTypeOfService' in core.Socket.prototype;

function setNoDelay(enable) {
  const value = Boolean(enable === undefined ? true : enable);
  const handle = this._handle;
  if (!handle) {
    this[kNoDelay] = value;
  } else if (handle.setNoDelay && value !== this[kNoDelay]) {
    this[kNoDelay] = value;
    handle.setNoDelay(value);
  }
  return this;
}

function toSeconds(milliseconds) {
  return milliseconds === undefined ? undefined : ~~(milliseconds / 1000);
}

// Core's C++ takes the default for what is no 32-bit integer from 0 on.
function uint32Or(value, standard) {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffffff &&
    !Object.is(value, -0) ? value : standard;
}

// As libuv does for core, step by step: where the system refuses a value, that
// and what follows stay as they are, and nobody hears of it.
function applyProbes(handle, delay, interval, count) {
  const before = [KEEP_ALIVE_INTERVAL, KEEP_ALIVE_COUNT]
    .map((option) => handle.getOption(option));
  // A delay of 0 is refused after probes have been turned on.
  const isRefused = interval === 0 || count === 0;
  if (handle.setKeepAlive(true, isRefused ? 0 : delay) < 0) return;
  if (handle.setOption(KEEP_ALIVE_INTERVAL, interval | 0) < 0) {
    handle.setOption(KEEP_ALIVE_INTERVAL, before[0]);
  } else if (handle.setOption(KEEP_ALIVE_COUNT, count | 0) === 0) {
    return;
  }
  handle.setOption(KEEP_ALIVE_COUNT, before[1]);
}

// Tells the kernel what the socket has kept. How often to probe is what libuv
// thinks best, if the user does not say it.
function applyKeepAlive(socket, handle) {
  const delay = socket[kKeepAliveDelay];
  const interval = uint32Or(socket[kKeepAliveInterval], DEFAULT_INTERVAL);
  const count = uint32Or(socket[kKeepAliveCount], DEFAULT_COUNT);
  const isUsual = interval === DEFAULT_INTERVAL && count === DEFAULT_COUNT;
  if (!socket[kKeepAlive] || isUsual || !handle.setOption) {
    handle.setKeepAlive(socket[kKeepAlive], delay);
  } else {
    applyProbes(handle, delay, interval, count);
  }
}

// 0 or a negative error. A pipe has no such thing.
function applyTypeOfService(socket, handle) {
  return handle.setOption?.(TYPE_OF_SERVICE, socket[kTypeOfService]) ?? 0;
}

function useKeepAlive(socket, options) {
  const { enable, initialDelay, interval, count } = options;
  const wanted = {
    [kKeepAlive]: Boolean(enable),
    [kKeepAliveDelay]: ~~(initialDelay / 1000),
    [kKeepAliveInterval]: toSeconds(interval),
    [kKeepAliveCount]: count,
  };
  const handle = socket._handle;
  if (handle && !handle.setKeepAlive) return socket;
  const keys = wanted[kKeepAlive] ? Object.getOwnPropertySymbols(wanted) :
    [kKeepAlive];
  if (handle && keys.every((key) => wanted[key] === socket[key])) return socket;
  Object.assign(socket, wanted);
  if (handle) applyKeepAlive(socket, handle);
  return socket;
}

function setKeepAlive(enable, initialDelay) {
  return useKeepAlive(this, { enable, initialDelay });
}

function setKeepAliveAndProbes(enable, initialDelay, interval, count) {
  return useKeepAlive(this, enable !== null && typeof enable === 'object' ?
    enable : { enable, initialDelay, interval, count });
}

function isByte(value) {
  return Number.isInteger(value) && value >= 0 && value <= 255;
}

// The option of the constructor; core says what is wrong with one.
function typeOfServiceOf({ typeOfService }) {
  if (!knowsTypeOfService) return undefined;
  if (typeOfService !== undefined && !isByte(typeOfService)) {
    new core.Socket({ typeOfService });
  }
  return typeOfService;
}

function setTypeOfService(tos) {
  if (!isByte(tos)) new core.Socket().setTypeOfService(tos);
  this[kTypeOfService] = tos;
  const status = this._handle ? applyTypeOfService(this, this._handle) : 0;
  if (status < 0) throw errors.errnoException(status, 'setTypeOfService');
  return this;
}

function getTypeOfService() {
  const result = this._handle?.getOption?.(TYPE_OF_SERVICE) ??
    this[kTypeOfService] ?? 0;
  if (result < 0) throw errors.errnoException(result, 'getTypeOfService');
  return result;
}

// Adds the methods that core of this version has to the class.
function defineOptions(Socket) {
  Object.assign(Socket.prototype, { setNoDelay, setKeepAlive });
  if (knowsProbes) Socket.prototype.setKeepAlive = setKeepAliveAndProbes;
  if (knowsTypeOfService) {
    Object.assign(Socket.prototype, { setTypeOfService, getTypeOfService });
  }
}

module.exports = {
  applyKeepAlive,
  applyTypeOfService,
  defineOptions,
  typeOfServiceOf,
};
