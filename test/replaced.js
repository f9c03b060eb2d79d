'use strict';

// Tests of what core builds on net: on core as it is, and with net replaced in
// a child process.

const path = require('node:path');
const { ROOT, forEachNet, inChild } = require('./helper');

const REGISTER = path.join(ROOT, 'lib', 'register.js');

/**
 * Runs body(run) within a describe block for core's net and for uvnet's;
 * run(script) is inChild() with that net in place of net.
 */
function forEachReplaced(body) {
  forEachNet((net, name) => {
    const flags = name === 'core' ? [] : ['-r', REGISTER];
    body((script, options) => inChild(name, script, { flags, ...options }),
      name);
  });
}

module.exports = { REGISTER, forEachReplaced };
