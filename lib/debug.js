'use strict';

// NODE_DEBUG=net: one line for what happens to a connection as a whole. Callers
// ask `isOn` first, so that nothing is formatted for nobody.

const { debuglog } = require('util');

const log = debuglog('net');

module.exports = { isOn: log.enabled, log };
