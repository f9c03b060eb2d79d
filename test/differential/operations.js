'use strict';

// What each operation of a script does: function(socket, operation, world).
// What one returns is logged as its result.

const { Writable } = require('node:stream');
const { describe } = require('./log');

const TEXT = 'abcdefghijklmnopqrstuvwxyz0123456789äöü€😀-';

// Bytes or text of an operation's own.
function payload({ id, size, encoding = 'buffer' }, index = 0) {
  const start = (id * 7 + index) % 20;
  if (encoding === 'buffer' || encoding === 'uint8array') {
    const bytes = encoding === 'buffer' ?
      Buffer.alloc(size) : new Uint8Array(size);
    for (let i = 0; i < size; i++) bytes[i] = 97 + (start + i) % 23;
    return bytes;
  }
  if (encoding === 'hex') {
    return '0123456789abcdef'.repeat(size / 8 + 1).slice(0, size * 2);
  }
  if (encoding === 'base64') {
    const length = size === 0 ? 0 : Math.max(size - size % 4, 4);
    return 'QUJD'.repeat(size / 3 + 1).slice(0, length);
  }
  const text = encoding === 'default' || encoding === 'utf8' ? TEXT :
    TEXT.slice(0, 30);
  return text.slice(start).repeat(size / 10 + 1).slice(0, size);
}

function encodingOf({ encoding }) {
  const isNone = encoding === undefined || encoding === 'buffer' ||
    encoding === 'uint8array' || encoding === 'default';
  return isNone ? undefined : encoding;
}

function codeOf(error) {
  return error ? error.code || error.message : 'ok';
}

function callbackOf(operation, world, index = '') {
  if (!operation.callback) return undefined;
  const text = `${operation.op}#${operation.id}${index} callback`;
  return (error) => world.log(operation.on, `${text} ${codeOf(error)}`);
}

function write(socket, operation, world) {
  return socket.write(payload(operation), encodingOf(operation),
    callbackOf(operation, world));
}

function burst(socket, operation, world) {
  const results = [];
  for (let i = 0; i < operation.count; i++) {
    results.push(socket.write(payload(operation, i), encodingOf(operation),
      callbackOf(operation, world, `.${i}`)));
  }
  return results.join();
}

function end(socket, operation, world) {
  const callback = callbackOf(operation, world);
  if (operation.size === undefined) socket.end(callback);
  else socket.end(payload(operation), encodingOf(operation), callback);
}

function failure(code) {
  return Object.assign(new Error('mine'), { code });
}

function boom(id) {
  return Object.assign(new Error(`boom ${id}`), { isBoom: true });
}

function read(socket, { size }) {
  const chunk = size === undefined ? socket.read() : socket.read(size);
  return chunk === null ? 'null' : describe(chunk);
}

function readAll(socket, { on, size }, world) {
  let chunk;
  while ((chunk = size ? socket.read(size) : socket.read()) !== null) {
    world.data(on, 'read', chunk);
  }
}

function listen(socket, operation, world) {
  const { on, event, id } = operation;
  const listener = event === 'data' ?
    (chunk) => world.data(on, 'data', chunk, id) :
    () => {
      world.log(on, 'readable');
      readAll(socket, operation, world);
    };
  world.listeners.push({ socket, event, listener });
  socket.on(event, listener);
}

function unlisten(socket, { event }, world) {
  const at = world.listeners.findIndex((entry) =>
    entry.socket === socket && entry.event === event);
  if (at < 0) return 'none';
  const [{ listener }] = world.listeners.splice(at, 1);
  socket.removeListener(event, listener);
  return undefined;
}

// A Writable that logs what it gets, and takes its time if it is slow.
function sink({ id, highWaterMark, slow }, world) {
  const name = `sink${id}`;
  const stream = new Writable({
    highWaterMark,
    write(chunk, encoding, callback) {
      world.data(name, 'write', chunk);
      if (slow) setImmediate(callback);
      else callback();
    },
  });
  for (const event of ['finish', 'close', 'unpipe', 'pipe']) {
    stream.on(event, () => world.log(name, event));
  }
  stream.on('error', (error) => world.log(name, `error ${codeOf(error)}`));
  return stream;
}

function pipe(socket, operation, world) {
  const { to, end: ends } = operation;
  const target = to === 'sink' ? sink(operation, world) :
    world.sockets.get(to);
  if (target === undefined) return 'none';
  socket.pipe(target, { end: ends });
  return undefined;
}

