'use strict';

// Options of the kernel's that a socket keeps until it is connected.

const core = require('./core');
const errors = require('./errors');
const {
  kKeepAlive, kKeepAliveCount, kKeepAliveDelay, kKeepAliveInterval, kNoDelay,
  kTypeOfService,
} = require('./symbols');

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

// Tells the kernel what the socket has kept, as core of this version calls its
// handles.
function applyKeepAlive(socket, handle) {
  const enable = socket[kKeepAlive];
  const delay = socket[kKeepAliveDelay];
  if (knowsProbes) {
    handle.setKeepAlive(enable, delay, socket[kKeepAliveInterval],
      socket[kKeepAliveCount]);
  } else {
    handle.setKeepAlive(enable, delay);
  }
}

// 0 or a negative error. A pipe has no such thing.
function applyTypeOfService(socket, handle) {
  return handle.setTypeOfService?.(socket[kTypeOfService]) ?? 0;
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
  const result = this._handle?.getTypeOfService?.() ??
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
