'use strict';

// Many connections, held and churned. Each sends lines of its own, which come
// back; the client hashes what came, in the order of the connections' numbers.

const { createHash } = require('node:crypto');
const { once } = require('node:events');
const { Random } = require('../differential/random');
const { LoadServer } = require('./server');

const AT_ONCE = 200;

class Server extends LoadServer {
  constructor(net) {
    super(net.createServer((peer) => {
      peer.on('data', (chunk) => peer.write(chunk));
    }));
  }

  connections() {
    return new Promise((resolve, reject) => {
      this.server.getConnections((error, count) =>
        (error ? reject(error) : resolve(count)));
    });
  }
}

// How a client lets go of a connection.
const ENDS = {
  end: (socket) => socket.end(),
  destroy: (socket) => socket.destroy(),
  reset: (socket) => socket.resetAndDestroy(),
};

class Client {
  #net;
  #port;
  #random;
  #sockets = [];
  #hash = createHash('sha256');
  #opened = 0;

  constructor(net, { port, seed }) {
    this.#net = net;
    this.#port = port;
    this.#random = new Random(seed);
  }

  start() {}

  async #each(list, body) {
    const queue = list.values();
    const run = async () => { for (const one of queue) await body(one); };
    await Promise.all(Array.from({ length: AT_ONCE }, run));
  }

  // The number depends on nothing that the clock decides.
  async #open(place, number = place) {
    const socket = this.#net.connect(this.#port, '127.0.0.1');
    this.#opened++;
    this.#sockets[place] = { socket, number, got: '' };
    await once(socket, 'connect');
    socket.setEncoding('latin1');
  }

  /** Opens that many. */
  async open(count) {
    await this.#each(Array.from({ length: count }, (_, i) => i),
      (place) => this.#open(place));
    return this.#sockets.length;
  }

  /** A line of each connection, there and back. */
  async talk() {
    await this.#each(this.#sockets, async (one) => {
      const line = `${one.number} says ${'x'.repeat(one.number % 100)}\n`;
      one.socket.write(line);
      for (one.got = ''; !one.got.endsWith('\n');) {
        one.got += (await once(one.socket, 'data'))[0];
      }
      if (one.got !== line) throw new Error(`${one.got} for ${line}`);
    });
    const lines = this.#sockets.map(({ got }) => got).sort();
    for (const line of lines) this.#hash.update(line);
  }

  /** Ends some, each in a way of its own, and opens as many anew. */
  async churn(count) {
    const size = this.#sockets.length;
    const chosen = new Map();
    while (chosen.size < count) {
      chosen.set(this.#random.below(size),
        this.#random.pick(Object.keys(ENDS)));
    }
    await this.#each([...chosen], async ([place, end]) => {
      const { socket, number } = this.#sockets[place];
      const closed = once(socket, 'close');
      ENDS[end](socket);
      await closed;
      await this.#open(place, number + size);
    });
  }

  /** Ends all. Gives the hash of what came. */
  async end() {
    await this.#each(this.#sockets, async ({ socket }) => {
      const closed = once(socket, 'close');
      socket.end();
      await closed;
    });
    this.#sockets = [];
    return { opened: this.#opened, hash: this.#hash.digest('hex') };
  }
}

module.exports = { client: Client, server: Server };
