'use strict';

// Preloaded by start.js: says at the end which implementation of net carried
// the bytes, by the addon's own counters.

const net = require('node:net');
const { statistics } = require('../lib/binding');
const uvnet = require('../lib/index');

function report() {
  const { handlesOpened, bytesRead, bytesWritten } = statistics();
  const isReplaced = net.Socket === uvnet.Socket;
  if (isReplaced && handlesOpened > 0 && bytesRead > 0 && bytesWritten > 0) {
    console.log(`\nCarried by uvnet: ${handlesOpened} handles, ` +
      `${bytesRead} bytes read, ${bytesWritten} bytes written by the addon.`);
  } else {
    console.error('\nCarried by core net: no byte went through the addon.');
    process.exitCode = 1;
  }
}

process.on('exit', report);
