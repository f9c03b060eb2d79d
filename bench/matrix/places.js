'use strict';

// Where the servers of cells listen.

const { once } = require('node:events');
const path = require('node:path');

let sockets = 0;

/**
 * Listens, and returns how that is connected to: `{ port, host }` or
 * `{ path }`. `name` is for a Unix socket, if it has to have one.
 */
async function listen(server, { transport }, { folder }, name) {
  const at = transport === 'unix' ?
    { path: path.join(folder, name ?? `${process.pid}-${++sockets}.sock`) } :
    { port: 0, host: '127.0.0.1' };
  server.listen(at);
  await once(server, 'listening');
  return at.path ? at : { ...at, port: server.address().port };
}

function close(server) {
  return new Promise((resolve) => { server.close(resolve); });
}

module.exports = { close, listen };
