'use strict';

// socket.connect(): from its arguments to a connected handle.

const { isIP } = require('./address');
const { normalizeOnce } = require('./arguments');
const { bindStatus } = require('./bind');
const { RangeError, isWindows } = require('./builtin');
const core = require('./core');
const debug = require('./debug');
const defaults = require('./defaults');
const errors = require('./errors');
const { Pipe, TCP, newHandle } = require('./transports');
const parser = require('./interop/parser');
const perf = require('./interop/perf');
const { applyKeepAlive, applyTypeOfService } = require('./options');
const { nextTick, nextTickBy, triggeredBy } = require('./interop/trigger');
const { finishConnect } = require('./interop/move');
const { PipeConnectWrap, TCPConnectWrap } = require('./requests');
const { attachFresh } = require('./stream');
const {
  kConnector, kKeepAlive, kNoDelay, kPeer, kTypeOfService,
} = require('./symbols');
const validate = require('./validate');
const versions = require('./versions');

const { uv } = errors;

// Where a connection goes: one shape for all, since V8 makes a hidden class for
// each object that a spread adds fields to.
class Target {
  // An address or a path; undefined until a name is resolved.
  constructor(address) {
    this.address = address;
    // 4 or 6; 0 for a name that is not resolved, undefined for a path.
    this.family = undefined;
    this.host = undefined;
    this.port = undefined;
    this.localAddress = undefined;
    this.localPort = undefined;
    this.selection = undefined;
    // The name is for Node's own lookup.
    this.isForDns = false;
  }

  // The same with another address.
  at({ address, family }) {
    const target = new Target(address);
    target.family = family;
    target.host = this.host;
    target.port = this.port;
    target.localAddress = this.localAddress;
    target.localPort = this.localPort;
    target.selection = this.selection;
    return target;
  }
}

function connect(...args) {
  const [options, callback] = normalizeOnce(args);
  if (core.clientChannel.hasSubscribers && versions.connectPublishes()) {
    core.clientChannel.publish({ socket: this });
  }
  // A socket that was used before starts from anew.
  if (this.write !== this.constructor.prototype.write &&
      Object.hasOwn(this, 'write')) delete this.write;
  if (callback !== null) this.once('connect', callback);
  const { port, path } = options;
  if (port === undefined && path == null) {
    throw errors.codeError('ERR_MISSING_ARGS');
  }
  // So does one that never came to a handle.
  if (this.destroyed || !this._handle) renew(this);
  const isFresh = !this._handle;
  if (isFresh) {
    const handle = path ? newHandle(Pipe, Pipe.SOCKET) :
      newHandle(TCP, TCP.SOCKET);
    if (typeof handle === 'number') return failWithoutHandle(this, handle);
    attachFresh(this, handle);
    parser.patchOnceLoaded();
  }
  this._unrefTimer();
  this.connecting = true;
  const target = checkedTarget(this, path, options, isFresh);
  if (!path) lookupOrClose(this, target, options, isFresh);
  // The getter of an option may have destroyed the socket.
  else if (this.connecting) connectHandle(this, target);
  return this;
}

// There is no memory for a handle. Users attach their listeners later.
function failWithoutHandle(socket, status) {
  socket.connecting = true;
  const error = errors.errnoException(status, 'connect');
  nextTick(() => socket.destroy(error));
  return socket;
}

// Where to connect to. What is refused leaves no fresh handle behind: nobody may
// ever destroy the socket.
function checkedTarget(socket, path, options, isFresh) {
  try {
    if (!path) return targetOf(options);
    validate.string(path, 'options.path');
    return new Target(path);
  } catch (error) {
    if (isFresh) closeFresh(socket);
    throw error;
  }
}

function closeFresh(socket) {
  if (!socket._handle) return;
  socket._handle.close();
  socket._handle = null;
}

// Node's own lookup refuses what is no name. One of a user's may throw and answer
// all the same.
function lookupOrClose(socket, target, options, isFresh) {
  try {
    lookupAndConnect(socket, target, options);
  } catch (error) {
    if (isFresh && target.isForDns) closeFresh(socket);
    throw error;
  }
}

// Makes the socket as good as new.
function renew(socket) {
  if (core.undestroy) core.undestroy.call(socket);
  else if (socket.destroyed) throw errors.codeError('ERR_SOCKET_CLOSED');
  socket._handle = null;
  socket._sockname = null;
  if (socket[kPeer]) socket[kPeer] = undefined;
}

function checkLocal(address, port) {
  if (address && !isIP(address)) throw errors.invalidIpAddress(address);
  if (port) validate.number(port, 'options.localPort');
}

function checkPort(port) {
  if (port === undefined) return;
  if (typeof port !== 'number' && typeof port !== 'string') {
    throw errors.invalidArgType('options.port',
      'one of type number or string', port);
  }
  validate.port(port);
}

