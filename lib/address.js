'use strict';

const binding = require('./binding');

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
// RFC 6943 section 3.1.1, the strict form. V8 compiles it, and needs a third of
// the time of a call into C.
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

function parse(text) {
  if (IPV4.test(text)) return 4;
  return text.includes(':') ? binding.isIP(text) : 0;
}

// Core converts its argument once for each family it tries, which a toString()
// with side effects can see.

function isIP(input) {
  if (typeof input === 'string') {
    return parse(input);
  }
  if (isIPv4(input)) {
    return 4;
  }
  return isIPv6(input) ? 6 : 0;
}

function isIPv4(input) {
  return IPV4.test(`${input}`);
}

function isIPv6(input) {
  const text = `${input}`;
  return text.includes(':') && binding.isIP(text) === 6;
}

module.exports = { isIP, isIPv4, isIPv6 };
