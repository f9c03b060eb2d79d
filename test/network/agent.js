'use strict';

// One host's program: sockets and servers on the net that it was given, each
// with a log of its events and hashes of what it sent and received. What they
// do, run.js says.

const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { ownNet, serve } = require('../agent');
const { descriptors, liveHandles } = require('../load/measure');
const { Tally, bytesAt } = require('./stream');

const net = ownNet();
const sockets = [];
const servers = [];
const EVENTS = ['lookup', 'connectionAttempt', 'connectionAttemptFailed',
  'connectionAttemptTimeout', 'connect', 'ready', 'end', 'finish', 'timeout',
  'error', 'close'];
const PIECE = 20000;

// Ports of the moment and descriptors are not the same on two nets.
function describeError(error) {
  const { name, code, errno, syscall, address, message, errors } = error;
  return [name, code, errno, syscall, address,
    message.replace(/:\d+/g, ':PORT'), errors?.map(describeError)]
    .filter((part) => part !== undefined).join(' ');
}

function describe(name, args) {
  switch (name) {
    case 'error': return `error ${describeError(args[0])}`;
    case 'close': return `close ${args[0]}`;
    case 'connectionAttempt': return `${name} ${args[0]}`;
    case 'connectionAttemptTimeout': return `${name} ${args[0]}`;
    case 'connectionAttemptFailed':
      return `${name} ${args[0]} ${args[3].code}`;
    default: return name;
  }
}

class Conversation {
  log = [];
  sent = new Tally();
  received = new Tally();
  #waiting = [];

  constructor(seed) {
    this.seed = seed;
    this.id = sockets.push(this) - 1;
  }

  note(text) {
    if (this.log[this.log.length - 1] !== text) this.log.push(text);
    for (const check of [...this.#waiting]) check();
  }

  use(socket, reading) {
    this.socket = socket;
    for (const name of EVENTS) {
      socket.on(name, (...args) => this.note(describe(name, args)));
    }
    READING[reading ?? 'flow'](this, socket);
    return this.id;
  }

  #wait(isReached, limit, what) {
    return new Promise((resolve, reject) => {
      const done = (error) => {
        clearTimeout(timer);
        this.#waiting.splice(this.#waiting.indexOf(check), 1);
        if (error) reject(error);
        else resolve();
      };
      const timer = setTimeout(() => done(new Error(
        `no ${what}, but ${this.log.join(', ')}; ${this.received.bytes} ` +
        `bytes received, ${this.sent.bytes} sent`)), limit);
      const check = () => { if (isReached()) done(); };
      this.#waiting.push(check);
      check();
    });
  }

  waitFor(event, limit) {
    return this.#wait(
      () => this.log.some((text) => text.split(' ', 1)[0] === event),
      limit, event);
  }

  waitForBytes(count, limit) {
    return this.#wait(() => this.received.bytes >= count, limit,
      `${count} bytes`);
  }

  take(chunk) {
    this.received.add(chunk);
    for (const check of [...this.#waiting]) check();
  }

  #writeOne(size) {
    const bytes = bytesAt(this.seed, this.sent.bytes, size);
    this.sent.add(bytes);
    // Each second piece as a string, which C encodes.
    const piece = this.sent.bytes % 2 === 0 ? bytes : bytes.toString('latin1');
    return this.socket.write(piece, 'latin1', (error) => {
      if (error) this.note(`write ${describeError(error)}`);
    });
  }

  /** Writes so many bytes at once, whatever write() says. */
  write(total, size = PIECE) {
    for (let left = total; left > 0; left -= size) {
      this.#writeOne(Math.min(size, left));
    }
  }

  /** The same, waiting as a good program does; ends before if it is closed. */
  async send(total, size = PIECE) {
    const closed = once(this.socket, 'close');
    for (let left = total; left > 0 && !this.socket.destroyed; left -= size) {
      if (!this.#writeOne(Math.min(size, left))) {
        await Promise.race([once(this.socket, 'drain'), closed]).catch(() => {});
      }
    }
  }

  /** Waits until the kernel takes no more of what was written. */
  async waitUntilStuck() {
    const queued = () => this.socket._handle?.writeQueueSize ?? 0;
    for (let before = -1; before !== queued();) {
      before = queued();
      await sleep(50);
    }
  }

  report() {
    const { socket } = this;
    return {
      log: this.log, sent: this.sent.report(), received: this.received.report(),
      bytesRead: socket.bytesRead,
      destroyed: socket.destroyed, errored: socket.errored?.code ?? null,
      readable: socket.readable, writable: socket.writable,
    };
  }
}

