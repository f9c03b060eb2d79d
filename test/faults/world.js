'use strict';

// What a scenario of scenarios.js runs in: it makes sockets and servers, logs
// what becomes of each, and knows when all is over.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

// Nothing happens for so long: the scenario waits for what will not come. A
// program would have a timeout; what is left is destroyed.
const QUIET_MS = 150;
// The same where nothing fails and nothing should be waited for.
const PATIENT_MS = 5000;
// Longer than closing takes.
const CLOSE_MS = 1500;
// Longer than a scenario that moves takes.
const LIMIT_MS = 8000;

const SIZE = 4 * 1024 * 1024;

// Whatever is sent is the beginning of this, so that whoever receives it can
// tell whether it is whole. Printable, so that strings can be sent too.
const pattern = Buffer.alloc(SIZE);
for (let i = 0; i < SIZE; i++) {
  pattern[i] = 33 + ((i * 7 + (i >> 8) * 13 + (i >> 16) * 29) % 90);
}

const EVENTS = ['connect', 'end', 'finish', 'close', 'error'];

function describe(event, argument) {
  if (event === 'error') {
    const { code, message, syscall } = argument;
    return `error:${code ?? message}${syscall ? `:${syscall}` : ''}`;
  }
  return event === 'close' && argument === true ? 'close:error' : event;
}

class World {
  #lanes = new Map();
  #open = new Set();
  #servers = new Set();
  #done;
  #timer = null;
  #began = Date.now();
  #folder = null;
  #isEnding = false;
  #counts = new Map();
  sent = new Map();
  #quietMs;
  result = { waits: false, stuck: false, corrupt: false };

  constructor(net, { isUnix, arm, isPatient }) {
    this.net = net;
    this.#quietMs = isPatient ? PATIENT_MS : QUIET_MS;
    this.isUnix = isUnix;
    this.arm = arm;
    this.finished = new Promise((resolve) => { this.#done = resolve; });
    this.touch();
  }

  /** Something has happened. */
  touch() {
    if (this.#isEnding) return;
    this.#timer?.close();
    this.#timer = setTimeout(() => this.#giveUp(), this.#quietMs);
    if (Date.now() - this.#began > LIMIT_MS) this.#giveUp();
  }

  log(name, text) {
    if (!this.#lanes.has(name)) this.#lanes.set(name, []);
    const lane = this.#lanes.get(name);
    // How many writes there were is no matter.
    if (lane.at(-1) !== text) lane.push(text);
    this.touch();
  }

  /** A name of its own for the next of a kind. */
  #name(kind) {
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    return `${kind}${count}`;
  }

  /** Logs a socket's events and checks what it receives. */
  socket(kind, socket) {
    const name = this.#name(kind);
    let received = 0;
    this.#open.add(socket);
    this.sent.set(socket, 0);
    for (const event of EVENTS) {
      socket.on(event, (argument) => {
        this.log(name, describe(event, argument));
        if (event === 'close') this.#closed(socket);
      });
    }
    socket.on('data', (chunk) => {
      const end = received + chunk.length;
      if (!pattern.subarray(received, end).equals(Buffer.from(chunk))) {
        this.result.corrupt = true;
      }
      received = end;
      this.touch();
    });
    socket.label = name;
    return socket;
  }

  client(options = {}, kind = 'client') {
    return this.socket(kind, this.net.connect({ ...this.target, ...options }));
  }

  /** For a socket that is to be read by other means than 'data'. */
  check(received, chunk) {
    this.touch();
    if (!pattern.subarray(received, received + chunk.length).equals(chunk)) {
      this.result.corrupt = true;
    }
  }

  /** The next bytes of the pattern for a socket. */
  next(socket, length) {
    const start = this.sent.get(socket);
    this.sent.set(socket, start + length);
    return pattern.subarray(start, start + length);
  }

  write(socket, length) { return socket.write(this.next(socket, length)); }

  /** The same with a callback, whose result is logged. */
  writeAsking(socket, length) {
    return socket.write(this.next(socket, length), this.asking(socket));
  }

  asking(socket) {
    return (error) => {
      this.log(socket.label, error ? `write:${error.code}` : 'write');
    };
  }

  /** Whether it waits for what will not come, and is taken down. */
  get isEnding() { return this.#isEnding; }

  get path() {
    this.#folder ??= fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-'));
    return path.join(this.#folder, 's');
  }

  get where() {
    return this.isUnix ? { path: this.path } : { port: 0, host: '127.0.0.1' };
  }

  /** Listens; then calls onListening() with `target` set. */
  serve(options, onConnection, onListening, where = this.where) {
    const name = this.#name('server');
    const server = this.net.createServer(options, (peer) => {
      onConnection(this.socket('peer', peer));
    });
    server.on('error', (error) => {
      this.log(name, describe('error', error));
      // It does not listen, and will not close.
      if (!server.listening) this.#closed(server);
    });
    server.on('close', () => {
      this.log(name, 'close');
      this.#closed(server);
    });
    server.on('listening', () => {
      this.log(name, 'listening');
      this.#open.add(server);
      this.#servers.add(server);
      const address = this.#addressOf(server);
      this.target = typeof address === 'string' ? { path: address } :
        { port: address?.port ?? 0, host: '127.0.0.1' };
      onListening();
    });
    server.listen(where);
    return server;
  }

  #addressOf(server) {
    try {
      return server.address();
    } catch (error) {
      this.log('server', describe('error', error));
      return null;
    }
  }

  /** What becomes of that server is no matter any more. */
  forget(server) {
    server.removeAllListeners('close');
    this.#open.delete(server);
    this.#servers.delete(server);
  }

  /** An exception that nobody has caught. */
  uncaught(error) { this.log('process', describe('error', error)); }

  #closed(emitter) {
    this.#open.delete(emitter);
    if (this.#isEnding && this.#open.size > 0) return;
    if (this.#open.size === 0) {
      this.#end();
    } else if (this.#open.size === this.#servers.size) {
      // What a server has not accepted yet shall have the time.
      setImmediate(() => setImmediate(() => this.#closeServers()));
    }
  }

  #closeServers() {
    if (this.#open.size !== this.#servers.size) return;
    for (const server of this.#servers) server.close();
    this.#servers.clear();
  }

  // Destroys all that is left. What does not close by then is stuck.
  #giveUp() {
    if (this.#isEnding) return;
    this.result.waits = true;
    this.#isEnding = true;
    const servers = [...this.#servers];
    this.#servers.clear();
    for (const emitter of this.#open) {
      if (!servers.includes(emitter)) emitter.destroy();
    }
    for (const server of servers) server.close();
    if (this.#open.size === 0) this.#end();
    this.#timer = setTimeout(() => {
      this.result.stuck = this.#open.size > 0;
      this.#end();
    }, CLOSE_MS);
  }

  #end() {
    this.#isEnding = true;
    clearTimeout(this.#timer);
    if (this.#folder) fs.rmSync(this.#folder, { recursive: true, force: true });
    this.#done();
  }

  /** What happened to each, without names: sockets of a kind are alike. */
  lanes() {
    return [...this.#lanes].map(([name, events]) =>
      `${name.replace(/\d+$/, '')}: ${events.join(' ')}`).sort();
  }
}

module.exports = { World, pattern };
