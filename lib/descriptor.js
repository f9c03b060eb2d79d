'use strict';

// What a descriptor is.

const binding = require('./binding');

// uv_handle_type, for the types that core names for a descriptor.
const handleTypes = { 7: 'PIPE', 12: 'TCP', 14: 'TTY', 15: 'UDP', 17: 'FILE' };

// What core would call the type of a descriptor: 'TCP', 'PIPE', 'FILE', …
function guessHandleType(fd) {
  return handleTypes[binding.guessHandleType(fd)] ?? 'UNKNOWN';
}

module.exports = { guessHandleType };
