'use strict';

// Native functions with whatever arguments, by way of an instance of the addon of
// its own: what its handles do to each other is nobody else's. Nothing checks the
// arguments here but C.

const { Random } = require('../differential/random');
const { anyValue, disturb } = require('./values');
const { HostileError } = require('./errors');

// They take or close descriptors, end the process, or read from a descriptor that
// blocks.
const NEVER = new Set(['closeDescriptor', 'duplicate', 'open', 'setBlocking',
  'fatalException', 'setDispatch', 'instance']);
const READ_EVENT = new Set([0, 8, 9]);

function share(size) {
  return new Uint8Array(new SharedArrayBuffer(size));
}

function ignore() {}

class RawWorld {
  memories = [];

  keepMemory(memory) {
    this.memories.push(memory);
    if (this.memories.length > 20) this.memories.shift();
  }

  anyTarget() { return {}; }
  anyObject(random) {
    return random.pick([{}, [], ignore, new Map(), globalThis]);
  }
}

class Raw {
  depth = 0;
  left = 0;
  done = 0;
  port = 0;

  constructor(addon) {
    // Whoever gives other memory, or none, gets nothing.
    for (const wrong of [undefined, () => new Uint8Array(8), (n) => new Uint8Array(n),
      (n) => new DataView(new SharedArrayBuffer(n)), () => null, ignore,
      (n) => new Uint8Array(new SharedArrayBuffer(n + 1), 1)]) {
      try {
        addon.instance(wrong);
        throw new Error('instance() takes any memory');
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }
    this.natives = addon.instance(share);
    this.world = new RawWorld();
    this.list = this.natives.blockListCreate();
    this.names = Object.keys(this.natives).filter((name) =>
      typeof this.natives[name] === 'function' && !NEVER.has(name));
  }

  // Before there is a dispatch no handle can be made.
  start(batching) {
    const { natives } = this;
    if (natives.create(0) >= 0) throw new Error('a handle without a dispatch');
    const events = new Int32Array(natives.events.buffer);
    natives.setDispatch((slab, bulk) => {
      const first = events[0];
      const count = events[1];
      for (let i = 0; i < count; i++) {
        const [kind, , a, b] = events.subarray(first + i * 4, first + i * 4 + 4);
        if (kind === 4 && a === 0) this.readStart(b);
        if (READ_EVENT.has(kind) && a > 0 && this.random.chance(0.02)) {
          this.transfer(kind === 8 ? bulk : slab);
        }
        this.step();
      }
    }, batching);
  }

  readStart(id) { this.natives.readStart(id); }

  transfer(memory) {
    if (memory && memory.byteLength > 0) structuredClone(memory, { transfer: [memory] });
  }

  // A server and connections to it, some of which hold each other's bytes up.
  open() {
    const { natives } = this;
    const server = natives.create(0);
    natives.bind(server, '127.0.0.1', 0, 0);
    natives.listen(server, 16);
    natives.name(server, false);
    const [port] = new Float64Array(natives.results.buffer);
    this.port = port;
    for (let i = 0; i < 3; i++) {
      const client = natives.create(0);
      natives.connect(client, '127.0.0.1', port, 0);
      natives.readStart(client);
    }
  }

  trap() {
    return () => {
      this.step();
      if (this.random.chance(0.05)) throw new HostileError('a trap throws');
    };
  }

  value() {
    return anyValue(this.random, this.world, () => this.trap());
  }

  id() {
    return this.random.chance(0.95) ? this.random.below(12) : this.value();
  }

  // Arguments behind the id that C may take for good ones.
  plausible(name) {
    const { random } = this;
    const view = () => new Uint8Array(random.pick([1, 64, 5000, 300000]));
    const offset = () => random.pick([0, 1, 8, 60000, 65536, 262144, 2 ** 31 - 1]);
    switch (name) {
      case 'write': case 'readOn': return [view()];
      case 'writeParts': return this.parts();
      case 'writeString':
        return ['x'.repeat(random.pick([0, 5, 90000])), random.chance(0.5), random.chance(0.5)];
      case 'relay': return [offset(), offset()];
      case 'bind': case 'connect': return ['127.0.0.1', random.pick([0, this.port, 1]), 0];
      case 'listen': case 'chmod': return [random.below(8)];
      case 'setOption': return [random.below(4), random.below(100)];
      case 'getOption': return [random.below(4)];
      case 'setKeepAlive': return [random.chance(0.5), random.below(3)];
      case 'name': case 'setNoDelay': case 'useRelay': return [random.chance(0.5)];
      case 'useUserBuffer': return [random.chance(0.5) ? view() : this.holder(view())];
      default: return name.startsWith('blockList') ? this.rule() : [];
    }
  }

  rule() {
    const { random } = this;
    const text = random.pick(['1.2.3.4', '::1', 'x', '1'.repeat(5000)]);
    return [random.pick([4, 6, 5]), text, random.pick([4, 24]), text, 6];
  }

  // What holds a user's buffer, of C's or of a user's making.
  holder(view) {
    const { random } = this;
    const act = this.trap();
    const holder = random.chance(0.7) ? this.natives.bufferHolder(view) : [view];
    try {
      if (random.chance(0.2)) holder[0] = this.value();
      if (random.chance(0.3)) {
        Object.defineProperty(holder, 0, { get() { act(); return view; } });
      }
    } catch { /* it is sealed */ }
    return holder;
  }

  call(name) {
    const { random } = this;
    const args = [this.id()];
    if (name === 'create') args[0] = random.pick([0, 0, 1]);
    if (name.startsWith('blockList') && random.chance(0.9)) args[0] = this.list;
    if (name === 'relayed') args.splice(0, 1, ...this.plausible('relay'));
    else if (random.chance(0.8)) args.push(...this.plausible(name));
    else for (let i = random.below(4); i > 0; i--) args.push(this.value());
    const receiver = random.chance(0.9) ? this.natives : this.value();
    return random.chance(0.02) ? Reflect.construct(this.natives[name], args) :
      Reflect.apply(this.natives[name], receiver, args);
  }

  parts() {
    const { random } = this;
    const count = random.pick([0, 1, 3, 31]);
    const buffers = Array.from({ length: count }, () => Buffer.alloc(9000, 1));
    const list = buffers.flatMap((view) => [random.pick([0, 0, 5]), view]);
    if (count > 0 && random.chance(0.3)) {
      const act = this.trap();
      Object.defineProperty(list, random.below(list.length), { get: () => {
        if (random.chance(0.5)) this.transfer(random.pick(buffers).buffer);
        act();
        return Buffer.alloc(100);
      } });
    }
    return [random.pick([0, 5, 70000, -1]), list,
      random.pick([list.length, list.length, 2, 64]), random.chance(0.5)];
  }

  // What JavaScript may put into the memory that it shares with C.
  scribble() {
    const { random, natives } = this;
    const numbers = new Int32Array(natives.outboxNumbers.buffer);
    if (natives.outbox.byteLength > 0) {
      const words = new Int32Array(natives.outbox);
      for (let i = 0; i < 20; i++) words[i * 3] = random.pick([0, 1, 2, 3, 8, -1, 2 ** 30]);
      numbers[0] = random.pick([0, 8, 9, 100, 65536, 65537, -1, 2 ** 31 - 1]);
      if (random.chance(0.05)) structuredClone(natives.outbox, { transfer: [natives.outbox] });
    }
    try {
      const shared = random.pick([natives.events, natives.results, natives.outboxNumbers]);
      structuredClone(shared.buffer, { transfer: [shared.buffer] });
      throw new TypeError('shared memory can be transferred');
    } catch (error) {
      if (error instanceof TypeError) throw error;
    }
  }

  step() {
    if (this.depth > 3 || this.left <= 0) return;
    this.left--;
    this.done++;
    this.depth++;
    const { random } = this;
    try {
      this.act(random.weighted({ call: 20, scribble: 1, open: 1, memory: 1 }));
    } catch (error) {
      this.caught?.(error);
    } finally {
      this.depth--;
    }
  }

  act(what) {
    const { random, world: { memories } } = this;
    if (what === 'scribble') this.scribble();
    else if (what === 'open') this.open();
    else if (what === 'call') this.call(random.pick(this.names));
    else if (memories.length > 0) disturb(random, random.pick(memories));
  }

  // A text if something is wrong.
  async run(seed, steps) {
    const { natives } = this;
    this.random = new Random(seed);
    this.left = steps;
    if (this.natives.liveHandles() === 0) this.open();
    while (this.left > 0) {
      this.step();
      if (this.random.chance(0.2)) await new Promise(setImmediate);
    }
    for (let id = 0; id < 4096; id++) natives.close(id);
    for (let i = 0; i < 100 && natives.liveHandles() > 0; i++) {
      await new Promise(setImmediate);
      for (let id = 0; id < 256; id++) natives.close(id);
    }
    return natives.liveHandles() > 0 ?
      `${natives.liveHandles()} native handles are left` : '';
  }
}

module.exports = { Raw };
