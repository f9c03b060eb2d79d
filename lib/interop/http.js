'use strict';

// http over our sockets. Its servers see that our handles are no native
// streams, and feed the parser from 'data'.

const { Handle, drainDuring } = require('../handle');
const { onceLoaded } = require('./loaded');
const { isMovable, moveToCore } = require('./move');

// A parser can also be told to take a handle, and would take any object for a
// native one.
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

// By what a parser calls, the same with ticks.
const draining = new WeakMap();

// What a parser calls, and then the ticks, if its bytes come from our handle.
function withTicks(listener) {
  if (draining.has(listener)) return draining.get(listener);
  function callAndDrain(...args) {
    const result = listener.apply(this, args);
    const { socket } = this;
    if (socket?.server && socket._handle instanceof Handle) {
      drainDuring(socket._handle);
    }
    return result;
  }
  draining.set(listener, callAndDrain);
  draining.set(callAndDrain, callAndDrain);
  return callAndDrain;
}

// With core's handles ticks run between the messages and the chunks of one
// read: after these two of a parser's calls. Parsers are used again.
function orderTicks(parser) {
  const { kOnBody, kOnHeaders } = parser.constructor;
  for (const key of [kOnBody, kOnHeaders]) {
    if (typeof parser[key] === 'function') {
      parser[key] = withTicks(parser[key]);
    }
  }
}

module.exports = { orderTicks, patchOnceLoaded };
