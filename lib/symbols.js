'use strict';

// Where a socket keeps what users have no name for.

module.exports = {
  // In a socket's options: they are the server's own, complete as Duplex wants
  // them, and need no look.
  kAccepted: Symbol('accepted'),
  kBytesRead: Symbol('bytesRead'),
  kBytesWritten: Symbol('bytesWritten'),
  // Our handle that connects for a socket that has moved to core meanwhile.
  kConnector: Symbol('connector'),
  kKeepAlive: Symbol('keepAlive'),
  kKeepAliveCount: Symbol('keepAliveCount'),
  kKeepAliveDelay: Symbol('keepAliveInitialDelay'),
  kKeepAliveInterval: Symbol('keepAliveInterval'),
  // The write queue's size at the last timeout, to see whether it moves.
  kLastQueueSize: Symbol('lastWriteQueueSize'),
  kNoDelay: Symbol('noDelay'),
  // What useOnRead() makes of the onread option, or null.
  kOnRead: Symbol('onread'),
  // The Relay (relay.js) of a socket that is piped to another one, or null.
  kRelay: Symbol('relay'),
  // The peer's name, once it was asked for.
  kPeer: Symbol('peername'),
  kTypeOfService: Symbol('typeOfService'),
};