async function iterate(socket, { id, on, stopAfter, destroyOnReturn }, world) {
  const iterator = socket.iterator ? socket.iterator({ destroyOnReturn }) :
    socket;
  let count = 0;
  try {
    for await (const chunk of iterator) {
      if (stopAfter === 0) world.data(on, 'iterate', chunk, id);
      if (++count === stopAfter) break;
    }
    world.log(on, `iterate#${id} done`);
  } catch (error) {
    world.log(on, `iterate#${id} threw ${codeOf(error)}`);
  }
}

function react(socket, { on: name, id, event, then, prepend }, world) {
  const method = prepend ? 'prependOnceListener' : 'once';
  socket[method](event, () => {
    world.log(name, `on#${id} ${event}`);
    world.performAll(then);
  });
}

const DEFER = {
  tick: (callback) => process.nextTick(callback),
  microtask: (callback) => queueMicrotask(callback),
  immediate: (callback) => setImmediate(callback),
  timer: (callback) => setTimeout(callback, 10),
};

function defer(socket, { on: name, id, how, then }, world) {
  world.pending++;
  DEFER[how](() => {
    world.pending--;
    world.log(name, `${how}#${id}`);
    world.performAll(then);
  });
}

// Logs when ticks and microtasks run after an event.
function order(socket, { on: name, id, event }, world) {
  socket.once(event, () => {
    world.log(name, `order#${id} ${event}`);
    process.nextTick(() => {
      world.log(name, `order#${id} tick`);
      process.nextTick(() => world.log(name, `order#${id} second tick`));
    });
    queueMicrotask(() => world.log(name, `order#${id} microtask`));
    Promise.resolve().then(() => {}).then(() => {
      world.log(name, `order#${id} second microtask`);
      process.nextTick(() => world.log(name, `order#${id} third tick`));
    });
  });
}

function describeArgument(value, world) {
  if (typeof value === 'string' || value instanceof Uint8Array) {
    return world.loose ? 'data' : describe(value);
  }
  if (value instanceof Error) return codeOf(value);
  if (typeof value === 'object' && value !== null) return 'object';
  return typeof value === 'function' ? 'function' : String(value);
}

function patch(socket, { on: name, method }, world) {
  const original = socket[method];
  socket[method] = function patched(...args) {
    const list = args.map((value) => describeArgument(value, world)).join();
    world.log(name, `${method}(${list})`);
    return Reflect.apply(original, this, args);
  };
}

function timeout(socket, { on: name, id }, world) {
  if (socket.destroyed) return 'none';
  let waits = true;
  world.pending++;
  const done = (event) => {
    if (!waits) return;
    waits = false;
    world.pending--;
    world.log(name, `timeout#${id} ${event}`);
    socket.setTimeout(0);
  };
  socket.once('timeout', () => done('timeout'));
  socket.once('close', () => done('close'));
  socket.setTimeout(15);
  return undefined;
}

function server(socket, { what }, { server: target, log }) {
  if (what === 'getConnections') {
    target.getConnections((error, count) => {
      log('server', `connections ${codeOf(error)} ${count}`);
    });
  } else if (what === 'close') {
    target.close((error) => log('server', `closed ${codeOf(error)}`));
  } else {
    target[what]();
  }
}

function settings(socket, { what }) {
  const result = socket[what]();
  return what === 'address' ? Object.keys(result).join() : result === socket;
}

module.exports = {
  codeOf,
  operations: {
    write, burst, end, read, listen, unlisten, pipe, on: react, defer, order, patch,
    timeout, server, settings,
    iterate(socket, operation, world) { iterate(socket, operation, world); },
    cork(socket) { socket.cork(); },
    uncork(socket) { socket.uncork(); },
    destroy(socket, { error, id }) {
      if (error) socket.destroy(failure(`MINE${id}`));
      else socket.destroy();
    },
    destroySoon(socket) { socket.destroySoon(); },
    // Core never closes a socket that is reset while it shuts down.
    resetAndDestroy(socket) {
      if (socket.writableEnded && !socket.writableFinished) return;
      socket.resetAndDestroy();
    },
    pause(socket) { socket.pause(); },
    resume(socket) { socket.resume(); },
    unshift(socket, operation) { socket.unshift(payload(operation)); },
    push(socket, operation) { return socket.push(payload(operation)); },
    setEncoding(socket, { encoding }) { socket.setEncoding(encoding); },
    setDefaultEncoding(socket, { encoding }) {
      socket.setDefaultEncoding(encoding);
    },
    unpipe(socket) { socket.unpipe(); },
    noErrorListener(socket) { socket.removeAllListeners('error'); },
    throw(socket, { id }) { throw boom(id); },
  },
};
