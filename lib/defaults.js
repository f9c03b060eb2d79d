'use strict';

// The process-wide (in a worker: thread-wide) defaults of family selection.
// Their first values come from core, which reads the command line.

const core = require('./core');
const validate = require('./validate');

// RFC 8305 section 8 names 10 ms as the least delay between two attempts.
const MIN_ATTEMPT_TIMEOUT = 10;

let autoSelectFamily = core.getDefaultAutoSelectFamily();
let attemptTimeout = core.getDefaultAutoSelectFamilyAttemptTimeout();

let sharesWithCore = false;

// From now on core's own sockets have these defaults too.
function shareWithCore() {
  sharesWithCore = true;
}

function getDefaultAutoSelectFamily() {
  return autoSelectFamily;
}

function setDefaultAutoSelectFamily(value) {
  validate.boolean(value, 'value');
  autoSelectFamily = value;
  if (sharesWithCore) core.setDefaultAutoSelectFamily(value);
}

function getDefaultAutoSelectFamilyAttemptTimeout() {
  return attemptTimeout;
}

function setDefaultAutoSelectFamilyAttemptTimeout(value) {
  validate.int32(value, 'value', 1);
  attemptTimeout = Math.max(value, MIN_ATTEMPT_TIMEOUT);
  if (sharesWithCore) core.setDefaultAutoSelectFamilyAttemptTimeout(value);
}

module.exports = {
  MIN_ATTEMPT_TIMEOUT,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
  shareWithCore,
};
