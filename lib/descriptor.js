'use strict';

// What a descriptor is.

const binding = require('./binding');
const { uv } = require('./errors');

// uv_handle_type, for the types that core names for a descriptor.
const handleTypes = { 7: 'PIPE', 12: 'TCP', 14: 'TTY', 15: 'UDP', 17: 'FILE' };

// What core would call the type of a descriptor: 'TCP', 'PIPE', 'FILE', …
function guessHandleType(fd) {
  return handleTypes[binding.guessHandleType(fd)] ?? 'UNKNOWN';
}

// Whether sockets are descriptors at all: not on Windows.
let answer;
function hasDescriptors() {
  answer ??= binding.duplicate(-1) !== uv.ENOTSUP;
  return answer;
}

module.exports = { guessHandleType, hasDescriptors };
