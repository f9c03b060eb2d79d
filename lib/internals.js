'use strict';

// What uvnet takes from Node that Node does not document, all of it, and found
// on objects that are public. Each entry says what it is for, how it is found,
// and what happens without it; core.js makes values of the entries. A Node in
// which one is missing must lose that part alone.

const { EventEmitter } = require('events');
const process = require('process');
const { Duplex } = require('stream');

// The symbol with that description among those that an object has of its own.
function symbolOf(object, description) {
  return Object.getOwnPropertySymbols(object ?? {})
    .find((symbol) => symbol.description === description);
}

function sourceOf(value) {
  return typeof value === 'function' ?
    Function.prototype.toString.call(value) : '';
}

// A symbol that core's constructor gives each of its sockets.
function onSocket(description, use, without) {
  return {
    use,
    without,
    how: `symbol '${description}' on a socket of core's`,
    find: ({ socket }) => symbolOf(socket, description),
    otherwise: () => Symbol(description),
  };
}

const READABLE_FIELDS = [
  'flowing', 'length', 'sync', 'decoder', 'multiAwaitDrain', 'ended', 'reading',
  'awaitDrainWriters', 'dataEmitted', 'highWaterMark',
];
const WRITABLE_FIELDS = [
  'length', 'corked', 'writing', 'ending', 'destroyed', 'errored', 'needDrain',
  'bufferProcessing', 'constructed', 'defaultEncoding', 'highWaterMark',
];
function findDataListening() {
  const stream = new Duplex({ read() {} });
  const state = stream._readableState;
  const word = symbolOf(state, 'kState');
  // Else on() would have it flow.
  stream.pause();
  const before = state[word];
  stream.on('data', () => {});
  const bit = before ^ state[word];
  // One bit, or it is something else.
  return bit !== 0 && (bit & (bit - 1)) === 0 ? { word, bit } : undefined;
}

const NO_SETTING = 'a socket that becomes core\'s keeps what the kernel has ' +
  'been told, and core does not know of it';
const NO_ONREAD = 'a socket with onread cannot become core\'s';

// The same for one that a socket gets with setKeepAlive(), from Node 24.19 on.
function probeSetting(description) {
  return {
    use: 'setting of a socket, from Node 24.19 on',
    how: `symbol '${description}' on a socket of core's after setKeepAlive()`,
    find({ net }) {
      if (net.Socket.prototype.setKeepAlive.length < 3) return undefined;
      const socket = new net.Socket();
      socket.setKeepAlive(true, 1000, 1000, 1);
      return symbolOf(socket, description);
    },
    without: NO_SETTING,
    otherwise: () => Symbol(description),
    isOptional: true,
  };
}

