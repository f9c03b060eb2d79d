'use strict';

// What the states connect to, in the main thread, each with a log of what it
// learns of the other end's end.

const net = require('node:net');
const tls = require('node:tls');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { closedPort, deafPort, tmpPath, disposeAll } = require('../helper');
const psk = require('../psk');

const CHUNK = Buffer.alloc(65536);

function pour(socket) {
  while (!socket.destroyed && socket.write(CHUNK));
  socket.once('drain', () => pour(socket));
}

const KINDS = {
  quiet: { serve: (socket) => socket.resume() },
  path: { serve: (socket) => socket.resume(), isPath: true },
  // Once: what came later might meet an end that is gone, or not.
  echo: { serve(socket) {
    socket.once('data', (data) => socket.write(data)).resume();
  } },
  deaf: { serve: (socket) => socket.pause() },
  source: { serve(socket) {
    socket.resume();
    pour(socket);
  } },
  // It learns of FIN and does not answer with its own.
  half: { serve: (socket) => socket.resume(), options: { allowHalfOpen: true } },
  ends: { serve: (socket) => socket.resume().end(),
    options: { allowHalfOpen: true } },
  tls: { serve: (socket) => socket.resume(), isTls: true },
};

class Peers {
  #servers = [];
  #logs = [];
  #sockets = new Set();
  ports = {};

  async open() {
    for (const [kind, one] of Object.entries(KINDS)) {
      const { serve, options, isTls, isPath } = one;
      const create = isTls ? tls.createServer : net.createServer;
      const server = create({ ...options, ...(isTls ? psk.server : {}) },
        (socket) => {
          this.watch(socket, kind);
          serve(socket);
        });
      server.on('tlsClientError', () => {});
      const where = isPath ? tmpPath() : { port: 0, host: '127.0.0.1' };
      server.listen(where);
      await once(server, 'listening');
      this.ports[kind] = isPath ? where : server.address().port;
      this.#servers.push(server);
    }
    this.ports.never = await deafPort();
    this.ports.closed = await closedPort(net);
    return this;
  }

  /** Keeps a log of a socket's end. */
  watch(socket, kind) {
    const log = [];
    let bytes = 0;
    this.#logs.push({ kind, log, size: () => bytes });
    this.#sockets.add(socket);
    socket.on('data', (data) => { bytes += data.length; });
    socket.on('end', () => log.push('end'));
    socket.on('error', ({ code }) => log.push(code));
    socket.on('close', () => {
      log.push('close');
      this.#sockets.delete(socket);
    });
  }

  /** Connects to whoever has been ended soon. */
  come({ port, count, text }) {
    for (let i = 0; i < count; i++) {
      const socket = net.connect(port, '127.0.0.1');
      this.watch(socket, 'client');
      socket.resume();
      if (text) socket.write(text);
    }
  }

  /** All learn of the end; what they have seen, in words that do not depend on
   * the clock. */
  async settle(isLoud) {
    const end = Date.now() + 5000;
    // What has connected just before may not be accepted yet.
    await sleep(5);
    for (const socket of this.#sockets) {
      if (socket.isPaused()) socket.resume();
    }
    while (this.#sockets.size > 0 && Date.now() < end) {
      for (const socket of this.#sockets) {
        if (socket.readableEnded) socket.destroy();
      }
      await sleep(2);
    }
    const stuck = this.#sockets.size;
    for (const socket of this.#sockets) socket.destroy();
    // Who comes a moment after the listener has gone is refused, not reset.
    const seen = this.#logs.splice(0).map(({ kind, log, size }) =>
      `${kind} ${size()} ${log.join(' ')}`.replace('ECONNREFUSED', 'ECONNRESET'))
      .sort();
    return { stuck, seen: isLoud ? [] : seen };
  }

  async close() {
    for (const server of this.#servers) {
      server.close();
      await once(server, 'close');
    }
    await disposeAll();
  }
}

module.exports = { Peers };
