'use strict';

// Values that no argument expects, or that run a program's code when they are
// looked at. `act` is what that code does: something hostile, made anew for each
// value.

const { HostileError } = require('./errors');

const SIZES = [0, 1, 7, 64, 500, 2048, 2049, 5000, 65536, 300000];

function numbers(random) {
  return random.pick([0, -0, 1, -1, 2, 7, 255, 65535, 65536, 2 ** 31, -(2 ** 31),
    2 ** 32 + 7, 2 ** 53, NaN, Infinity, -Infinity, 1.5, 1e300]);
}

function strings(random) {
  return random.pick(['', '0', '80', 'x', 'utf8', 'latin1', 'hex', 'buffer',
    '127.0.0.1', '::1', 'localhost', 'a\0b', '\ud800', 'ü'.repeat(700),
    'data', 'close', 'error', 'z'.repeat(70000)]);
}

function primitives(random) {
  return random.pick([undefined, null, true, false, Symbol('s'), 1n, '', 0]);
}

// What takes a buffer's memory away, or changes how much there is.
function disturb(random, memory) {
  if (!(memory instanceof ArrayBuffer)) {
    if (memory.growable) memory.grow(memory.maxByteLength);
    return;
  }
  if (memory.resizable && random.chance(0.5)) {
    memory.resize(random.below(memory.maxByteLength + 1));
  } else if (memory.transfer && random.chance(0.5)) {
    memory.transfer(random.pick([0, 10, memory.byteLength]));
  } else {
    structuredClone(memory, { transfer: [memory] });
  }
}

function memoryOf(random, size) {
  switch (random.below(5)) {
    case 0: return new ArrayBuffer(size, { maxByteLength: size * 2 });
    case 1: return new SharedArrayBuffer(size);
    case 2: return new SharedArrayBuffer(size, { maxByteLength: size * 2 });
    default: return new ArrayBuffer(size);
  }
}

function buffers(random, world) {
  const memory = memoryOf(random, random.pick(SIZES));
  world.keepMemory(memory);
  if (random.chance(0.1)) disturb(random, memory);
  const view = random.pick([Buffer.from, (m) => new Uint8Array(m),
    (m) => new DataView(m), (m) => m, (m) => new Uint8Array(m).subarray(1)])(memory);
  return view;
}

// An object whose every property, and whose conversion, is a trap.
function traps(random, act) {
  const value = random.pick(['x', 1, undefined, null, 65536]);
  const trap = () => { act(); return value; };
  if (random.chance(0.5)) {
    return { valueOf: trap, toString: trap, [Symbol.toPrimitive]: trap,
      get length() { return trap(); }, get then() { return trap(); } };
  }
  const target = random.pick([{}, [], () => {}, Buffer.alloc(8)]);
  return new Proxy(target, {
    get(_, key, receiver) {
      act();
      return random.chance(0.5) ? value : Reflect.get(target, key, receiver);
    },
    has() { act(); return true; },
    ownKeys() { act(); return Reflect.ownKeys(target); },
    getPrototypeOf() { act(); return Reflect.getPrototypeOf(target); },
  });
}

// A list of chunks with a getter among them.
function chunkLists(random, act, world) {
  const list = [];
  for (let i = 0; i < 4; i++) list.push(buffers(random, world));
  if (random.chance(0.5)) {
    Object.defineProperty(list, random.below(5), {
      get() { act(); return buffers(random, world); }, configurable: true,
    });
  }
  return list;
}

function functions(random, act) {
  return random.pick([() => act(), function() { act(); return act(); },
    () => { act(); throw new HostileError('a callback throws'); },
    class Trap { constructor() { act(); } }]);
}

const KINDS = {
  numbers: 3, strings: 3, primitives: 3, buffers: 4, traps: 2, lists: 1,
  functions: 3, bags: 2, objects: 2,
};

// One value; act() makes what it does when it is looked at.
function anyValue(random, world, act) {
  switch (random.weighted(KINDS)) {
    case 'numbers': return numbers(random);
    case 'strings': return strings(random);
    case 'buffers': return buffers(random, world);
    case 'traps': return traps(random, act());
    case 'lists': return chunkLists(random, act(), world);
    case 'functions': return functions(random, act());
    case 'bags': return bag(random, world, act);
    case 'objects': return world.anyObject(random);
    default: return primitives(random);
  }
}

const OPTIONS = ['port', 'host', 'path', 'fd', 'allowHalfOpen', 'pauseOnConnect',
  'noDelay', 'keepAlive', 'keepAliveInitialDelay', 'highWaterMark', 'signal',
  'localAddress', 'localPort', 'family', 'hints', 'lookup', 'timeout', 'onread',
  'backlog', 'exclusive', 'ipv6Only', 'readableAll', 'writableAll', 'handle',
  'readable', 'writable', 'autoSelectFamily', 'autoSelectFamilyAttemptTimeout',
  'blockList', 'objectMode', 'encoding', 'decodeStrings', 'construct', 'read',
  'write', 'final', 'destroy', 'typeOfService', 'captureRejections'];
// Descriptors of this process are not to be taken over.
const NEVER = new Set(['fd']);

// Options, some of them right, some with getters.
function bag(random, world, act) {
  const options = random.chance(0.7) ? world.anyTarget(random) : {};
  for (let i = random.below(4); i > 0; i--) {
    const key = random.pick(OPTIONS);
    const value = NEVER.has(key) ? random.pick([-1, NaN, 'x', 1e9, {}]) :
      anyValue(random, world, act);
    if (random.chance(0.3)) {
      const trap = act();
      Object.defineProperty(options, key, {
        get() { trap(); return value; }, enumerable: true, configurable: true,
      });
    } else {
      options[key] = value;
    }
  }
  if (random.chance(0.15)) options.onread = onRead(random, world, act);
  if (random.chance(0.1)) options.lookup = lookup(random, world, act);
  return random.chance(0.1) ? new Proxy(options, {}) : options;
}

function onRead(random, world, act) {
  const view = new Uint8Array(memoryOf(random, random.pick([16, 1000, 65536])));
  world.keepMemory(view.buffer);
  const trap = act();
  return {
    buffer: random.chance(0.5) ? view : () => {
      trap();
      return random.chance(0.8) ? view : anyValue(random, world, act);
    },
    callback() { trap(); return random.chance(0.9); },
  };
}

function lookup(random, world, act) {
  const trap = act();
  return (host, options, done) => {
    trap();
    const answer = random.pick([[null, '127.0.0.1', 4], [null, 'x', 9],
      [null, [{ address: '127.0.0.1', family: 4 }]], [null, []],
      [new HostileError('lookup')]]);
    if (random.chance(0.5)) setImmediate(() => done(...answer));
    else done(...answer);
    if (random.chance(0.1)) done(...answer);
    trap();
  };
}

module.exports = { SIZES, anyValue, bag, buffers, disturb, onRead };
