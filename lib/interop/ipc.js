'use strict';

// Sending our sockets and servers to other processes. Core's channel can only
// pass core's handles: each is sent over a second descriptor.

const diagnostics = require('diagnostics_channel');
const process = require('process');
const core = require('../core');
const { errnoException, uv } = require('../errors');
const { Handle } = require('../handle');
const { Server } = require('../server');
const { kBridge } = require('../symbols');
const { refuse, toCore } = require('./adopt');
const { becomeCoresWhenAsked } = require('./asked');
const { isMovable, moveToCore } = require('./move');

const wrapped = Symbol('uvnet.send');

// Has send() send a core handle in the place of one of ours, which stays ours.
// Core keeps the native one until the receiver has it; close() is for then.
function sendHandle(send, handle) {
  const native = toCore(handle, handle.onconnection !== null);
  return withNative(native, () => send(native, () => native.close()));
}

// The same with a server whose handle is ours.
function sendServer(send, server) {
  const handle = server._handle;
  const native = toCore(handle, true);
  return withNative(native, () => {
    server._handle = native;
    try {
      return send(server, () => native.close());
    } finally {
      server._handle = handle;
    }
  });
}

function withNative(native, run) {
  try {
    return run();
  } catch (error) {
    native.close();
    throw error;
  }
}

function sendOurs(send, target) {
  if (target instanceof Handle) return sendHandle(send, target);
  if (target instanceof Server && target._handle instanceof Handle) {
    return sendServer(send, target);
  }
  // A socket becomes core's: what is sent is taken from it, and with
  // `keepOpen` both processes use it.
  if (isMovable(target)) moveToCore(target);
  if (target?._handle?.[kBridge]) refuse();
  return send(target);
}

function wrapSend(channel) {
  const original = core.findLate('send', channel);
  if (typeof original !== 'function') {
    if (typeof channel.send === 'function') becomeCoresWhenAsked();
    return;
  }
  if (channel[wrapped]) return;
  channel[wrapped] = true;
  channel._send = function(message, target, options, callback) {
    return sendOurs((item, done) => {
      if (done === undefined) {
        return original.call(this, message, item, options, callback);
      }
      return original.call(this, message, item, options, (error) => {
        done();
        if (typeof callback === 'function') callback(error);
        else if (error) this.emit('error', error);
      });
    }, target);
  };
}

// A socket of ours as a child's stdio is given by its descriptor; the child
// reads, and we stop.
function withDescriptors(options) {
  if (!Array.isArray(options?.stdio)) return options;
  const stdio = options.stdio.map((entry) => {
    const handle = entry?._handle;
    if (!(handle instanceof Handle)) return entry;
    if (handle.fd < 0) throw errnoException(uv.EINVAL, 'spawn');
    if (typeof entry.pause === 'function') {
      entry.pause();
      handle.reading = false;
      handle.readStop();
    }
    return handle.fd;
  });
  return { ...options, stdio };
}

// Reaches the channels to the children to come. To be called once.
function wrapSpawn() {
  const childProcess = require('child_process');
  const { prototype } = childProcess.ChildProcess;
  const spawn = core.findLate('spawn', childProcess);
  if (spawn === undefined) {
    becomeCoresWhenAsked();
    return;
  }
  prototype.spawn = { spawn(options) {
    const result = spawn.call(this, withDescriptors(options));
    wrapSend(this);
    return result;
  } }.spawn;
}

// A child's object is made, and not spawned yet. To load child_process before
// would cost each process a millisecond.
function onFirstChild() {
  diagnostics.unsubscribe('child_process', onFirstChild);
  wrapSpawn();
}

// Reaches this process's own channel, and those to children.
function install() {
  wrapSend(process);
  diagnostics.subscribe('child_process', onFirstChild);
}

module.exports = { install };
