'use strict';

// Loads the addon. The only place that knows where the binary lies. It is loaded
// before all other files, and says why uvnet cannot run where it cannot, in
// JavaScript that old versions of Node understand too.

const path = require('path');
const process = require('process');

const {
  Bun, Deno, Error, Float64Array, Int32Array, SharedArrayBuffer, Uint8Array,
} = globalThis;

// The first version of Node with all that uvnet uses of libuv and of net.
const OLDEST = [20, 9];

// UVNET_BINARY names another build of the addon, such as one with sanitizers.
const file = path.resolve(process.env.UVNET_BINARY ||
  path.join(__dirname, '..', 'build', 'Release', 'uvnet.node'));

function failure(code, reason, cause) {
  const error = new Error(`uvnet: ${reason}`, cause && { cause });
  error.code = code;
  return error;
}

// Why the addon must not be loaded here, or undefined. Bun aborts when it is,
// Deno lacks what it is linked to, and an old Node ends the process when the
// first function of libuv is called that it does not have.
function unsupported() {
  const { versions } = process;
  if (versions.bun || Bun) return 'Bun has no libuv for addons to use';
  if (versions.deno || Deno) return 'Deno has no libuv for addons to use';
  const [major, minor] = String(versions.node).split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  return isOld ? `Node.js ${versions.node} is too old` : undefined;
}

function disabledBy() {
  return process.permission ?
    'the permission model is on, and --allow-addons is not among its flags' :
    'addons are turned off (--no-addons)';
}

// Node's own words for a binary that does not load, with what to do about it.
function loadFailure(cause) {
  if (cause.code === 'ERR_DLOPEN_DISABLED') {
    return `the native addon does not load: ${disabledBy()}.`;
  }
  const what = cause.code === 'MODULE_NOT_FOUND' ? 'is not built' :
    `does not load: ${cause.message}`;
  return `the native addon ${what} (${file}). Run "npm rebuild uvnet", or ` +
    '"npm run build" in a checkout; it needs a C compiler, make and Python.';
}

function load() {
  const reason = unsupported();
  if (reason !== undefined) {
    throw failure('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      `${reason}. uvnet needs Node.js ${OLDEST.join('.')} or later.`);
  }
  try {
    return require(file);
  } catch (cause) {
    throw failure('ERR_DLOPEN_FAILED', loadFailure(cause), cause);
  }
}

// Memory that nobody can take away from C: a transfer would.
function share(size) {
  return new Uint8Array(new SharedArrayBuffer(size));
}

const binding = load().instance(share);
binding.events = new Int32Array(binding.events.buffer);
binding.results = new Float64Array(binding.results.buffer);
binding.outboxNumbers = new Int32Array(binding.outboxNumbers.buffer);

module.exports = binding;
