'use strict';

// Makes scripts: { transport, loose, server, steps }. A step is a list of
// operations that run in one tick; an operation is plain data, { op, on, ... }
// with `on` the name of a socket: c0, c1, ... are clients, s0, s1, ... what the
// server accepted for them. Operations that hold others have them in `then`.

const { Random } = require('./random');

const STRICT_SIZES = [0, 1, 3, 10, 50, 200, 1000];
const LOOSE_SIZES = [0, 10, 1000, 20000, 70000, 200000];
const WATER_MARKS = [undefined, undefined, undefined, 0, 1, 16, 100, 5000];
const ENCODINGS = ['buffer', 'buffer', 'buffer', 'uint8array', 'default',
  'utf8', 'latin1', 'ascii', 'hex', 'base64', 'ucs2'];
const READ_ENCODINGS = ['utf8', 'latin1', 'hex', 'base64', 'ucs2'];
const EVENTS = ['data', 'data', 'data', 'end', 'finish', 'close', 'error',
  'drain', 'readable', 'pause', 'resume', 'connect', 'prefinish'];
const PATCHED = ['push', 'write', 'emit', '_write', '_writev', '_final',
  'end', '_destroy', 'pause', 'resume', 'destroy'];
const LISTENERS = ['data', 'data', 'readable'];

const WEIGHTS = {
  write: 30, burst: 8, cork: 4, uncork: 4, end: 6, destroy: 3,
  resetAndDestroy: 2, destroySoon: 1, pause: 5, resume: 5, unshift: 3,
  setEncoding: 2, read: 6, listen: 12, unlisten: 4, pipe: 4, unpipe: 2,
  iterate: 2, on: 14, defer: 5, patch: 3, throw: 1, timeout: 1, order: 3,
  push: 1, server: 1, setDefaultEncoding: 1, noErrorListener: 1, settings: 1,
};

// How many chunks arrive, and when, is the kernel's business where much is
// written: what acts on single chunks stays out of loose scripts.
const LOOSE_WEIGHTS = {
  write: 30, burst: 6, cork: 4, uncork: 5, end: 4, destroy: 1, pause: 5,
  resume: 8, listen: 12, pipe: 3, defer: 3, unshift: 1, settings: 1,
};

class Generator {
  constructor(seed, options) {
    this.options = options;
    this.random = new Random(seed);
    this.owner = undefined;
    this.loose = this.random.chance(0.15);
    this.nextId = 1;
    this.clients = 0;
    this.wanted = 1 + this.random.below(3);
  }

  script() {
    const { random } = this;
    const transport = random.chance(0.5) ? 'tcp' : 'unix';
    const server = this.serverOptions();
    const steps = [];
    steps.push([this.connect()]);
    const count = 3 + random.below(12);
    for (let i = 0; i < count; i++) steps.push(this.step());
    return { transport, loose: this.loose, server, steps };
  }

  step() {
    const { random } = this;
    if (this.clients < this.wanted && random.chance(0.4)) {
      return [this.connect()];
    }
    return this.list(random.chance(0.5) ? 1 : 1 + random.below(4), 0);
  }

  list(count, depth) {
    return Array.from({ length: count }, () => this.operation(depth));
  }

  serverOptions() {
    const { random } = this;
    return {
      allowHalfOpen: random.chance(0.4),
      pauseOnConnect: random.chance(0.15),
      // Else a small write may wait for the acknowledgement of another.
      noDelay: true,
      highWaterMark: random.pick(WATER_MARKS),
    };
  }

  connect() {
    const { random } = this;
    const options = {
      allowHalfOpen: random.chance(0.4),
      noDelay: true,
      highWaterMark: random.pick(WATER_MARKS),
    };
    if (!this.loose && random.chance(0.1)) {
      options.onread = {
        size: random.pick([1, 10, 1000, 65536]),
        stopEvery: random.pick([0, 0, 1, 3]),
        isFunction: random.chance(0.4),
      };
    }
    const client = `c${this.clients}`;
    const peer = `s${this.clients++}`;
    const early = random.chance(0.3);
    return {
      op: 'connect', name: client, options,
      early: early ? this.on(client, 1 + random.below(3)) : [],
      accept: random.chance(0.3) ? this.on(peer, 1 + random.below(2)) : [],
    };
  }

