'use strict';

// Sending our sockets and servers to other processes. Core's channel can only
// pass core's handles: each is sent over a second descriptor.

const process = require('process');
const { Handle } = require('../handle');
const { Server } = require('../server');
const { Socket } = require('../socket');
const { toCore } = require('./adopt');

const wrapped = Symbol('uvnet.send');

// Something of ours that is to be sent, with what stands in for it. Null for
// anything else.
function sendable(target) {
  if (target instanceof Handle) {
    return { handle: target, isServer: target.onconnection !== null };
  }
  const own = target instanceof Socket || target instanceof Server;
  if (!own || !(target._handle instanceof Handle)) return null;
  return {
    handle: target._handle,
    isServer: target instanceof Server,
    holder: target,
  };
}

// Calls send() with a core handle in place of ours. What core takes away from
// its owner is closed here; what it leaves is put back.
function sendInPlace(send, target, { handle, holder, isServer }) {
  const native = toCore(handle, isServer);
  const close = () => native.close();
  if (!holder) return { result: send(native), close };
  if (handle.reading) handle.readStop();
  holder._handle = native;
  const result = send(target);
  if (holder._handle === native) {
    holder._handle = handle;
    if (handle.reading) handle.readStart();
    return { result, close };
  }
  // Core keeps the native handle until the receiver has acknowledged it.
  handle.close();
  return { result, close() {} };
}

function wrapSend(channel) {
  const send = channel._send;
  if (typeof send !== 'function' || channel[wrapped]) return;
  channel[wrapped] = true;
  channel._send = function(message, handle, options, callback) {
    const item = sendable(handle);
    if (item === null) return send.call(this, message, handle, options, callback);
    const sent = sendInPlace((native) =>
      send.call(this, message, native, options, (error) => {
        sent.close();
        if (typeof callback === 'function') callback(error);
        else if (error) this.emit('error', error);
      }), handle, item);
    return sent.result;
  };
}

// A socket of ours as a child's stdio is given by its descriptor; the child
// reads, and we stop.
function withDescriptors(options) {
  if (!Array.isArray(options?.stdio)) return options;
  const stdio = options.stdio.map((entry) => {
    if (!(entry?._handle instanceof Handle)) return entry;
    if (entry instanceof Socket) {
      entry.pause();
      entry._handle.reading = false;
      entry._handle.readStop();
    }
    return entry._handle.fd;
  });
  return { ...options, stdio };
}

// Reaches the channels to the children to come. To be called once.
function wrapSpawn() {
  const { prototype } = require('child_process').ChildProcess;
  const { spawn } = prototype;
  prototype.spawn = { spawn(options) {
    const result = spawn.call(this, withDescriptors(options));
    wrapSend(this);
    return result;
  } }.spawn;
}

// Reaches this process's own channel.
function install() {
  wrapSend(process);
}

module.exports = { install, wrapSpawn };
