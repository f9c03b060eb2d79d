'use strict';

// Four sockets that a script has nothing to do with. After each script they must
// echo, every byte in its place, each once in a turn of the loop and with ticks
// between their events.

const LIMIT_MS = 5000;

class Canary {
  problems = [];
  clients = [];

  constructor(net, folder) {
    this.net = net;
    this.folder = folder;
    this.tickIsDue = false;
  }

  async open() {
    for (const where of [[0, '127.0.0.1'], [`${this.folder}/canary`]]) {
      const server = this.net.createServer((socket) => {
        socket.on('data', (chunk) => {
          this.expectTicks('an echo');
          socket.write(chunk);
        });
        socket.on('error', (error) => this.fail(`a peer: ${error.message}`));
      });
      await new Promise((resolve) => { server.listen(...where, resolve); });
      for (let i = 0; i < 2; i++) this.clients.push(await this.connect(server));
    }
  }

  async connect(server) {
    const address = server.address();
    const client = this.net.connect(address.port ?? address);
    const one = { client, wanted: null, at: 0, done: null };
    client.on('data', (chunk) => this.check(one, chunk));
    client.on('error', (error) => this.fail(`a client: ${error.message}`));
    client.on('close', () => this.fail('a client has closed'));
    await new Promise((resolve) => { client.once('connect', resolve); });
    return one;
  }

  fail(text) {
    this.problems.push(text);
    for (const { done } of this.clients) done?.();
  }

  // Between two sockets' events ticks run.
  expectTicks(what) {
    if (this.tickIsDue) this.fail(`no tick before ${what}`);
    this.tickIsDue = true;
    process.nextTick(() => { this.tickIsDue = false; });
  }

  check(one, chunk) {
    this.expectTicks('a read');
    const { wanted, at } = one;
    if (wanted === null) {
      this.fail(`${chunk.length} bytes that nobody sent`);
      return;
    }
    if (!chunk.equals(wanted.subarray(at, at + chunk.length))) {
      this.fail(`wrong bytes at ${at}`);
    }
    one.at += chunk.length;
    if (one.at < wanted.length) return;
    one.wanted = null;
    one.done();
  }

  // What is wrong, or an empty list.
  async sing(random) {
    this.tickIsDue = false;
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve(this.fail('no echo')), LIMIT_MS);
    });
    const echoes = this.clients.map((one) => new Promise((resolve) => {
      const size = random.pick([1, 64, 3000, 20000]);
      const first = random.below(256);
      one.wanted = Buffer.alloc(size).map((_, i) => first + i);
      one.at = 0;
      one.done = resolve;
      // What is given to write() is not looked at again: it may be changed.
      one.client.write(Buffer.from(one.wanted));
    }));
    await Promise.race([Promise.all(echoes), late]);
    clearTimeout(timer);
    return this.problems;
  }
}

module.exports = { Canary };
