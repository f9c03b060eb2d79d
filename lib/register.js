'use strict';

// Replaces net in the whole process: node -r uvnet/register app.js. Core's own
// modules read net's members when they use them, so writing onto the builtin's
// exports reaches them, require(), import and process.getBuiltinModule() alike.

const { syncBuiltinESMExports } = require('module');
const net = require('net');
const uvnet = require('./index');
const active = require('./interop/active');
const ipc = require('./interop/ipc');
const { relinkLoaded } = require('./interop/late');
const perf = require('./interop/perf');

function replace(name) {
  // A cluster's primary sends what this gives to its workers, and only core's
  // handles can be sent.
  if (name === '_createServerHandle') return;
  const { enumerable } = Object.getOwnPropertyDescriptor(net, name) ??
    { enumerable: true };
  const { get } = Object.getOwnPropertyDescriptor(uvnet, name);
  Object.defineProperty(net, name, {
    ...(get ? { get } : { value: uvnet[name], writable: true }),
    configurable: true,
    enumerable,
  });
}

for (const name of Object.keys(uvnet)) replace(name);
syncBuiltinESMExports();
relinkLoaded(uvnet);
active.install();
ipc.install();
perf.install();
