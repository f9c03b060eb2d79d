'use strict';

// http over our sockets needs nothing from here: its servers see that our
// handles are no native streams, and feed the parser from 'data'. But a parser
// can also be told to take a handle, and would take any object for a native
// one.

const { Handle } = require('../handle');
const { onceLoaded } = require('./loaded');
const { isMovable, moveToCore } = require('./move');

function patch() {
  const { prototype } = require('_http_common').HTTPParser;
  const { consume } = prototype;
  prototype.consume = { consume(handle) {
    if (!(handle instanceof Handle)) return consume.call(this, handle);
    const socket = handle.owner;
    if (!isMovable(socket)) {
      throw new TypeError('uvnet: this handle cannot be given to core');
    }
    moveToCore(socket);
    return consume.call(this, socket._handle);
  } }.consume;
}

// Called where sockets and servers begin.
const patchOnceLoaded = onceLoaded(
  ['NativeModule _http_common', 'Internal Binding http_parser'], patch);

module.exports = { patchOnceLoaded };
