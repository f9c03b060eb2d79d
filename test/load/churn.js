'use strict';

// Connections opened and closed, one after the other, some at a time. Each
// sends its number and gets it back: none may be lost, doubled or mixed up.

const { createHash } = require('node:crypto');
const { LoadServer } = require('./server');

const AT_ONCE = 64;
const NUMBER_SIZE = 8;

// Which numbers there were; each may come once.
class Seen {
  #bits;
  count = 0;
  doubled = 0;

  constructor(total) {
    this.#bits = Buffer.alloc(Math.ceil(total / 8));
  }

  add(number) {
    const bit = 1 << (number & 7);
    if (this.#bits[number >> 3] & bit) this.doubled++;
    this.#bits[number >> 3] |= bit;
    this.count++;
  }

  report() {
    const hash = createHash('sha256').update(this.#bits).digest('hex');
    return { count: this.count, doubled: this.doubled, hash };
  }
}

class Server extends LoadServer {
  #seen;

  constructor(net, { total }) {
    super(net.createServer((peer) => {
      peer.on('data', (chunk) => {
        this.#seen.add(Number(chunk.toString('latin1')));
        peer.end(chunk);
      });
    }));
    this.#seen = new Seen(total);
  }

  async end() {
    const errors = await super.end();
    return { ...this.#seen.report(), errors };
  }
}

class Client {
  #net;
  #port;
  #seen;
  #next = 0;
  errors = {};

  constructor(net, { port, total }) {
    this.#net = net;
    this.#port = port;
    this.#seen = new Seen(total);
  }

  start() {}

  #one(number, done) {
    const socket = this.#net.connect(this.#port, '127.0.0.1');
    socket.write(String(number).padStart(NUMBER_SIZE, '0'));
    socket.on('data', (chunk) => {
      const got = Number(chunk.toString('latin1'));
      if (got !== number) this.#fail(`${got} for ${number}`);
      this.#seen.add(got);
    });
    socket.on('error', ({ code }) => this.#fail(code));
    socket.on('close', done);
  }

  #fail(code) {
    this.errors[code] = (this.errors[code] ?? 0) + 1;
  }

  /** Opens and closes that many more. */
  run(count) {
    const last = this.#next + count;
    let open = 0;
    return new Promise((resolve) => {
      const more = () => {
        for (; open < AT_ONCE && this.#next < last; open++) {
          this.#one(this.#next++, ended);
        }
        if (open === 0) resolve();
      };
      const ended = () => {
        open--;
        more();
      };
      more();
    });
  }

  end() {
    return { ...this.#seen.report(), errors: this.errors };
  }
}

module.exports = { client: Client, server: Server };
