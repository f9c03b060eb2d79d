'use strict';

// What a script does in one step, by name and weight. Every step may run inside
// any callback of the sockets that it hurts.

const { Random } = require('../differential/random');
const { deepDown } = require('./deep');
const { HostileError } = require('./errors');
const { SIZES, anyValue, bag, buffers, disturb } = require('./values');

const EVENTS = ['data', 'end', 'close', 'drain', 'finish', 'error', 'connect',
  'ready', 'lookup', 'timeout', 'readable', 'pause', 'resume', 'pipe', 'unpipe',
  'connection', 'listening', 'drop', 'connectionAttempt', 'prefinish',
  'connectionAttemptFailed', 'connectionAttemptTimeout', 'newListener'];
// They take over descriptors, which may be another's; a read on a blocking
// descriptor waits for ever, with core too, and so do listeners that are whatever
// an object has by that name.
const NEVER = new Set(['constructor', 'open', 'setBlocking', 'fd', '_events']);
const OFTEN = ['destroy', 'end', 'pause', 'resume', 'resetAndDestroy', 'write',
  'read', 'cork', 'uncork', 'setTimeout', 'ref', 'unref', 'destroySoon', 'connect',
  'setEncoding', 'setNoDelay', 'setKeepAlive', 'address', 'pipe', 'unpipe'];

// All names of an object's methods and accessors up to Object.prototype.
function namesOf(object) {
  const names = new Set();
  for (let at = object; at && at !== Object.prototype;
    at = Object.getPrototypeOf(at)) {
    for (const key of Object.getOwnPropertyNames(at)) {
      if (!NEVER.has(key)) names.add(key);
    }
  }
  return [...names];
}

function values(script, random, count = random.below(4)) {
  return Array.from({ length: count },
    () => anyValue(random, script.world, () => script.trap(random)));
}

// Calls a method by name with some values, or gets or sets what else it is.
function use(script, random, object, name, receiver = object) {
  const args = values(script, random);
  const member = Reflect.get(object, name, receiver);
  if (typeof member === 'function') return Reflect.apply(member, receiver, args);
  if (random.chance(0.3)) {
    script.world.isTampered = true;
    receiver[name] = args[0];
  }
  return member;
}

function nameOf(random, prototype) {
  const name = random.pick(namesOf(prototype));
  return name;
}

const actions = {
  often(script, random) {
    const socket = script.world.anySocket(random);
    const name = random.pick(OFTEN);
    if (random.chance(0.6)) return socket[name]();
    if (name === 'connect') return actions.reconnect(script, random);
    return use(script, random, socket, name);
  },

  socket(script, random) {
    const { Socket } = script.world.net;
    const socket = script.world.anySocket(random);
    const name = nameOf(random, Socket.prototype);
    // On a socket that core serves they reach core's C++ unchecked.
    if (name.startsWith('_') && !script.world.isOurs(socket._handle)) return undefined;
    if (name.startsWith('_')) script.world.isTampered = true;
    if (name === 'connect') return actions.reconnect(script, random);
    const receiver = random.chance(0.03) ? anyValue(random, script.world,
      () => script.trap(random)) : socket;
    return use(script, random, socket, name, receiver);
  },

  server(script, random) {
    const { Server } = script.world.net;
    const server = script.world.anyServer(random);
    const name = nameOf(random, Server.prototype);
    if (name.startsWith('_')) script.world.isTampered = true;
    return use(script, random, server, name);
  },

  handle(script, random) {
    const { world } = script;
    const handle = world.anyHandle(random);
    if (!handle) return undefined;
    world.isTampered = true;
    const name = nameOf(random, handle);
    const receiver = random.chance(0.05) ? world.anyObject(random) : handle;
    return use(script, random, handle, name, receiver);
  },

  listener(script, random) {
    const target = random.chance(0.7) ? script.world.anySocket(random) :
      script.world.anyServer(random);
    const add = random.pick(['on', 'once', 'prependListener']);
    target[add](random.pick(EVENTS), script.trap(random));
  },

  write(script, random) {
    const socket = script.world.anySocket(random);
    const size = random.pick(SIZES);
    const chunk = random.pick([() => 'x'.repeat(size), () => Buffer.alloc(size, 1),
      () => buffers(random, script.world)])();
    const callback = random.chance(0.4) ? script.trap(random) : undefined;
    const name = random.chance(0.1) ? 'end' : 'write';
    return socket[name](chunk, random.pick(['utf8', 'latin1', 'hex', undefined]),
      callback);
  },

  corked(script, random) {
    const socket = script.world.anySocket(random);
    socket.cork();
    for (let i = 0; i < 5; i++) socket.write(buffers(random, script.world));
    script.step(random);
    socket.uncork();
  },

  handleWritev(script, random) {
    const handle = script.world.anyHandle(random);
    if (!handle) return;
    const act = script.trap(random);
    const list = [buffers(random, script.world), buffers(random, script.world)];
    Object.defineProperty(list, random.below(3), {
      get() { act(); return buffers(random, script.world); },
    });
    handle.writev({ oncomplete: script.trap(random) }, list, true);
  },

  memory(script, random) {
    if (script.world.memories.length === 0) return;
    disturb(random, random.pick(script.world.memories));
  },

  construct(script, random) {
    const { world } = script;
    const socket = new world.net.Socket(
      bag(random, world, () => script.trap(random)));
    world.addSocket(socket);
  },

  connect(script, random) {
    const { world } = script;
    const options = bag(random, world, () => script.trap(random));
    const socket = world.net.connect(options, script.trap(random));
    world.addSocket(socket);
    if (random.chance(0.5)) script.step(random);
  },

  reconnect(script, random) {
    const { world } = script;
    const socket = world.anySocket(random);
    // Core's TCP handle ends the process over a path.
    if (socket._handle && !world.isOurs(socket._handle)) return;
    socket.connect(world.anyTarget(random), script.trap(random));
  },

  listen(script, random) {
    const { world } = script;
    const server = new world.net.Server(
      bag(random, world, () => script.trap(random)));
    world.addServer(server);
    server.listen(random.chance(0.5) ? { port: 0, host: '127.0.0.1' } :
      { port: 0, host: '127.0.0.1', backlog: values(script, random, 1)[0] },
    script.trap(random));
  },

  later(script, random) {
    const act = script.trap(random);
    random.pick([process.nextTick, setImmediate, queueMicrotask,
      (call) => setTimeout(call, random.below(3)),
      (call) => Promise.resolve().then(call)])(act);
  },

  deep(script, random) {
    deepDown(random.below(300), () => script.step(random));
  },

  garbage() {
    globalThis.gc?.();
  },

  fail() {
    throw new HostileError('a step throws');
  },
};

const WEIGHTS = {
  often: 12, socket: 8, server: 4, handle: 8, listener: 14, write: 14, corked: 3,
  handleWritev: 2, memory: 5, construct: 3, connect: 4, reconnect: 2, listen: 2,
  later: 4, deep: 2, garbage: 0.1, fail: 1,
};

function seedOf(random) {
  return random.below(2 ** 32);
}

module.exports = { Random, WEIGHTS, actions, seedOf };
