'use strict';

// What a script throws by intention.

class HostileError extends Error {
  code = 'ERR_HOSTILE';
}

module.exports = { HostileError };
