'use strict';

/* global Bun */

// The servers of ../handlers.js on Bun.listen():
//   bun bench/peers/bun.js SCENARIO
// It ends at the end of its input.

const BATCH = 1 << 20;
const BYTE = Buffer.from('x');

// What the kernel does not take is kept until there is room, as the sockets of
// node:net do by themselves.
function write(socket, chunk) {
  if (socket.data.rest.length > 0) {
    socket.data.rest.push(Buffer.from(chunk));
    return;
  }
  const sent = socket.write(chunk);
  if (sent < chunk.length) {
    socket.data.rest.push(Buffer.from(chunk.subarray(Math.max(0, sent))));
  }
}

function drain(socket) {
  const { rest } = socket.data;
  while (rest.length > 0) {
    const sent = Math.max(0, socket.write(rest[0]));
    if (sent < rest[0].length) {
      rest[0] = rest[0].subarray(sent);
      return;
    }
    rest.shift();
  }
}

// A byte for each MB received.
function sink(socket, chunk) {
  socket.data.received += chunk.length;
  for (; socket.data.received >= BATCH; socket.data.received -= BATCH) {
    write(socket, BYTE);
  }
}

const handlers = {
  echo: write,
  sink,
  connect: (socket, chunk) => socket.end(chunk),
};

const server = Bun.listen({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open(socket) { socket.data = { rest: [], received: 0 }; },
    data: handlers[process.argv[2]],
    drain,
    error() {},
  },
});
console.log(server.port);
process.stdin.on('end', () => process.exit());
process.stdin.resume();
