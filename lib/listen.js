'use strict';

// server.listen(): from its arguments to a listening handle.

const diagnostics = require('diagnostics_channel');
const { isIP } = require('./address');
const { isPipeName, normalizeOnce, toNumber } = require('./arguments');
const { bindStatus } = require('./bind');
const core = require('./core');
const debug = require('./debug');
const errors = require('./errors');
const adopt = require('./interop/adopt');
const { needsCores } = require('./interop/asked');
const { isServer: isTlsServer } = require('./interop/tls');
const { nextTick, nextTickBy } = require('./interop/trigger');
const { guessHandleType } = require('./descriptor');
const { Pipe, TCP, newHandle } = require('./transports');
const validate = require('./validate');
const versions = require('./versions');

const { asyncId, createServerHandle: createCoreHandle, ownerSymbol } = core;
const { uv } = errors;

const listenChannel = diagnostics.tracingChannel?.('net.server.listen');

// Binds to an address, if it is one of the family.
function bindTo(handle, { address, port, flags, family }) {
  if (isIP(address) !== family) return uv.EINVAL;
  return handle.bind(address, port, flags);
}

// A bound, not yet listening handle of ours, or a negative error. For a pipe
// `port` and `addressType` are -1; with a descriptor only `fd` counts.
function createServerHandle(address, port, addressType, fd, flags) {
  if (typeof fd === 'number' && fd >= 0) return handleOfDescriptor(fd);
  if (port === -1 && addressType === -1) {
    return boundOrError(newHandle(Pipe, Pipe.SERVER), (handle) =>
      handle.bind(address));
  }
  if (address) {
    return boundOrError(newHandle(TCP, TCP.SERVER), (handle) => (addressType === 6 ?
      bindTo(handle, { address, port, flags, family: 6 }) :
      bindTo(handle, { address, port, family: 4,
        flags: flags & ~TCP.UV_TCP_IPV6ONLY })));
  }
  // All IPv6 addresses take IPv4 too; without IPv6, all IPv4 addresses.
  const handle = boundOrError(newHandle(TCP, TCP.SERVER), (tcp) =>
    tcp.bind6('::', port, flags));
  return typeof handle === 'number' ?
    createServerHandle('0.0.0.0', port, 4, undefined, flags) : handle;
}

function handleOfDescriptor(fd) {
  // Core says what is wrong with it.
  if (!Number.isInteger(fd)) return createCoreHandle(null, -1, -1, fd);
  const type = guessHandleType(fd);
  if (type !== 'TCP' && type !== 'PIPE') return uv.EINVAL;
  const Class = type === 'TCP' ? TCP : Pipe;
  return boundOrError(newHandle(Class, Class.SERVER), (handle) =>
    handle.open(fd));
}

function boundOrError(handle, bind) {
  if (typeof handle === 'number') return handle;
  let status;
  try {
    status = bind(handle);
  } finally {
    if (status !== 0) handle.close();
  }
  return status === 0 ? handle : status;
}

function emitListening(server) {
  // It may be closed by now.
  if (server._handle) server.emit('listening');
}

function traceError(server, error) {
  if (listenChannel?.hasSubscribers) {
    listenChannel.error.publish({ server, error });
  }
}

function fail(server, error) {
  if (debug.isOn) debug.log('listen: %s', error.message);
  traceError(server, error);
  nextTick(() => server.emit('error', error));
}

// The handle for where the server shall listen. Without an address, IPv6's
// unspecified one, or IPv4's where there is no IPv6.
function openHandle(server, where) {
  const create = createCoreHandle && (isTlsServer(server) || needsCores()) ?
    createCoreHandle : createServerHandle;
  if (!where.address && typeof where.fd !== 'number') {
    const handle = create('::', where.port, 6, where.fd, where.flags);
    if (typeof handle !== 'number') {
      where.address = '::';
      where.addressType = 6;
      return handle;
    }
    where.address = '0.0.0.0';
    where.addressType = 4;
  }
  return create(where.address, where.port, where.addressType, where.fd,
    where.flags);
}

