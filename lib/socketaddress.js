'use strict';

const { SocketAddress: CoreSocketAddress } = require('./core');
const { outOfRange } = require('./errors');

const ordinaryHasInstance = Function.prototype[Symbol.hasInstance];

// A flow label has 20 bits (RFC 6437).
const MAX_FLOWLABEL = 0xfffff;

// Core tells a SocketAddress by its native handle, which its constructor
// makes. So ours is core's, but for arguments that would abort the process.
class SocketAddress extends CoreSocketAddress {
  constructor(options = {}) {
    if (options === null || typeof options !== 'object' ||
        Array.isArray(options)) {
      super(options);
      return;
    }
    const { address, family, port, flowlabel } = options;
    const tooBig = isTooBig(flowlabel);
    super({
      address,
      family,
      port: portNumber(port),
      flowlabel: tooBig || flowlabel === 0 ? 0 : flowlabel,
    });
    // Without IPv6 there is no flow label, and core ignores it.
    if (tooBig && this.family === 'ipv6') {
      throw outOfRange(
        'options.flowlabel', `>= 0 && <= ${MAX_FLOWLABEL}`, flowlabel);
    }
  }

  // Addresses that arrive by structured clone, or that core made, are core's.
  static [Symbol.hasInstance](value) {
    return ordinaryHasInstance.call(
      this === SocketAddress ? CoreSocketAddress : this, value);
  }
}

// Whether core's own check of 32 bits lets a flow label pass that is none.
function isTooBig(flowlabel) {
  return Number.isInteger(flowlabel) &&
    flowlabel > MAX_FLOWLABEL && flowlabel <= 0xffffffff;
}

// A valid port as a number from 0 on: strings pass core's check but not always
// what comes after it, and so does -0. Others are left for core to refuse.
function portNumber(port) {
  const isText = typeof port === 'string' && port.trim() !== '';
  if (!isText && typeof port !== 'number') {
    return port;
  }
  const number = Number(port);
  return Number.isInteger(number) && number >= 0 && number <= 65535 ?
    Math.abs(number) : port;
}

module.exports = { SocketAddress };
