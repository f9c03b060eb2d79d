'use strict';

// The other end of conversation.js: a child that is sent a socket, or a worker
// of a cluster.

const path = require('node:path');

const { HOW, WITHOUT } = process.env;
if (WITHOUT && HOW !== 'core') {
  const { internals } = require('../../lib/internals');
  if (WITHOUT !== 'nothing') internals[WITHOUT].find = () => undefined;
  require(path.join(__dirname, '../../lib/register'));
}

const net = require('node:net');

if (WITHOUT) {
  const server = net.createServer((socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
} else {
  process.on('message', (_, socket) => socket.end('hello'));
}