// `find` gets { net, handle, socket, normalized }: core's net, a handle as core's
// Socket leaves it, that socket, and an array that core has normalized. What is
// `late` gets what its user has instead.
const internals = {
  handle: onSocket('kHandle', 'where core\'s methods find a socket\'s handle',
    'core\'s own accessor is asked for the handle of sockets that core serves'),
  asyncId: onSocket('async_id_symbol', 'the async id of a socket or server',
    'what net does for a handle is triggered by whatever runs'),
  timeout: onSocket('timeout', 'the idle timer of core\'s setTimeout()',
    'core\'s methods renew and end the timer'),
  capture: onSocket('kCapture', 'whether an emitter captures rejections',
    '\'data\' always goes through emit()'),
  noDelay: onSocket('kSetNoDelay', 'setting of a socket', NO_SETTING),
  keepAlive: onSocket('kSetKeepAlive', 'setting of a socket', NO_SETTING),
  keepAliveDelay: onSocket('kSetKeepAliveInitialDelay', 'setting of a socket',
    NO_SETTING),
  buffer: onSocket('kBuffer', 'onread of a socket', NO_ONREAD),
  bufferCallback: onSocket('kBufferCb', 'onread of a socket', NO_ONREAD),
  bufferGenerator: onSocket('kBufferGen', 'onread of a socket', NO_ONREAD),
  bytesRead: onSocket('kBytesRead', 'count of a socket whose handle is gone',
    'such a socket that has become core\'s says undefined'),
  bytesWritten: onSocket('kBytesWritten',
    'count of a socket whose handle is gone',
    'such a socket that has become core\'s says undefined'),
  typeOfService: {
    use: 'setting of a socket, from Node 24.15 on',
    how: 'symbol \'kSetTOS\' on a socket of core\'s',
    find: ({ socket }) => symbolOf(socket, 'kSetTOS'),
    without: NO_SETTING,
    otherwise: () => Symbol('kSetTOS'),
    isOptional: true,
  },
  keepAliveInterval: probeSetting('kSetKeepAliveInterval'),
  keepAliveCount: probeSetting('kSetKeepAliveCount'),
  ownerSymbol: {
    use: 'where core\'s C++ and the cluster module find a handle\'s owner',
    how: 'symbol \'owner_symbol\' on a handle that core\'s Socket was given',
    find: ({ handle }) => symbolOf(handle, 'owner_symbol'),
    without: 'no socket can become core\'s (TLS and http2 over a given socket ' +
      'fail with an error); a cluster worker\'s disconnect() waits for servers',
    otherwise: () => Symbol('owner_symbol'),
  },
  onRead: {
    use: 'core\'s listener for what its handles read, for a socket that ' +
      'becomes core\'s; http\'s agents set it too',
    how: '`onread` of a handle that core\'s Socket was given',
    find: ({ handle }) => handle.onread ?? undefined,
    without: 'no socket can become core\'s (TLS and http2 over a given socket ' +
      'fail with an error)',
  },
  normalizedArgs: {
    use: 'marks the result of _normalizeArgs(), which tls passes to connect()',
    how: 'symbol \'normalizedArgs\' on what core\'s _normalizeArgs() gives',
    find: ({ normalized }) => symbolOf(normalized, 'normalizedArgs'),
    without: 'a symbol of ours, which core\'s connect() does not know',
    otherwise: () => Symbol('normalizedArgs'),
  },
  createServerHandle: {
    use: 'native listening handles, for TLS and for servers that are sent',
    how: 'net._createServerHandle()',
    find: ({ net }) => net._createServerHandle,
    without: 'TLS servers accept on uvnet\'s handle, and each connection ' +
      'becomes core\'s; servers cannot be sent to a child',
  },
  emit: {
    use: 'to know whether emit() is EventEmitter\'s own, and can be left out',
    how: 'EventEmitter.prototype.emit, if its source is core\'s (domains put ' +
      'another one there, which means to see every event)',
    find: () => (sourceOf(EventEmitter.prototype.emit)
      .includes('kErrorMonitor') ? EventEmitter.prototype.emit : undefined),
    without: '\'data\' always goes through emit(), and nothing is relayed',
  },
  streamWrite: {
    use: 'to know whether write() is the stream module\'s own, and can be left ' +
      'out where nothing would wait',
    how: 'Duplex.prototype.write, if its source is core\'s',
    find: () => (sourceOf(Duplex.prototype.write).includes('_write(this,') ?
      Duplex.prototype.write : undefined),
    without: 'every write goes through the stream, and nothing is relayed',
  },
  streamEnd: {
    use: 'to know whether end() is the stream module\'s own, and may miss a ' +
      'chunk that went ahead',
    how: 'Duplex.prototype.end, if its source is core\'s',
    find: () => (sourceOf(Duplex.prototype.end)
      .includes('= this._writableState') ? Duplex.prototype.end : undefined),
    without: 'the last chunk goes through the stream',
  },
  streamPush: {
    use: 'to know whether push() is the stream module\'s own, and can be left ' +
      'out where nothing would wait',
    how: 'Duplex.prototype.push, if its source is core\'s',
    find: () => (sourceOf(Duplex.prototype.push)
      .includes('readableAddChunkPush') ? Duplex.prototype.push : undefined),
    without: 'every chunk goes through the stream, and nothing is relayed',
  },
  streamState: {
    use: 'to know whether a chunk or write would wait in the stream',
    how: '_events, and fields of _readableState and _writableState',
    find: () => {
      const { _events, _readableState, _writableState } = new Duplex();
      return _events &&
        READABLE_FIELDS.every((name) => name in _readableState) &&
        WRITABLE_FIELDS.every((name) => name in _writableState);
    },
    without: 'every chunk and every write goes through the stream, and nothing ' +
      'is relayed',
  },
  emitCloseIfDrained: {
    use: 'calls the next tick as core does: triggered by a handle, and faked ' +
      'where core\'s ticks are',
    how: 'net.Server.prototype._emitCloseIfDrained()',
    find: ({ net }) => net.Server.prototype._emitCloseIfDrained,
    without: 'process.nextTick(), triggered by whatever runs',
  },
  dataListening: {
    use: 'to know whether push() would give a chunk to the listeners of ' +
      '\'data\' at once: it does only if one came by way of on()',
    how: 'the bit that on(\'data\') sets in a stream\'s state, under its ' +
      'symbol \'kState\'',
    find: findDataListening,
    without: 'a chunk for a listener of prependListener() comes at once',
    otherwise: () => ({ word: Symbol('kState'), bit: 0 }),
    isOptional: true,
  },
  runTicks: {
    use: 'drains ticks and microtasks between two events of a dispatch',
    how: 'process._tickCallback(), which core\'s timers use',
    find: () => (process._tickCallback?.name === 'runNextTicks' ?
      process._tickCallback : undefined),
    without: 'each event has a dispatch of its own, as with ' +
      'UVNET_NO_BATCHING=1',
  },
  moduleLoadList: {
    use: 'to change a module of Node\'s once somebody else has loaded it',
    how: 'process.moduleLoadList',
    find: () => (Array.isArray(process.moduleLoadList) ?
      process.moduleLoadList : undefined),
    without: 'such modules are loaded at the first connection',
  },
  undestroy: {
    use: 'makes a destroyed socket usable again',
    how: 'stream.Duplex.prototype._undestroy()',
    find: () => Duplex.prototype._undestroy,
    without: 'connect() of a destroyed socket throws ERR_SOCKET_CLOSED',
  },
  wrapHandle: {
    use: 'where TLS is about to wrap the handle of a socket it was given',
    how: 'tls.TLSSocket.prototype._wrapHandle()',
    isLate: true,
    find: (tls) => tls.TLSSocket.prototype._wrapHandle,
    without: 'with tls loaded, a socket becomes core\'s when somebody asks ' +
      'whether it is a net.Socket',
  },
  streamSocket: {
    use: 'makes a native stream of any Duplex, for TLS over a socket that has ' +
      'no descriptor',
    how: 'the class of _handle._parentWrap of a tls.TLSSocket over a Duplex',
    isLate: true,
    find: (tls) => {
      const wrapped = new tls.TLSSocket(new Duplex({ read() {} }));
      return wrapped._handle._parentWrap.constructor;
    },
    without: 'such a socket is destroyed with the error of its descriptor',
  },
  httpParser: {
    use: 'http servers read from our handles past the stream',
    how: '_http_common\'s HTTPParser with consume(), unconsume() and kOn…',
    isLate: true,
    find: () => {
      // webpack knows it by this name alone.
      const { HTTPParser } = require('node:_http_common');
      const { consume, unconsume } = HTTPParser.prototype;
      return typeof consume === 'function' && typeof unconsume === 'function' &&
        'kOnExecute' in HTTPParser ? HTTPParser : undefined;
    },
    without: 'http servers read by way of the stream',
  },
  getServer: {
    use: 'a cluster worker\'s listen() goes through its primary',
    how: 'cluster._getServer()',
    isLate: true,
    find: (cluster) => cluster._getServer,
    without: 'each worker listens by itself',
  },
  send: {
    use: 'sockets and servers that are sent over IPC',
    how: '_send() of process or of a child\'s object',
    isLate: true,
    find: (channel) => channel._send,
    without: 'a socket or server becomes core\'s when somebody asks whether it ' +
      'is one of net\'s',
  },
  spawn: {
    use: 'sockets as a child\'s stdio; the channels to new children',
    how: 'ChildProcess.prototype.spawn()',
    isLate: true,
    find: ({ ChildProcess }) => ChildProcess.prototype.spawn,
    without: 'as without send; sockets cannot be a child\'s stdio',
  },
  consumeBoundSocket: {
    use: 'the native handle of a net.BoundSocket',
    how: 'symbol \'kBoundSocketConsume\' on BoundSocket.prototype',
    isLate: true,
    find: (BoundSocket) =>
      symbolOf(BoundSocket.prototype, 'kBoundSocketConsume'),
    without: 'listen() on a BoundSocket throws ERR_INVALID_ARG_VALUE',
  },
  blockListHandle: {
    use: 'what a BlockList, proxies of it and objects derived from it share',
    how: 'symbol \'kHandle\' on a BlockList',
    isLate: true,
    find: (list) => symbolOf(list, 'kHandle'),
    without: 'core\'s list answers check()',
  },
  blockListClone: {
    use: 'to know when a BlockList gets a second owner',
    how: 'symbol \'messaging_clone_symbol\' on BlockList.prototype',
    isLate: true,
    find: (BlockList) =>
      symbolOf(BlockList.prototype, 'messaging_clone_symbol'),
    without: 'core\'s list answers check()',
  },
  perfContext: {
    use: 'to know whether somebody observes entries of type \'net\'',
    how: 'symbol \'kPerfHooksNetConnectContext\' on a connecting socket',
    isLate: true,
    find: (socket) => symbolOf(socket, 'kPerfHooksNetConnectContext'),
    without: 'observers that were there before uvnet get no entries',
    isOptional: true,
  },
  agentGuard: {
    use: 'the reader that http\'s agents, from Node 22 on, set on free sockets',
    how: 'a function\'s name, freeSocketOnReadGuard',
    find: () => 'freeSocketOnReadGuard',
    without: 'what a server sends over a free connection ends it when the ' +
      'agent uses it again',
  },
};

module.exports = { internals, symbolOf };
