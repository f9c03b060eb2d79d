'use strict';

// A server to measure: node bench/server.js core|uvnet scenario. Listens on
// port 0, prints the port, and ends when its standard input does.

const [subject, scenario] = process.argv.slice(2);
const net = subject === 'core' ? require('net') : require('../lib/index.js');

const scenarios = {
  echo(socket) {
    socket.on('data', (chunk) => socket.write(chunk));
  },
  idle() {},
};

const server = net.createServer((socket) => {
  socket.on('error', () => {});
  scenarios[scenario](socket);
});

server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(server.address().port);
});

// The runner asks for what only this process can tell.
process.on('message', (message) => {
  if (message === 'memory') {
    globalThis.gc?.();
    setTimeout(() => process.send(process.memoryUsage()), 200);
  }
});
process.on('disconnect', () => process.exit());
