'use strict';

// Runs one script on one implementation of net and returns its log. After each
// step the world waits until nothing moves any more, so that the log does not
// depend on how fast the kernel is.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { describe } = require('./log');
const { codeOf, operations } = require('./operations');

const QUIET_TURNS = 12;
const MAX_TURNS = 2000;
const EVENTS = ['connect', 'ready', 'end', 'finish', 'drain', 'pause', 'resume',
  'pipe', 'unpipe', 'timeout'];
const CHUNK_EVENTS = ['drain', 'pause', 'resume'];
const FLAGS = ['destroyed', 'readable', 'writable', 'readableEnded',
  'writableEnded', 'writableFinished', 'readableAborted', 'writableAborted',
  'readableDidRead', 'readableFlowing', 'readableLength', 'writableLength',
  'writableNeedDrain', 'writableCorked', 'bytesRead', 'bytesWritten',
  'bufferSize', 'pending', 'connecting', 'readyState', 'closed', 'timeout',
  'readableEncoding', 'isPaused'];
// What depends on how much the kernel takes or gives at once.
const LOOSE_FLAGS = ['destroyed', 'readableEncoding', 'writableEnded',
  'writableCorked', 'bytesWritten', 'connecting', 'closed'];

let directory = null;
let current = null;

function socketFile() {
  if (directory === null) {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-'));
    process.on('exit', () => {
      fs.rmSync(directory, { recursive: true, force: true });
    });
  }
  return path.join(directory, 's');
}

process.on('uncaughtException', (error) => {
  if (current === null) throw error;
  const isOurs = error.isBoom || error.code;
  current.log('process', `uncaught ${isOurs ? codeOf(error) : error.message}`);
});

function turn() {
  return new Promise((resolve) => { setImmediate(resolve); });
}

class World {
  constructor(net, script, strict) {
    this.strict = strict;
    this.net = net;
    this.script = script;
    this.loose = script.loose;
    this.sockets = new Map();
    this.received = new Map();
    this.listeners = [];
    this.entries = [];
    this.activity = 0;
    this.pending = 0;
    this.accepted = 0;
    this.accepts = [];
    this.log = this.log.bind(this);
  }

  log(name, text) {
    this.activity++;
    this.entries.push({ name, text });
  }

  data(name, how, chunk, id = '') {
    this.activity++;
    const bytes = Buffer.from(chunk);
    if (!this.loose) {
      const kind = typeof chunk === 'string' ? 'string' : 'bytes';
      this.entries.push({ name, text: how + id, kind, bytes });
      return;
    }
    const key = `${name} ${how}${id}`;
    if (!this.received.has(key)) this.received.set(key, []);
    this.received.get(key).push(bytes);
  }

  // Gives a socket its name and logs its events.
  adopt(socket, name) {
    this.sockets.set(name, socket);
    socket.setMaxListeners(0);
    for (const event of EVENTS) {
      if (this.loose && CHUNK_EVENTS.includes(event)) continue;
      socket.on(event, () => this.log(name, event));
    }
    socket.on('close', (hadError) => this.log(name, `close ${hadError}`));
    socket.on('error', (error) => this.log(name, `error ${codeOf(error)}`));
  }

  perform(operation) {
    const { op, on, id } = operation;
    if (op === 'connect') {
      this.connect(operation);
      return;
    }
    const socket = this.sockets.get(on);
    if (socket === undefined) return;
    try {
      const result = operations[op](socket, operation, this);
      if (result !== undefined && !this.loose) {
        this.log(on, `${op}#${id} = ${result}`);
      }
    } catch (error) {
      if (error.isBoom) throw error;
      this.log(on, `${op}#${id} threw ${codeOf(error)}`);
    }
  }

  performAll(list) {
    for (const operation of list) this.perform(operation);
  }

  connect({ name, options, early, accept }) {
    const { onread, ...rest } = options;
    if (onread) rest.onread = this.onRead(name, onread);
    this.accepts.push(accept);
    const address = this.server.address() || this.address;
    const target = typeof address === 'string' ? { path: address } :
      { port: address.port, host: '127.0.0.1' };
    const socket = this.net.connect({ ...target, ...rest });
    this.adopt(socket, name);
    this.performAll(early);
  }

  onRead(name, { size, stopEvery, isFunction }) {
    let count = 0;
    return {
      buffer: isFunction ? () => Buffer.alloc(size) : Buffer.alloc(size),
      callback: (length, buffer) => {
        this.data(name, 'onread', buffer.subarray(0, length));
        return stopEvery === 0 || ++count % stopEvery !== 0;
      },
    };
  }

