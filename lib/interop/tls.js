'use strict';

// TLS over our sockets. Core's TLSWrap sits on a native stream of core's, so
// the socket becomes core's just before tls wraps it. TLS bytes then run on
// core's own I/O.

const core = require('../core');
const { bridgeTo } = require('./foreign');
const { onceLoaded } = require('./loaded');

let tls = null;
let isPatched = false;

const findOnceLoaded = onceLoaded(['NativeModule tls'], () => {
  tls = require('tls');
});

function patch(Own) {
  const { isMovable, moveToCore } = require('./move');
  const { prototype } = tls.TLSSocket;
  // A TLSSocket is always over a handle of core's. The class may have been made
  // before net was replaced.
  const parent = Object.getPrototypeOf(prototype);
  if (parent === Own.prototype || parent === core.Socket.prototype) {
    Object.setPrototypeOf(prototype, bridgeTo(Own));
  }
  const wrapHandle = prototype._wrapHandle;
  prototype._wrapHandle = { _wrapHandle(socket, handle, ...rest) {
    if (!isMovable(socket)) {
      return wrapHandle.call(this, socket, handle, ...rest);
    }
    try {
      moveToCore(socket);
    } catch (error) {
      // The process has no descriptor left: this connection is lost, and the
      // TLSSocket learns it from its socket.
      socket.destroy(error);
      return wrapHandle.call(this, null, null, false);
    }
    return wrapHandle.call(this, socket, socket._handle, ...rest);
  } }._wrapHandle;
}

// Called when somebody asks whether a value is a net.Socket, as tls does right
// before it wraps one.
function patchOnceLoaded(Own) {
  findOnceLoaded();
  if (tls === null || isPatched) return;
  isPatched = true;
  patch(Own);
}

// Whether all connections of the server will be core's: it had better accept
// them on core's handles then, than move each.
function isServer(server) {
  findOnceLoaded();
  return tls !== null && server instanceof tls.Server;
}

module.exports = { isServer, patchOnceLoaded };
