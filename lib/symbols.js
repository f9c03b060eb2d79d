'use strict';

// Where a socket keeps what users have no name for. Settings that core has too
// lie where core keeps them, so that they are there if the socket becomes
// core's.

const core = require('./core');

module.exports = {
  // In a socket's options: they are the server's own, complete as Duplex wants
  // them, and need no look.
  kAccepted: Symbol('accepted'),
  // A write that was begun ahead of the stream: { chunk, status }, or null.
  kBegun: Symbol('begun'),
  // On a native stream of core's: what it stands for (interop/bridge.js).
  kBridge: Symbol('bridge'),
  kBytesRead: core.bytesRead,
  kBytesWritten: core.bytesWritten,
  // Our handle that connects for a socket that has moved to core meanwhile.
  kConnector: Symbol('connector'),
  // Core's methods serve the socket (interop/foreign.js).
  kIsCores: Symbol('isCores'),
  kKeepAlive: core.keepAlive,
  kKeepAliveCount: core.keepAliveCount,
  kKeepAliveDelay: core.keepAliveDelay,
  kKeepAliveInterval: core.keepAliveInterval,
  // The write queue's size at the last timeout, to see whether it moves.
  kLastQueueSize: Symbol('lastWriteQueueSize'),
  kNoDelay: core.noDelay,
  // What useOnRead() makes of the onread option, or null.
  kOnRead: Symbol('onread'),
  // The Relay (relay.js) of a socket that is piped to another one, or null.
  kRelay: Symbol('relay'),
  // The peer's name, once it was asked for.
  kPeer: Symbol('peername'),
  kTypeOfService: core.typeOfService,
};
