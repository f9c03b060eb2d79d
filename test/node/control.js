'use strict';

// The negative control: a process whose `net` has no sockets at all. A test
// file that still passes says nothing about `net`.

const { syncBuiltinESMExports } = require('module');
const net = require('net');

function refuse(name) {
  return function() {
    throw new Error(`control: net.${name} was used`);
  };
}

const NAMES = [
  'Socket', 'Server', 'connect', 'createConnection', 'createServer',
];

for (const name of NAMES) net[name] = refuse(name);
net.Stream = net.Socket;
syncBuiltinESMExports();