// How a socket reads.
const READING = {
  flow: (own, socket) => socket.on('data', (chunk) => own.take(chunk)),
  paused(own, socket) {
    READING.flow(own, socket);
    socket.pause();
  },
  readable: (own, socket) => socket.on('readable', () => {
    for (let chunk; (chunk = socket.read()) !== null;) own.take(chunk);
  }),
  // Its option has been given already.
  onread() {},
  echo(own, socket) {
    socket.on('data', (chunk) => own.take(chunk));
    socket.pipe(socket);
  },
  iterate: async (own, socket) => {
    try {
      for await (const chunk of socket) own.take(chunk);
    } catch (error) {
      own.note(`iteration ${error.code}`);
    }
  },
};

// Of an accepted socket there is no option for it.
function onread(own) {
  return { buffer: Buffer.alloc(65536), callback(length, buffer) {
    own.take(Buffer.from(buffer.subarray(0, length)));
    return true;
  } };
}

async function listen({ seed, reading, options, where }) {
  const server = net.createServer(options);
  const one = { server, accepted: [], log: [] };
  server.on('connection', (socket) => {
    const own = new Conversation(seed);
    own.use(socket, reading);
    one.accepted.push(own.id);
  });
  server.on('error', (error) => one.log.push(`error ${describeError(error)}`));
  server.on('drop', () => one.log.push('drop'));
  const id = servers.push(one) - 1;
  server.listen(where);
  await once(server, 'listening').catch(() => {});
  return { id, port: server.address()?.port, log: one.log };
}

async function accepted(id, place, limit) {
  const { server } = servers[id];
  const signal = AbortSignal.timeout(limit);
  while (!(place in servers[id].accepted)) {
    await once(server, 'connection', { signal });
  }
  return servers[id].accepted[place];
}

function lookupOf(addresses) {
  return (host, options, callback) => setImmediate(callback, null,
    addresses.map((address) => ({ address, family: net.isIP(address) })));
}

function connect({ seed, reading, options }) {
  const own = new Conversation(seed);
  const { lookup, ...rest } = options;
  if (reading === 'onread') rest.onread = onread(own);
  if (lookup) rest.lookup = lookupOf(lookup);
  return own.use(net.connect(rest), reading);
}

// pipe() makes them, and they are handles too.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

serve({
  listen,
  accepted,
  connect,
  holdings: () => ({ descriptors: descriptors(), handles: liveHandles() }),
  serverLog: (id) => servers[id].log,
  acceptedCount: (id) => servers[id].accepted.length,
  do: (id, method, ...args) => { sockets[id].socket[method](...args); },
  write: (id, ...args) => sockets[id].write(...args),
  send: (id, ...args) => sockets[id].send(...args),
  waitUntilStuck: (id) => sockets[id].waitUntilStuck(),
  wait: (id, event, limit) => sockets[id].waitFor(event, limit),
  waitForBytes: (id, count, limit) => sockets[id].waitForBytes(count, limit),
  report: (id) => sockets[id].report(),
  // All is let go of, as at the end of a test.
  async clear() {
    for (const { socket } of sockets.splice(0)) {
      socket.on('error', () => {});
      socket.destroy();
    }
    for (const { server } of servers.splice(0)) {
      if (!server.listening) continue;
      server.close();
      await once(server, 'close');
    }
  },
});