  async start() {
    const server = this.net.createServer(this.script.server);
    this.server = server;
    server.on('connection', (socket) => {
      const name = `s${this.accepted}`;
      const accept = this.accepts[this.accepted++];
      this.adopt(socket, name);
      this.log(name, 'connection');
      if (accept) this.performAll(accept);
    });
    server.on('close', () => this.log('server', 'close'));
    server.on('error', (error) => this.log('server', `error ${codeOf(error)}`));
    await new Promise((resolve) => {
      if (this.script.transport === 'tcp') {
        server.listen(0, '127.0.0.1', resolve);
      } else {
        server.listen(socketFile(), resolve);
      }
    });
    this.address = server.address();
  }

  // Changes whenever bytes move, also unseen.
  signature() {
    let sum = this.activity;
    for (const socket of this.sockets.values()) {
      sum += socket.bytesRead + socket.readableLength +
        3 * socket.writableLength;
    }
    return sum;
  }

  async rest() {
    let quiet = 0;
    let last = -1;
    for (let i = 0; i < MAX_TURNS && quiet < QUIET_TURNS; i++) {
      await (this.pending > 0 ? sleep(1) : turn());
      const now = this.signature();
      quiet = now === last && this.pending === 0 ? quiet + 1 : 0;
      last = now;
    }
    if (quiet < QUIET_TURNS) {
      throw new Error('The script does not come to rest');
    }
  }

  snapshot() {
    for (const [name, socket] of this.sockets) {
      const flags = (this.loose ? LOOSE_FLAGS : FLAGS).filter((flag) =>
        flag !== 'bytesWritten' || !socket.errored || this.strict);
      const values = flags.map((flag) => {
        const value = socket[flag];
        return `${flag}=${typeof value === 'function' ? value.call(socket) : value}`;
      });
      if (!this.loose) {
        values.push(`consumed=${socket.bytesRead - socket.readableLength}`);
      }
      values.push(`errored=${socket.errored ? codeOf(socket.errored) : null}`);
      this.log(name, `state ${values.join(' ')}`);
    }
  }

  // Much data can stall for longer than some turns.
  async restLong() {
    await this.rest();
    if (!this.loose) return;
    const before = this.signature();
    await sleep(3);
    await this.rest();
    if (this.signature() !== before) await this.restLong();
  }

  // Runs something as a step of its own.
  async step(title, body) {
    this.entries.push({ title });
    await turn();
    try {
      body();
    } catch (error) {
      this.log('step', `threw ${error.isBoom ? error.message : error.stack}`);
    }
    await this.restLong();
    this.snapshot();
  }

  forEachSocket(body) {
    for (const [name, socket] of this.sockets) {
      try {
        body(socket);
      } catch (error) {
        this.log(name, `threw ${codeOf(error)}`);
      }
    }
  }

  async runAll() {
    const { steps } = this.script;
    await this.start();
    for (const [index, operationList] of steps.entries()) {
      await this.step(`step ${index}`, () => this.performAll(operationList));
    }
    await this.step('resume', () => this.forEachSocket((socket) => {
      socket.resume();
    }));
    if (this.loose) this.logReceived();
    await this.step('end', () => this.forEachSocket((socket) => {
      if (socket.writable) socket.end();
    }));
  }

  // In a loose script what a socket got before its connection broke is chance.
  logReceived() {
    const broken = [...this.sockets.values()].some((s) => s.destroyed);
    if (broken) return;
    for (const [key, chunks] of this.received) {
      this.log(key, describe(Buffer.concat(chunks)));
    }
  }

  async stop() {
    this.forEachSocket((socket) => {
      if (socket.listenerCount('error') === 0) socket.on('error', () => {});
      socket.destroy();
    });
    await new Promise((resolve) => {
      if (this.server.listening) this.server.close(resolve);
      else resolve();
    });
  }
}

/** The log of a script, as entries for render(); the last tells if it failed. */
async function runScript(net, script, strict = false) {
  const world = new World(net, script, strict);
  current = world;
  try {
    await world.runAll();
  } catch (error) {
    world.entries.push({ title: error.message });
  }
  try {
    await world.stop();
    await world.rest();
  } catch (error) {
    world.entries.push({ title: `stop: ${error.message}` });
  }
  current = null;
  return world.entries;
}

module.exports = { runScript };
