'use strict';

// Loads the addon. The only place that knows where the binary lies.

const path = require('path');

// UVNET_BINARY names another build of the addon, such as one with sanitizers.
const file = process.env.UVNET_BINARY ||
  path.join(__dirname, '..', 'build', 'Release', 'uvnet.node');

function load() {
  try {
    return require(path.resolve(file));
  } catch (cause) {
    const missing = cause.code === 'MODULE_NOT_FOUND';
    const error = new Error(
      `uvnet: the native addon ${missing ? 'is not built' : 'does not load'} ` +
      `(${file}). Run "npm rebuild uvnet", or "npm run build" in a checkout; ` +
      'it needs a C compiler, make and Python.', { cause });
    error.code = 'ERR_DLOPEN_FAILED';
    throw error;
  }
}

module.exports = load().instance();
