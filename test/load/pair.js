'use strict';

// One pair of sockets, for long: both ends send pieces of all sizes in all
// ways, rest now and then, and stop reading now and then. All by a seed. What
// one end sent and the other received must have one hash.

const { createCipheriv, createHash } = require('node:crypto');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { Random } = require('../differential/random');

const BLOCK = 1024 * 1024;
const SIZES = { 10: 4, 300: 4, 3000: 4, 20000: 3, 100000: 2, 500000: 1 };
// Milliseconds of rest, and how often.
const RESTS = { 0: 10, 1: 3, 5: 3, 20: 3, 100: 2, 400: 0.2, 2000: 0.02 };

// The same bytes for the same seed, without a pattern.
function bytesOf(seed) {
  const key = createHash('sha256').update(String(seed)).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
    .update(Buffer.alloc(BLOCK));
}

class End {
  #random;
  #block;
  #sent = { hash: createHash('sha256'), bytes: 0 };
  #received = { hash: createHash('sha256'), bytes: 0 };
  socket;
  error = null;

  constructor(seed) {
    this.#random = new Random(seed);
    this.#block = bytesOf(seed);
  }

  #take(total, chunk, encoding) {
    total.hash.update(chunk, encoding);
    // Of a Latin-1 string too.
    total.bytes += chunk.length;
  }

  use(socket) {
    const restsOfReader = new Random(this.#random.below(1e9));
    this.socket = socket;
    socket.on('error', (error) => { this.error = error.code; });
    socket.on('data', (chunk) => {
      this.#take(this.#received, chunk);
      if (!restsOfReader.chance(0.02)) return;
      socket.pause();
      setTimeout(() => socket.resume(), restsOfReader.below(50));
    });
  }

  #piece() {
    const most = Number(this.#random.weighted(SIZES));
    const size = 1 + this.#random.below(most);
    const start = this.#random.below(BLOCK - size);
    return this.#block.subarray(start, start + size);
  }

  #writePiece() {
    const piece = this.#piece();
    if (this.#random.chance(0.3)) {
      const text = piece.toString('latin1');
      this.#take(this.#sent, text, 'latin1');
      return this.socket.write(text, 'latin1');
    }
    this.#take(this.#sent, piece);
    // The block stays as it is, so the piece may wait as long as it has to.
    return this.socket.write(piece);
  }

  #writeSome() {
    if (!this.#random.chance(0.3)) return this.#writePiece();
    this.socket.cork();
    for (let i = this.#random.below(10); i > 0; i--) this.#writePiece();
    this.socket.uncork();
    return !this.socket.writableNeedDrain;
  }

  /** Sends for so many seconds, then ends. */
  async run(seconds) {
    const closed = once(this.socket, 'close');
    const until = Date.now() + seconds * 1000;
    while (Date.now() < until && !this.socket.destroyed) {
      if (!this.#writeSome()) await once(this.socket, 'drain');
      const rest = Number(this.#random.weighted(RESTS));
      if (rest > 0) await sleep(rest);
    }
    this.socket.end();
    await closed;
    return this.report();
  }

  report() {
    const tell = ({ hash, bytes }) => ({ bytes, hash: hash.digest('hex') });
    return { sent: tell(this.#sent), received: tell(this.#received),
      error: this.error };
  }
}

class Server {
  #server;
  #end;
  #accepted;

  constructor(net, { seed }) {
    this.#end = new End(seed + 1);
    this.#server = net.createServer({ allowHalfOpen: true });
    this.#accepted = once(this.#server, 'connection');
  }

  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this.#server.address().port;
  }

  async run(seconds) {
    const [socket] = await this.#accepted;
    this.#end.use(socket);
    return this.#end.run(seconds);
  }

  async end() {
    this.#server.close();
    await once(this.#server, 'close');
  }
}

class Client {
  #net;
  #port;
  #end;

  constructor(net, { port, seed }) {
    this.#net = net;
    this.#port = port;
    this.#end = new End(seed + 2);
  }

  start() {
    this.#end.use(this.#net.connect(
      { port: this.#port, host: '127.0.0.1', allowHalfOpen: true }));
  }

  run(seconds) { return this.#end.run(seconds); }
  end() {}
}

module.exports = { client: Client, server: Server };