// Whether to try all addresses of a name, and how long each may take.
function familySelection(autoSelectFamily, autoSelectFamilyAttemptTimeout) {
  if (autoSelectFamily != null) {
    validate.boolean(autoSelectFamily, 'options.autoSelectFamily');
  }
  let timeout = defaults.getDefaultAutoSelectFamilyAttemptTimeout();
  if (autoSelectFamilyAttemptTimeout != null) {
    validate.int32(autoSelectFamilyAttemptTimeout,
      'options.autoSelectFamilyAttemptTimeout', 1);
    timeout = Math.max(autoSelectFamilyAttemptTimeout,
      defaults.MIN_ATTEMPT_TIMEOUT);
  }
  return {
    enabled: autoSelectFamily ?? defaults.getDefaultAutoSelectFamily(),
    timeout,
  };
}

// What a TCP connection needs to know of its options, read in core's order, and
// all before any is checked.
function targetOf(options) {
  const { localAddress, localPort, host: given, port,
    autoSelectFamilyAttemptTimeout, autoSelectFamily } = options;
  const host = given || 'localhost';
  // Versions that refuse it do so here, others leave it to the lookup.
  if (typeof host !== 'string' || host.includes('\0')) versions.checkHost(host);
  checkLocal(localAddress, localPort);
  checkPort(port);
  const selection =
    familySelection(autoSelectFamily, autoSelectFamilyAttemptTimeout);
  const family = isIP(host);
  if (!family && options.lookup != null) {
    validate.callable(options.lookup, 'options.lookup');
  }
  const target = new Target(family ? host : undefined);
  target.family = family;
  target.host = host;
  target.port = port | 0;
  target.localAddress = localAddress;
  target.localPort = localPort;
  target.selection = selection;
  return target;
}

function lookupAndConnect(socket, target, options) {
  if (!target.family) {
    triggeredBy(socket[core.asyncId], () => resolve(socket, target, options));
    return;
  }
  // Users attach their listeners after connect() has returned.
  nextTickBy(socket[core.asyncId], () => {
    if (!socket.connecting) return;
    connectHandle(socket, target);
  });
}

// As server.address() has it.
function familyNumber(family) {
  if (family === 'IPv4') return 4;
  return family === 'IPv6' ? 6 : family;
}

function resolve(socket, target, options) {
  const dns = require('dns');
  const { family: wanted, hints } = options;
  const query = { family: familyNumber(wanted), hints: hints || 0 };
  const isFixed = query.family === 4 || query.family === 6;
  if (!isWindows && !isFixed && query.hints === 0) {
    query.hints = dns.ADDRCONFIG;
  }
  socket._host = target.host;
  const lookup = options.lookup || dns.lookup;
  target.isForDns = lookup === dns.lookup;
  if (target.selection.enabled && !isFixed && !target.localAddress) {
    query.all = true;
    lookup(target.host, query, (error, addresses) => {
      onAddresses(socket, target, error, addresses);
    });
    return;
  }
  lookup(target.host, query, (error, address, family) => {
    onAddress(socket, target, error, address, family);
  });
}

// Errors of a lookup come a tick later, so that a lookup that answers at once
// finds the listeners attached.
function failLookup(socket, error) {
  nextTick(() => socket.destroy(error));
}

// Whether core takes what a lookup has given for an address.
function isAddress(value) {
  return typeof value === 'string' || versions.takesAddressLike() ?
    isIP(value) !== 0 : false;
}

// The error for an answer that is no address, or undefined.
function addressError(target, address, family) {
  if (!isAddress(address)) return errors.invalidIpAddress(address);
  if (family === 4 || family === 6) return undefined;
  const error = errors.nodeError(RangeError, 'ERR_INVALID_ADDRESS_FAMILY',
    `Invalid address family: ${family} ${target.host}:${target.port}`);
  error.host = target.host;
  error.port = target.port;
  return error;
}

function onAddress(socket, target, error, address, family) {
  socket.emit('lookup', error, address, family, target.host);
  if (!socket.connecting) return;
  const failure = error || addressError(target, address, family);
  if (failure) {
    failLookup(socket, failure);
    return;
  }
  socket._unrefTimer();
  connectHandle(socket, target.at({ address, family }));
}

// Without a descriptor to open the file with it is the socket's error.
function loadSelection(socket) {
  try {
    return require('./autoselect');
  } catch (error) {
    socket.destroy(error);
    return undefined;
  }
}

function onAddresses(socket, target, error, addresses) {
  if (!socket.connecting) return;
  if (error) {
    socket.emit('lookup', error, undefined, undefined, target.host);
    failLookup(socket, error);
    return;
  }
  const usable = [];
  for (let i = 0, count = addresses.length; i < count; i++) {
    const address = addresses[i];
    const { address: ip, family } = address;
    socket.emit('lookup', error, ip, family, target.host);
    if (!socket.connecting) return;
    if (addressError(target, ip, family)) continue;
    if (!usable.some((one) => one.address === ip && one.family === family)) {
      usable.push({ address: ip, family });
    }
  }
  if (usable.length === 0) {
    const { address, family } = addresses[0];
    failLookup(socket, addressError(target, address, family));
    return;
  }
  socket._unrefTimer();
  if (usable.length === 1) {
    connectHandle(socket, target.at(usable[0]));
    return;
  }
  const selection = loadSelection(socket);
  selection?.connectToFirst(socket, target, usable,
    { bindLocal, connected, startConnect, startError });
}

