'use strict';

// net.Server: state, connections and close. How it comes to listen is in
// listen.js.

const diagnostics = require('diagnostics_channel');
const { EventEmitter } = require('events');
const process = require('process');
const stream = require('stream');
const { Promise, hrtime } = require('./builtin');
const core = require('./core');
const debug = require('./debug');
const errors = require('./errors');
const adopt = require('./interop/adopt');
const { beforeAnswer } = require('./interop/asked');
const { answerCore } = require('./interop/foreign');
const { patchOnceLoaded: patchParser } = require('./interop/parser');
const { isServer: isTlsServer } = require('./interop/tls');
const { nextTickBy } = require('./interop/trigger');
const { defineListen } = require('./listen');
const { Handle } = require('./handle');
const { Socket } = require('./socket');
const {
  kAccepted, kKeepAlive, kKeepAliveDelay, kNoDelay,
} = require('./symbols');
const validate = require('./validate');
const versions = require('./versions');

const connectionChannel = diagnostics.channel('net.server.socket');

const hasInstance = Function.prototype[Symbol.hasInstance];

function Server(options, connectionListener) {
  if (!hasInstance.call(Server, this)) {
    return constructOther(this, options, connectionListener);
  }
  EventEmitter.call(this);
  const [given, listener] = serverArguments(options, connectionListener);
  // Own options only.
  const settings = { ...given };
  if (typeof listener === 'function') this.on('connection', listener);
  for (const name of ['keepAliveInitialDelay', 'highWaterMark']) {
    if (settings[name] === undefined) continue;
    validate.number(settings[name], `options.${name}`);
    // As good as none.
    if (settings[name] < 0) settings[name] = undefined;
  }
  initialize(this, settings);
}

Object.setPrototypeOf(Server.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Server, EventEmitter);

// Without `new`; or for a class that was derived from core's Server before net
// was replaced.
function constructOther(receiver, options, listener) {
  if (!hasInstance.call(core.Server, receiver)) {
    return new Server(options, listener);
  }
  core.Server.call(receiver, options, listener);
  return receiver;
}

function serverArguments(options, listener) {
  if (typeof options === 'function') return [{}, options];
  if (options === null || options === undefined) return [{}, listener];
  if (typeof options === 'object') return [options, listener];
  throw errors.invalidArgType('options', 'of type object', options);
}

function initialize(server, options) {
  server._connections = 0;
  server[core.asyncId] = -1;
  server._handle = null;
  server._usingWorkers = false;
  server._workers = [];
  server._unref = false;
  // Counts listen() and close(), to know an answer that comes too late.
  server._listeningId = 1;
  server.allowHalfOpen = options.allowHalfOpen || false;
  server.pauseOnConnect = Boolean(options.pauseOnConnect);
  server.noDelay = Boolean(options.noDelay);
  server.keepAlive = Boolean(options.keepAlive);
  server.keepAliveInitialDelay = ~~(options.keepAliveInitialDelay / 1000);
  server.highWaterMark = options.highWaterMark ??
    stream.getDefaultHighWaterMark(false);
  const blockList = versions.blockListOf(options);
  if (blockList) server.blockList = blockList;
}

// The listening handle's listener for a new connection.
function onConnection(status, handle) {
  const server = this[core.ownerSymbol];
  if (status) {
    server.emit('error', errors.errnoException(status, 'accept'));
    return;
  }
  if (isFull(server)) {
    drop(server, handle);
    return;
  }
  if (server.blockList && isBlocked(server.blockList, handle)) {
    handle.close();
    return;
  }
  const socket = createSocket(server, ownHandle(server, handle));
  server._connections++;
  if (debug.isOn) {
    debug.log('connection: fd %d, %d open', socket._handle?.fd,
      server._connections);
  }
  socket.server = server;
  socket._server = server;
  patchParser();
  server.emit('connection', socket);
  if (connectionChannel.hasSubscribers) connectionChannel.publish({ socket });
}

// Seconds from one warning about a server to the next.
const WARNING_INTERVAL = 60;

// The process or the system has no descriptor or memory left for the connections
// that wait for the server. No error of the server's, for nothing is lost; core
// says nothing, and its loop turns without end.
Handle.prototype.onstarved = function(status) {
  const [now] = hrtime();
  if (now - this.warnedAt < WARNING_INTERVAL) return;
  this.warnedAt = now;
  const { code, message } = errors.errnoException(status, 'accept');
  process.emitWarning(`${message}: connections wait`, {
    code: `UVNET_ACCEPT_${code}`,
    detail: 'The server tries again ten times a second.',
  });
};
Handle.prototype.warnedAt = -Infinity;

// What core accepted moves to uvnet, but for TLS.
function ownHandle(server, handle) {
  return handle instanceof Handle || isTlsServer(server) ? handle :
    adopt.fromCore(handle);
}

function isFull({ maxConnections, _connections: count }) {
  // From Node 21 on 0, false and '' are limits too.
  return (versions.zeroConnectionsIsALimit ? maxConnections != null :
    Boolean(maxConnections)) && count >= maxConnections;
}

function isBlocked(list, handle) {
  const remote = {};
  return Boolean(handle.getpeername) && handle.getpeername(remote) === 0 &&
    list.check(remote.address, remote.family.toLowerCase());
}

