'use strict';

// What is measured, one entry a row. `handler` is what the subject does
// (handlers.js), `mode` how the load generator works (load/main.c); `weight` is
// operations per message, `unix` means a Unix socket, `ceiling` that the
// server exists in C, `far` that an echo server is needed to connect to,
// `oneProcessor` that both ends share one, `quick: false` that --quick leaves
// it out.

const KB = 1024;
const MB = KB * KB;

// Messages of `size` bytes, answered by `reply` bytes.
function exchange(name, handler, options) {
  const { size = 64, reply = size, depth = 1, connections = 50 } = options;
  return { mode: 'exchange', name, handler, ...options,
    size, reply, depth, connections };
}

// In both directions a MB is 16 operations of 64 KB.
const stream = { weight: MB / (64 * KB), depth: 2, connections: 1 };
const toServer = { ...stream, size: MB, reply: 1 };
const fromServer = { ...stream, size: 1, reply: MB };

const connects = { mode: 'connect', handler: 'connect', connections: 16,
  ceiling: true };

// Over a replaced net, both ends in the measured process.
function inProcess(name, handler) {
  return { mode: 'self', name, handler, connections: 1, onlyNamed: true,
    quick: false };
}

const scenarios = [
  exchange('echo 64 B, 50 connections', 'echo', { ceiling: true }),
  exchange('echo 64 B, 1 connection', 'echo',
    { connections: 1, ceiling: true }),
  exchange('echo 64 B, 1 connection, 1 processor', 'echo',
    { connections: 1, ceiling: true, oneProcessor: true, quick: false }),
  exchange('echo 64 B, 50 connections, depth 16', 'echo',
    { depth: 16, ceiling: true }),
  exchange('echo 1 KB, 50 connections', 'echo',
    { size: KB, ceiling: true, quick: false }),
  exchange('echo 16 KB, 50 connections', 'echo',
    { size: 16 * KB, ceiling: true }),
  exchange('echo 64 KB, 50 connections', 'echo',
    { size: 64 * KB, ceiling: true, quick: false }),
  exchange('echo 64 B, 1000 connections', 'echo',
    { connections: 1000, ceiling: true, quick: false }),
  exchange('echo 64 B, 50 Unix sockets', 'echo',
    { unix: true, ceiling: true }),
  exchange('echo 16 KB, 50 Unix sockets', 'echo',
    { size: 16 * KB, unix: true, ceiling: true, quick: false }),
  exchange('64 B answered by 4 writes', 'small4', { ceiling: true }),
  exchange('sink, 64 KB', 'sink', { ...toServer, ceiling: true }),
  exchange('sink, 64 KB, Unix socket', 'sink',
    { ...toServer, unix: true, ceiling: true, quick: false }),
  exchange('source of Buffers, 64 KB', 'source',
    { ...fromServer, ceiling: true }),
  exchange('source of Buffers, 64 KB, Unix socket', 'source',
    { ...fromServer, unix: true, ceiling: true, quick: false }),
  exchange('source of strings, 64 KB', 'source-text', fromServer),
  { name: 'connect, byte, end', ...connects },
  { name: 'connect, byte, end, Unix socket', ...connects, unix: true },
  exchange('socket.pipe(socket), 16 KB', 'pipe', { size: 16 * KB }),
  exchange('relay a.pipe(b).pipe(a), 16 KB', 'relay',
    { size: 16 * KB, connections: 10, far: 'answer' }),
  exchange('client: echo 64 B', 'client-echo', { client: true }),
  exchange('client: onread echo 64 B', 'client-onread', { client: true }),
  exchange('client: onread echo 16 KB', 'client-onread',
    { size: 16 * KB, client: true, quick: false }),
  { name: 'client: connect, byte, end', mode: 'self',
    handler: 'client-connect', connections: 16, far: 'once' },
  { name: 'http hello, keep-alive', mode: 'http', handler: 'http',
    connections: 50, onlyNamed: true },
  inProcess('tls: connect and handshake', 'tls-connect'),
  inProcess('tls: handshake over a socket', 'tls-over'),
  inProcess('tls: 1 MB to the server', 'tls-bulk'),
];

const idle = { name: 'idle connections', connections: 10000 };

module.exports = { idle, scenarios };
