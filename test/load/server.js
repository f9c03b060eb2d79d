'use strict';

// What the servers of the loads have in common.

const { once } = require('node:events');

class LoadServer {
  // How many connections failed, by code.
  errors = {};

  constructor(server) {
    this.server = server;
    server.on('connection', (peer) => {
      peer.on('error', ({ code }) => {
        this.errors[code] = (this.errors[code] ?? 0) + 1;
      });
    });
  }

  /** Resolves with the port. */
  async start() {
    this.server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
    await once(this.server, 'listening');
    return this.server.address().port;
  }

  /** Resolves when all connections have ended. */
  async end() {
    this.server.close();
    await once(this.server, 'close');
    return this.errors;
  }
}

module.exports = { LoadServer };