// Too many connections: this one is closed, and the listeners of 'drop' learn
// who it was, if it has a name.
function drop(server, handle) {
  if (debug.isOn) debug.log('connection: dropped, %d open', server._connections);
  if (!handle.getsockname && !handle.getpeername) {
    handle.close();
    server.emit('drop', undefined);
    return;
  }
  const local = {};
  const remote = {};
  handle.getsockname(local);
  handle.getpeername(remote);
  handle.close();
  server.emit('drop', {
    localAddress: local.address,
    localPort: local.port,
    localFamily: local.family,
    remoteAddress: remote.address,
    remotePort: remote.port,
    remoteFamily: remote.family,
  });
}

function createSocket(server, handle) {
  const socket = new Socket({
    [kAccepted]: handle instanceof Handle,
    handle,
    allowHalfOpen: Boolean(server.allowHalfOpen),
    pauseOnCreate: server.pauseOnConnect,
    readable: true,
    writable: true,
    readableHighWaterMark: server.highWaterMark,
    writableHighWaterMark: server.highWaterMark,
    emitClose: false,
    autoDestroy: true,
    decodeStrings: false,
  });
  if (server.noDelay && handle.setNoDelay) {
    socket[kNoDelay] = true;
    handle.setNoDelay(true);
  }
  if (server.keepAlive && handle.setKeepAlive) {
    socket[kKeepAlive] = true;
    socket[kKeepAliveDelay] = server.keepAliveInitialDelay;
    handle.setKeepAlive(true, server.keepAliveInitialDelay);
  }
  return socket;
}

defineListen(Server, onConnection);

Object.defineProperty(Server.prototype, 'listening', {
  get() { return Boolean(this._handle); },
  configurable: true,
  enumerable: true,
});

Server.prototype.address = function() {
  const handle = this._handle;
  if (handle && handle.getsockname) {
    const name = {};
    const status = handle.getsockname(name);
    if (status) throw errors.errnoException(status, 'address');
    return name;
  }
  return this._pipeName ? this._pipeName : null;
};

Server.prototype.getConnections = function(callback) {
  const server = this;
  function answer(error, count) {
    validate.callable(callback, 'callback');
    nextTickBy(server[core.asyncId], () => callback(error, count));
  }
  if (!this._usingWorkers) {
    answer(null, this._connections);
    return this;
  }
  // Some sockets live in other processes: ask each.
  let left = this._workers.length;
  let total = this._connections;
  function onCount(error, count) {
    if (error) {
      left = -1;
      answer(error);
      return;
    }
    total += count;
    if (--left === 0) answer(null, total);
  }
  for (const worker of this._workers) worker.getConnections(onCount);
  return server;
};

Server.prototype.close = function(callback) {
  if (debug.isOn) debug.log('close: server, %d open', this._connections);
  this._listeningId++;
  if (typeof callback === 'function') {
    const isOpen = Boolean(this._handle);
    this.once('close', isOpen ? callback :
      () => callback(errors.codeError('ERR_SERVER_NOT_RUNNING')));
  }
  if (this._handle) {
    this._handle.close();
    this._handle = null;
  }
  if (this._usingWorkers) closeWorkers(this);
  else this._emitCloseIfDrained();
  return this;
};

// Sockets that were sent to other processes count until those have closed them.
function closeWorkers(server) {
  let left = server._workers.length;
  const onWorkerClose = () => {
    if (--left !== 0) return;
    server._connections = 0;
    server._emitCloseIfDrained();
  };
  // One more, so that the last does not come before all are asked.
  left++;
  for (const worker of server._workers) worker.close(onWorkerClose);
  onWorkerClose();
}

// child_process calls this when one of the server's sockets is sent away.
Server.prototype._setupWorker = function(socketList) {
  this._usingWorkers = true;
  this._workers.push(socketList);
  socketList.once('exit', (list) => {
    this._workers.splice(this._workers.indexOf(list), 1);
  });
};

Server.prototype._emitCloseIfDrained = function() {
  if (this._handle || this._connections) return;
  nextTickBy(this[core.asyncId], emitClose, this);
};

function emitClose(server) {
  server.emit('close');
}

Server.prototype.ref = function() {
  this._unref = false;
  this._handle?.ref();
  return this;
};

Server.prototype.unref = function() {
  this._unref = true;
  this._handle?.unref();
  return this;
};

// `await using`; fulfils at once if the server does not listen.
const asyncDispose = Symbol.asyncDispose ??
  core.symbolOf(core.Server.prototype, 'nodejs.asyncDispose') ??
  Symbol('nodejs.asyncDispose');

Server.prototype[asyncDispose] = { async [asyncDispose]() {
  if (!this._handle) return;
  await new Promise((resolve, reject) => {
    this.close((error) => (error ? reject(error) : resolve()));
  });
} }[asyncDispose];

// captureRejections: a 'connection' listener that rejects loses its socket.
Server.prototype[Symbol.for('nodejs.rejection')] =
  function(error, event, socket) {
    if (event === 'connection') socket.destroy(error);
    else this.emit('error', error);
  };

// Whether core may treat the server as one of its own, which takes its handle: if
// it listens, a second descriptor of core's listens in the place of ours from
// now on. Connections still become ours.
function becomesCores(server) {
  const handle = server._handle;
  if (!(handle instanceof Handle)) return true;
  try {
    server._handle = adopt.takeOverListening(handle, server);
  } catch {
    return false;
  }
  return true;
}

answerCore(core.Server, Server, becomesCores);
Object.defineProperty(Server, Symbol.hasInstance, {
  value(instance) {
    const isOwn = hasInstance.call(this, instance);
    if (isOwn) beforeAnswer(instance, becomesCores);
    return isOwn || (this === Server && hasInstance.call(core.Server, instance));
  },
  configurable: true,
  writable: true,
});

module.exports = { Server };
