'use strict';

// Core's own net, as it was before anything was replaced.

const net = require('net');

module.exports = {
  net: Object.create(null, Object.getOwnPropertyDescriptors(net)),
};
