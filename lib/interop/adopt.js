'use strict';

// Core's handles where uvnet meets them as handles, not as sockets: what the
// cluster's primary hands over, and what a user gives to server.listen().

const binding = require('../binding');
const { Error } = require('../builtin');
const core = require('../core');
const { errnoException, invalidArgValue } = require('../errors');
const { guessHandleType } = require('../descriptor');
const { Handle } = require('../handle');
const { Pipe, TCP, newHandle } = require('../transports');

// Node documents 511: Linux rounds a power of two up.
const DEFAULT_BACKLOG = 511;

function isCore(handle) {
  return !(handle instanceof Handle);
}

// A native TCP handle of core's. Its class cannot be had without flags, so the
// name has to do, and the methods that will be called.
function isCoreTcp(value) {
  return value !== null && typeof value === 'object' && isCore(value) &&
    value.constructor?.name === 'TCP' && typeof value.listen === 'function' &&
    typeof value.getsockname === 'function';
}

function isBoundSocket(value) {
  return core.BoundSocket !== undefined && value instanceof core.BoundSocket;
}

// Takes the core handle out of a BoundSocket, which has it no longer then.
function handleOfBoundSocket(bound) {
  const kConsume = core.findLate('consumeBoundSocket', core.BoundSocket);
  if (kConsume === undefined) throw invalidArgValue('options', bound);
  return bound[kConsume]();
}

// Moves an accepted connection from a core handle to one of ours, by a second
// descriptor. Gives `handle` back where that cannot be: on Windows, and for
// what has no descriptor.
function fromCore(handle) {
  if (!isCore(handle) || !(handle.fd >= 0)) return handle;
  const type = guessHandleType(handle.fd);
  if (type !== 'TCP' && type !== 'PIPE') return handle;
  const Class = type === 'TCP' ? TCP : Pipe;
  const own = newHandle(Class, Class.SOCKET);
  if (typeof own === 'number') return handle;
  const fd = binding.duplicate(handle.fd);
  const status = fd < 0 ? fd : own.open(fd);
  if (status < 0) {
    if (fd >= 0) binding.closeDescriptor(fd);
    own.close();
    return handle;
  }
  handle.close();
  return own;
}

// Throws for what core cannot be given.
function refuse() {
  const error = new Error(
    'uvnet: this handle cannot be given to core, for it has no descriptor');
  error.code = 'ERR_INVALID_HANDLE_TYPE';
  throw error;
}

// A second descriptor of the handle's. Throws if there is none to be had.
function duplicate(handle) {
  const own = handle.fd;
  if (own < 0) refuse();
  const fd = binding.duplicate(own);
  if (fd < 0) throw errnoException(fd, 'dup');
  return fd;
}

// A core handle over a second descriptor of ours, for the places where core
// takes no other. A listening one with `listening`. Throws if there is no
// descriptor to be had.
function toCore(handle, listening) {
  if (listening) return listeningHandle(handle);
  if (handle instanceof TCP) {
    const tcp = emptyTcp();
    const fd = duplicate(handle);
    const status = tcp.open(fd);
    if (status < 0) {
      binding.closeDescriptor(fd);
      tcp.close();
      throw errnoException(status, 'open');
    }
    return tcp;
  }
  const socket = coresSocket(duplicate(handle));
  const native = socket._handle;
  socket._handle = null;
  return native;
}

function coresSocket(fd) {
  try {
    return new core.Socket({ fd, manualStart: true });
  } catch (error) {
    binding.closeDescriptor(fd);
    throw error;
  }
}

// What core makes of a descriptor: it listens, or may.
function listeningHandle(handle) {
  if (!core.createServerHandle) refuse();
  const fd = duplicate(handle);
  let native;
  try {
    native = core.createServerHandle(null, null, null, fd);
    if (typeof native === 'number') throw errnoException(native, 'open');
  } catch (error) {
    binding.closeDescriptor(fd);
    throw error;
  }
  return native;
}

// A core handle that goes on listening for `server` in the place of ours, which
// closes.
function takeOverListening(handle, server) {
  const native = listeningHandle(handle);
  native.onconnection = handle.onconnection;
  native[core.ownerSymbol] = server;
  const status = native.listen(DEFAULT_BACKLOG);
  if (status !== 0) {
    native.close();
    throw errnoException(status, 'listen');
  }
  if (!handle.hasRef()) native.unref();
  handle.close();
  return native;
}

let CoreTcp;

// A core TCP handle without a descriptor. The class is had from a socket of
// core's, which has such a handle while it waits for a lookup; this one waits
// forever.
function emptyTcp() {
  if (CoreTcp === undefined) {
    const socket = new core.Socket();
    core.quietly(() =>
      socket.connect({ host: 'localhost', port: 1, lookup() {} }));
    CoreTcp = socket._handle.constructor;
    socket.destroy();
  }
  return new CoreTcp(TCP.SOCKET);
}

module.exports = {
  DEFAULT_BACKLOG,
  emptyTcp,
  fromCore,
  handleOfBoundSocket,
  isBoundSocket,
  isCore,
  isCoreTcp,
  refuse,
  takeOverListening,
  toCore,
};
