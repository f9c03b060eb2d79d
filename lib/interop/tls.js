'use strict';

// TLS over our sockets. Core's TLSWrap sits on a native stream of core's, so
// the socket's descriptor moves to a core handle just before tls wraps it. TLS
// bytes then run on core's own I/O.

const { Handle } = require('../handle');
const { toCore } = require('./adopt');

let patched = false;

// Moves the socket to a core handle. What was read already stays where it is:
// TLSSocket looks for it in the stream.
function moveToCore(socket) {
  const handle = socket._handle;
  const native = toCore(handle, false);
  handle.owner = null;
  handle.onread = () => {};
  handle.close();
  socket._handle = native;
}

// Called when somebody asks whether a value is a net.Socket, as tls does right
// before it wraps one. Loading tls ourselves would cost each process 10 ms.
function patchOnceLoaded() {
  if (patched || !process.moduleLoadList.includes('NativeModule tls')) return;
  patched = true;
  const { prototype } = require('tls').TLSSocket;
  const wrapHandle = prototype._wrapHandle;
  prototype._wrapHandle = { _wrapHandle(socket, handle, ...rest) {
    if (!socket || !(socket._handle instanceof Handle)) {
      return wrapHandle.call(this, socket, handle, ...rest);
    }
    moveToCore(socket);
    return wrapHandle.call(this, socket, socket._handle, ...rest);
  } }._wrapHandle;
}

module.exports = { patchOnceLoaded };