// Starts to listen on the server's handle, which is made here unless it has one
// already (from the cluster's primary, or from the user).
function startListening(server, where, onConnection) {
  if (!server._handle) {
    const handle = openHandle(server, where);
    if (typeof handle === 'number') {
      fail(server, errors.listenException(handle, where.address, where.port));
      return;
    }
    server._handle = handle;
  }
  const handle = server._handle;
  server[asyncId] = handle.getAsyncId?.() ?? -1;
  handle.onconnection = onConnection;
  handle[ownerSymbol] = server;
  const status = handle.listen(+(where.backlog || adopt.DEFAULT_BACKLOG));
  if (status) {
    handle.close();
    server._handle = null;
    fail(server, errors.listenException(status, where.address, where.port));
    return;
  }
  if (debug.isOn) {
    debug.log('listen: fd %d, %j, %s handle', handle.fd, where,
      adopt.isCore(handle) ? 'core\'s' : 'own');
  }
  server._connectionKey =
    `${where.addressType}:${where.address}:${where.port}`;
  if (server._unref) server.unref();
  if (listenChannel?.hasSubscribers) listenChannel.asyncEnd.publish({ server });
  nextTickBy(server[asyncId], emitListening, server);
}

// Listens here, or in a cluster's worker through the primary. `where`: address,
// port, addressType, backlog, fd, flags; `exclusive`: never through the primary.
function listenInCluster(server, where, exclusive) {
  const cluster = require('cluster');
  const getServer = core.findLate('getServer', cluster);
  if (cluster.isPrimary || exclusive || !getServer) {
    listen2(server, where);
    return;
  }
  const { address, port, addressType, fd, flags, backlog } = where;
  const listeningId = server._listeningId;
  getServer.call(cluster, server, { address, port, addressType, fd, flags, backlog },
    (status, handle) => {
      // Closed meanwhile: nobody wants the handle any more.
      if (listeningId !== server._listeningId) {
        handle.close();
        return;
      }
      const failure = bindStatus(status, port, handle);
      if (failure) {
        const error = errors.connectionException(failure, 'bind', address,
          port);
        traceError(server, error);
        server.emit('error', error);
        return;
      }
      server._handle = handle;
      listen2(server, where);
    });
}

function listen2(server, where) {
  const { address, port, addressType, backlog, fd, flags } = where;
  server._listen2(address, port, addressType, backlog, fd, flags);
}

function reusesPort(options) {
  return versions.hasReusePort && options.reusePort === true;
}

// Core's way of listening to a name: with all its addresses asked for, the first
// is taken that is not of one link only (fe80::/10).
const LINK_LOCAL = /^fe[89ab][\da-f]:/i;

function lookupAndListen(server, { host, port, exclusive, backlog, flags }) {
  const listeningId = server._listeningId;
  const found = (error, address, family) => {
    // Closed, or told to listen elsewhere meanwhile.
    if (listeningId !== server._listeningId) return;
    if (error) {
      server.emit('error', error);
      return;
    }
    const addressType = address ? family : 4;
    listenInCluster(server,
      { address, port, addressType, backlog, fd: undefined, flags }, exclusive);
  };
  const dns = require('dns');
  if (!versions.listenAsksForAll()) {
    dns.lookup(host, found);
    return;
  }
  dns.lookup(host, { all: true }, (error, addresses) => {
    if (error || listeningId !== server._listeningId) {
      found(error);
      return;
    }
    const first = firstUsable(addresses);
    found(null, first.address, first.family || 4);
  });
}

function firstUsable(addresses) {
  for (const candidate of addresses) {
    if (!LINK_LOCAL.test(candidate.address)) return candidate;
  }
  return addresses[0];
}

// Closes the server when the signal aborts.
function closeOnAbort(server, signal) {
  if (signal === undefined) return;
  if (signal === null || typeof signal !== 'object' || !('aborted' in signal)) {
    throw errors.invalidArgType('options.signal', 'an instance of AbortSignal',
      signal);
  }
  const close = () => server.close();
  if (signal.aborted) {
    nextTick(close);
    return;
  }
  signal.addEventListener('abort', close, { once: true });
  server.once('close', () => signal.removeEventListener('abort', close));
}

function listenOnPort(server, options, given, { args, flags }) {
  const port = validate.port(given, 'options.port');
  const backlog = options.backlog || backlogOf(args);
  // Core leaves it in the user's options.
  if (reusesPort(options)) options.exclusive = true;
  const { host, exclusive } = options;
  if (host) {
    lookupAndListen(server, { host, port, exclusive, backlog, flags });
  } else {
    listenInCluster(server, { address: null, port, addressType: 4, backlog,
      fd: undefined, flags }, exclusive);
  }
}