// Whether an address, which is one, is of another family.
function isOtherFamily(address, family) {
  return `${address}`.includes(':') !== (family === 6);
}

// Binds the local end if the user asked for one. The error, or undefined.
function bindLocal(handle, target) {
  const { family, localPort } = target;
  if (!target.localAddress && !localPort) return undefined;
  target.localAddress ||= family === 6 ? '::' : '0.0.0.0';
  const { localAddress } = target;
  const status = isOtherFamily(localAddress, family) ? uv.EINVAL :
    bindStatus(handle.bind(localAddress, localPort | 0, 0), localPort, handle);
  if (status === 0) return undefined;
  return errors.connectionException(status, 'bind', localAddress, localPort);
}

// The error of a connection that fails at once, with the local name, be there one
// or not. Core does not look where the permission model refuses the connection.
function startError(socket, status, { address, port }) {
  if (typeof status !== 'number') {
    return errors.connectionException(status, 'connect', address, port);
  }
  const local = socket._getsockname();
  return errors.connectionException(status, 'connect', address, port,
    `${local.address}:${local.port}`);
}

// Starts the connection of the socket's own handle to one address or path.
function connectHandle(socket, target) {
  const { address, family, port } = target;
  let handle = connectorOf(socket);
  const bindError = family ? bindLocal(handle, target) : undefined;
  if (bindError) {
    socket.destroy(bindError);
    return;
  }
  if (debug.isOn) debug.log('connect: attempt %s %s', address, port ?? '');
  socket.emit('connectionAttempt', address, port, family);
  const blocked = family && versions.blockError(socket.blockList, address, family);
  if (blocked) {
    socket.destroy(blocked);
    return;
  }
  // A listener may have given the socket another one, or none.
  handle = connectorOf(socket);
  if (!handle || socket.destroyed) return;
  const finish = perf.startConnect(target);
  const status = startConnect(handle, target, (result) => {
    finish(result);
    afterConnect(socket, target, result);
  });
  if (status) socket.destroy(startError(socket, status, target));
}

// What connects: the socket's handle, or the one behind it.
function connectorOf(socket) {
  return socket[kConnector] ?? socket._handle;
}

// Calls the handle's connect() as core does, for users replace it. done(status)
// will be called unless the answer is an error; undefined counts as 0.
function startConnect(handle, target, done) {
  const { address, family, port } = target;
  const Class = family ? TCPConnectWrap : PipeConnectWrap;
  const request = new Class(handle.getAsyncId());
  request.oncomplete = done;
  request.address = address;
  if (!family) return fate(request, handle.connect(request, address));
  if (isOtherFamily(address, family)) return fate(request, uv.EINVAL);
  request.port = port;
  request.localAddress = target.localAddress;
  request.localPort = target.localPort;
  return fate(request, family === 6 ? handle.connect6(request, address, port) :
    handle.connect(request, address, port));
}

// A request that will not be answered is over.
function fate(request, status) {
  if (status) request.emitDestroy();
  return status;
}

function afterConnect(socket, target, status) {
  if (socket.destroyed) return;
  if (status === 0) {
    connected(socket);
    return;
  }
  if (debug.isOn) debug.log('connect: failed with %d', status);
  const { address, family, localAddress, localPort, port } = target;
  const local = localAddress && localPort ? `${localAddress}:${localPort}` :
    undefined;
  const error = errors.connectionException(status, 'connect', address, port,
    local);
  if (local) {
    error.localAddress = localAddress;
    error.localPort = localPort;
  }
  socket.connecting = false;
  socket._sockname = null;
  socket.emit('connectionAttemptFailed', address, port, family, error);
  socket.destroy(error);
}

// What follows a connection, however it came about.
function connected(socket) {
  const handle = connectorOf(socket);
  if (socket[kNoDelay] && handle.setNoDelay) handle.setNoDelay(true);
  if (socket[kKeepAlive] && handle.setKeepAlive) applyKeepAlive(socket, handle);
  if (socket[kTypeOfService] !== undefined) applyTypeOfService(socket, handle);
  if (debug.isOn) debug.log('connect: done, fd %d', handle.fd);
  if (socket[kConnector]) finishConnect(socket);
  if (socket.destroyed) return;
  socket.connecting = false;
  socket._sockname = null;
  socket._unrefTimer();
  socket.emit('connect');
  socket.emit('ready');
  // The first read, or the EOF that is there already; it consumes nothing.
  if (!socket.isPaused()) socket.read(0);
}

function defineConnect(Socket) {
  Socket.prototype.connect = connect;
}

module.exports = { defineConnect };