  on(name, count) {
    const outer = this.owner;
    this.owner = name;
    const list = this.list(count, 1);
    this.owner = outer;
    return list;
  }

  socket() {
    const { random } = this;
    if (this.owner !== undefined) return this.owner;
    return (random.chance(0.5) ? 'c' : 's') + random.below(this.clients);
  }

  operation(depth) {
    const weights = this.loose ? LOOSE_WEIGHTS : WEIGHTS;
    const op = this.random.weighted(weights);
    const holds = op === 'on' || op === 'defer';
    if (holds && depth > 1) return this.operation(depth);
    const made = { op, on: this.socket() };
    // A name of its own keeps an operation's bytes when others are dropped.
    made.id = this.nextId++;
    const fill = this[`fill_${op}`];
    if (fill !== undefined) fill.call(this, made, depth);
    return made;
  }

  size() {
    const sizes = this.loose ? LOOSE_SIZES : STRICT_SIZES;
    // An empty write to a broken connection fails with core only.
    return this.random.pick(this.options.strict ? sizes : sizes.slice(1));
  }

  fill_write(made) {
    made.size = this.size();
    made.encoding = this.random.pick(ENCODINGS);
    made.callback = this.random.chance(0.4);
  }

  fill_burst(made) {
    this.fill_write(made);
    made.count = 2 + this.random.below(4);
  }

  fill_end(made) {
    if (this.random.chance(0.5)) this.fill_write(made);
    else made.callback = this.random.chance(0.5);
  }

  fill_destroy(made) { made.error = this.random.chance(0.3); }

  fill_unshift(made) { made.size = this.random.pick([0, 1, 5, 100]); }

  fill_push(made) { made.size = this.random.pick([1, 5, 100]); }

  fill_setEncoding(made) {
    made.encoding = this.random.pick(READ_ENCODINGS);
  }

  fill_setDefaultEncoding(made) {
    made.encoding = this.random.pick(READ_ENCODINGS);
  }

  fill_read(made) {
    made.size = this.random.pick([undefined, undefined, 0, 1, 3, 10, 1000]);
  }

  fill_listen(made) {
    made.event = this.loose ? 'data' : this.random.pick(LISTENERS);
    made.size = this.random.pick([undefined, undefined, undefined, 1, 7]);
  }

  fill_unlisten(made) { made.event = this.random.pick(LISTENERS); }

  // Clients do not pipe into sockets: two sides that echo would never rest. And
  // how an echo's bytes mix with others depends on where reads end.
  fill_pipe(made) {
    const { random } = this;
    const toSocket = this.options.wild && !this.loose &&
      made.on[0] === 's' && random.chance(0.5);
    made.to = toSocket ? `s${random.below(this.clients)}` : 'sink';
    made.end = random.chance(0.7);
    made.highWaterMark = random.pick([undefined, 1, 16, 1000]);
    made.slow = random.chance(0.4);
  }

  fill_iterate(made) {
    made.stopAfter = this.random.pick([0, 0, 1]);
    made.destroyOnReturn = true;
  }

  fill_on(made, depth) {
    made.event = this.random.pick(EVENTS);
    made.then = this.inner(made.on, 1 + this.random.below(3), depth);
    made.prepend = this.random.chance(0.3);
  }

  fill_defer(made, depth) {
    made.how = this.random.pick(['tick', 'microtask', 'immediate', 'timer']);
    made.then = this.inner(made.on, 1 + this.random.below(2), depth);
  }

  // What a listener does: to its own socket, unless wild.
  inner(owner, count, depth) {
    const outer = this.owner;
    if (!this.options.wild) this.owner = owner;
    const list = this.list(count, depth + 1);
    this.owner = outer;
    return list;
  }

  fill_order(made) { made.event = this.random.pick(EVENTS); }

  fill_patch(made) { made.method = this.random.pick(PATCHED); }

  fill_server(made) {
    made.what = this.random.pick(['close', 'getConnections', 'unref', 'ref']);
  }

  fill_settings(made) {
    made.what = this.random.pick(['setKeepAlive', 'ref', 'unref',
      'address']);
  }
}

/** The script number `index` of a seed. */
function generate(seed, index, options = {}) {
  return new Generator(Math.imul(seed, 0x9e3779b1) + index, options).script();
}

module.exports = { generate };