function listenOnPath(server, options, args) {
  const { path } = options;
  const backlog = options.backlog || backlogOf(args);
  const { exclusive, readableAll, writableAll } = options;
  // Core's own text, with its slip of the pen.
  if (path[0] === '\0' && (readableAll || writableAll)) {
    throw errors.invalidArgValue('options', options, 'can not set ' +
      'readableAll or writableAllt to true when path is abstract unix socket');
  }
  server._pipeName = path;
  listenInCluster(server, { address: path, port: -1, addressType: -1, backlog,
    fd: undefined, flags: undefined }, exclusive);
  if (!server._handle || (!readableAll && !writableAll)) return;
  const mode = (readableAll ? Pipe.UV_READABLE : 0) |
    (writableAll ? Pipe.UV_WRITABLE : 0);
  const status = server._handle.fchmod(mode);
  if (status) {
    server._handle.close();
    server._handle = null;
    throw errors.errnoException(status, 'uv_pipe_chmod');
  }
}

// The backlog may be the second argument, or after a port and a host the third.
function backlogOf(args) {
  return (args.length > 1 && toNumber(args[1])) ||
    (args.length > 2 && toNumber(args[2]));
}

function isListenHandle(value) {
  return value instanceof TCP || adopt.isCoreTcp(value);
}

// Port 0 is meant by listen(), listen(callback), and by a port that is null or
// there but undefined.
function wantsAnyPort(args, options) {
  return args.length === 0 || typeof args[0] === 'function' ||
    (options.port === undefined && 'port' in options) || options.port === null;
}

function listen(...args) {
  const [given, callback] = normalizeOnce(args);
  if (this._handle) throw errors.codeError('ERR_SERVER_ALREADY_LISTEN');
  if (callback !== null) this.once('listening', callback);
  const bound = boundSocketOf(given);
  const options = bound ?? (given._handle || given.handle || given);
  // An earlier call that still waits for a lookup counts no longer.
  this._listeningId++;
  const flags = (options.ipv6Only === true ? TCP.UV_TCP_IPV6ONLY : 0) |
    (reusesPort(options) ? TCP.UV_TCP_REUSEPORT : 0);
  if (listenChannel?.hasSubscribers) {
    listenChannel.asyncStart.publish({ server: this, options: given });
  }
  if (bound !== null) {
    listenOnBoundSocket(this, bound, given.backlog || backlogOf(args));
  } else {
    listenOn(this, options, { args, flags });
  }
  return this;
}

// What core of this version can bind before it listens, or null.
function boundSocketOf(given) {
  if (!core.BoundSocket) return null;
  const bound = given.handle ?? given;
  return adopt.isBoundSocket(bound) ? bound : null;
}

// Core's handle listens; the connections it accepts become ours.
function listenOnBoundSocket(server, bound, backlog) {
  const name = bound.address();
  server._handle = adopt.handleOfBoundSocket(bound);
  if (typeof name === 'string') server._pipeName = name;
  listenInCluster(server, { address: null, port: -1, addressType: -1, backlog,
    fd: undefined, flags: undefined }, true);
}

// Each option is read when its turn comes, as core does: what is not needed may
// have a getter that throws.
function listenOn(server, options, call) {
  const { args } = call;
  if (isListenHandle(options)) {
    server._handle = options;
    listenInCluster(server, { address: null, port: -1, addressType: -1,
      backlog: backlogOf(args), fd: undefined, flags: undefined }, true);
    return;
  }
  closeOnAbort(server, options.signal);
  if (typeof options.fd === 'number' && options.fd >= 0) {
    listenInCluster(server, { address: null, port: null, addressType: null,
      backlog: backlogOf(args), fd: options.fd, flags: undefined });
    return;
  }
  const port = wantsAnyPort(args, options) ? 0 : options.port;
  if (typeof port === 'number' || typeof port === 'string') {
    listenOnPort(server, options, port, call);
  } else if (options.path && isPipeName(options.path)) {
    listenOnPath(server, options, args);
  } else {
    throw errors.invalidArgValue('options', options,
      'port' in options || 'path' in options ? undefined :
        'must have the property "port" or "path"');
  }
}

// Adds listen() to the class.
function defineListen(Server, onConnection) {
  Server.prototype.listen = listen;
  Server.prototype._listen2 =
    function(address, port, addressType, backlog, fd, flags) {
      startListening(this, { address, port, addressType, backlog, fd, flags },
        onConnection);
    };
}

module.exports = { createServerHandle, defineListen };
