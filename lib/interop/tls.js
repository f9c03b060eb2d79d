'use strict';

// TLS over our sockets. Core's TLSWrap sits on a native stream of core's, so
// the socket becomes core's just before tls wraps it. TLS bytes then run on
// core's own I/O.

const core = require('../core');
const { onceLoaded } = require('./loaded');
const { becomeCoresWhenAsked } = require('./asked');
const { isMovable, moveToStream } = require('./move');

let tls = null;

// The handle that TLS will wrap. Where there is none to be had, this connection
// is lost, and the TLSSocket learns it from its socket.
function wrapCores(socket, handle) {
  if (!isMovable(socket)) return [socket, handle];
  try {
    moveToStream(socket);
    return [socket, socket._handle];
  } catch (error) {
    socket.destroy(error);
    return [null, null];
  }
}

function patch() {
  tls = require('tls');
  const { prototype } = tls.TLSSocket;
  const wrapHandle = core.findLate('wrapHandle', tls);
  if (wrapHandle === undefined) {
    becomeCoresWhenAsked();
    return;
  }
  prototype._wrapHandle = { _wrapHandle(socket, handle, ...rest) {
    const args = wrapCores(socket, handle);
    if (args[0] === null && socket) return wrapHandle.call(this, null, null, false);
    return wrapHandle.call(this, ...args, ...rest);
  } }._wrapHandle;
}

// Called when somebody asks whether a value is a net.Socket, as tls does right
// before it wraps one.
const patchOnceLoaded = onceLoaded(['NativeModule tls'], patch);

// Whether all connections of the server will be core's: it had better accept
// them on core's handles then, than move each.
function isServer(server) {
  patchOnceLoaded();
  return tls !== null && server instanceof tls.Server;
}

module.exports = { isServer, patchOnceLoaded };
