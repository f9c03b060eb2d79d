'use strict';

const binding = require('./binding');

// Most texts that are no address are host names, and one look at the first
// character (a hexadecimal digit or a colon in every address) tells most of
// them. More than that is faster in C.
function parse(text) {
  const first = text.charCodeAt(0) | 0x20;
  const maybe = (first >= 0x30 && first <= 0x3a) ||
    (first >= 0x61 && first <= 0x66);
  return maybe ? binding.isIP(text) : 0;
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
  return parse(`${input}`) === 4;
}

function isIPv6(input) {
  return parse(`${input}`) === 6;
}

module.exports = { isIP, isIPv4, isIPv6 };
