'use strict';

// http2 over our sockets. Its sessions ask the socket's handle whether it is a
// native stream, and take it for one if it says yes. There is no other place
// to step in that every way into http2 goes through: connect(), with or
// without createConnection, performServerHandshake(), and servers' connections.

const { Handle, kOwner } = require('../handle');
const { isMovable, moveToStream } = require('./move');
const { isAsking } = require('./parser');

// Whoever asks is about to give the handle to core's C++: the socket becomes
// core's, and has another handle when it is looked at again. http1 asks too; by
// then its parser is on the socket, and can read from ours (parser.js).
function isStreamBase() {
  const socket = this[kOwner];
  if (!isMovable(socket) || socket._handle !== this) return false;
  if (socket.parser) return isAsking(socket);
  try {
    moveToStream(socket);
    return true;
  } catch {
    // Without a descriptor http2 can still use the socket as any Duplex.
    return false;
  }
}

// Whoever says it is something else is believed.
function answer(value) {
  Object.defineProperty(this, 'isStreamBase',
    { value, configurable: true, enumerable: true, writable: true });
}

function install() {
  Object.defineProperty(Handle.prototype, 'isStreamBase', {
    get: isStreamBase,
    set: answer,
    configurable: true,
  });
}

module.exports = { install };
