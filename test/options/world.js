'use strict';

// What the cells meet: servers of core's to connect to, a resolver that needs no
// network, and observation of what a call does to a socket or a server.

const dns = require('node:dns');
const fs = require('node:fs');
const { net } = require('../../lib/builtin');
const os = require('node:os');
const path = require('node:path');
const binding = require('../../lib/binding');
const { TCP } = require('../../lib/handle');
const { clean, describe, setNames } = require('./describe');

const TURNS = 100;
const SOCKET_EVENTS = ['lookup', 'connectionAttempt', 'connectionAttemptFailed',
  'connectionAttemptTimeout', 'connect', 'ready', 'end', 'error', 'close'];
const SERVER_EVENTS = ['listening', 'connection', 'drop', 'error', 'close'];
const SOCKET_STATE = ['connecting', 'destroyed', 'pending', 'readyState',
  'allowHalfOpen', 'readableFlowing', 'readableHighWaterMark',
  'writableHighWaterMark', 'readable', 'writable', 'readableObjectMode',
  'writableObjectMode', 'readableEncoding', 'readableEnded', 'writableEnded',
  'writableLength', 'timeout', '_host', 'autoSelectFamilyAttemptedAddresses',
  'blockList', 'bytesRead', 'bytesWritten', 'remoteFamily', 'remoteAddress',
  'localAddress', 'localFamily', 'resetAndClosing'];
const SERVER_STATE = ['listening', 'allowHalfOpen', 'pauseOnConnect', 'noDelay',
  'keepAlive', 'keepAliveInitialDelay', 'highWaterMark', 'blockList',
  '_connections', '_connectionKey', '_pipeName', 'maxConnections'];

// The log of the cell that runs.
let log = [];

// How long a turn is, at least. On a machine that is busy a connection may take
// longer than the turns that usually do.
let patience = 0;

function setPatience(milliseconds) {
  patience = milliseconds;
}

function turn() {
  return new Promise((resolve) => {
    if (patience > 0) setTimeout(resolve, patience);
    else setImmediate(resolve);
  });
}

async function turns(count) {
  for (let i = 0; i < count; i++) await turn();
}

async function until(condition) {
  for (let i = 0; i < TURNS && !condition(); i++) await turn();
  await turns(2);
}

function note(name, ...values) {
  log.push([name, ...values.map((value) => describe(value, 1))]);
}

function startLog() {
  log = [];
  return log;
}

// The resolver knows one name; what is no name is left to Node, which answers
// or throws without asking anybody.
const realLookup = dns.lookup;

function lookup(...args) {
  const [host, options] = args;
  note('dns.lookup', ...args);
  const isName = typeof host === 'string' && host && !net.isIP(host);
  if (!isName) return realLookup(...args);
  const callback = args.at(-1);
  // Some versions refuse it, others would ask for what stands before it.
  if (host.includes('\0')) realLookup(host, ...args.slice(1, -1), () => {});
  realLookup('127.0.0.1', ...args.slice(1, -1), () => {
    if (host !== 'localhost') {
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`),
        { code: 'ENOTFOUND', hostname: host }));
    } else if (options?.all) {
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    } else {
      callback(null, '127.0.0.1', 4);
    }
  });
  return {};
}

function observe(emitter, events) {
  for (const event of events) {
    emitter.on(event, (...args) => note(event, ...args));
  }
}

function stateOf(object, keys) {
  const state = {};
  for (const key of keys) state[key] = describe(object[key], 1);
  state.handle = object._handle?.constructor.name ?? null;
  return state;
}

// What a socket tells the kernel, by way of its handle.
function watchHandle(socket) {
  const handle = socket._handle;
  if (!handle?.setKeepAlive || Object.hasOwn(handle, 'setKeepAlive')) return;
  for (const name of ['setNoDelay', 'setKeepAlive']) {
    const method = handle[name];
    handle[name] = function(...args) {
      note(`handle.${name}`, Boolean(args[0]), ...args.slice(1, 2));
      return method.apply(this, args);
    };
  }
}

/** Calls make() for a socket, and tells all that comes of it. */
async function observeSocket(make, { settled = isSettled } = {}) {
  let socket;
  try {
    socket = make();
  } catch (error) {
    await turns(1);
    return { threw: describe(error) };
  }
  const result = { now: stateOf(socket, SOCKET_STATE) };
  observe(socket, SOCKET_EVENTS);
  socket.on('connectionAttempt', () => watchHandle(socket));
  await until(() => settled(socket));
  result.then = stateOf(socket, SOCKET_STATE);
  await discard(socket);
  return result;
}

function isSettled(socket) {
  return !socket.connecting || socket.destroyed;
}

async function discard(socket) {
  const end = log.length;
  socket.on('error', () => {});
  socket.destroy();
  await turns(2);
  log.length = Math.min(log.length, end);
}

/** Calls make() for a server that may listen. */
async function observeServer(make, { visit = false } = {}) {
  let server;
  try {
    server = make();
  } catch (error) {
    await turns(1);
    return { threw: describe(error) };
  }
  return watchServer(server, { visit });
}

async function watchServer(server, { visit = false } = {}) {
  const result = { now: stateOf(server, SERVER_STATE) };
  observe(server, SERVER_EVENTS);
  await until(() => server.listening);
  result.then = stateOf(server, SERVER_STATE);
  try {
    result.address = describe(server.address());
  } catch (error) {
    result.address = describe(error);
  }
  if (visit && server.listening) result.peer = await visitServer(server);
  await discardServer(server);
  return result;
}

async function discardServer(server) {
  const end = log.length;
  server.on('error', () => {});
  server.close();
  await turns(2);
  log.length = Math.min(log.length, end);
}

// What the server makes of a connection.
async function visitServer(server) {
  const where = server.address();
  const client = net.connect(typeof where === 'string' ? { path: where } :
    { port: where.port, host: where.family === 'IPv6' ? '::1' : '127.0.0.1' });
  let peer;
  server.once('connection', (socket) => { peer = socket; });
  client.on('error', () => {});
  let isClosed = false;
  client.once('close', () => { isClosed = true; });
  client.write('hello');
  await until(() => peer || isClosed);
  const state = peer ? stateOf(peer, SOCKET_STATE) : { closed: isClosed };
  peer?.on('error', () => {});
  peer?.destroy();
  client.destroy();
  await turns(2);
  return state;
}

// What the kernel has been told, asked by way of a second descriptor: enum
// uvnet_os_option of src/os.h.
const KERNEL = { keepAliveInterval: 0, keepAliveCount: 1, typeOfService: 2 };

function kernelOptions(socket) {
  const descriptor = binding.duplicate(socket._handle.fd);
  const handle = new TCP(TCP.SOCKET);
  handle.open(descriptor);
  const result = {};
  for (const [name, option] of Object.entries(KERNEL)) {
    result[name] = handle.getOption(option);
  }
  handle.close();
  return result;
}

/** A socket of `sut`, connected to core's server: body(socket, peer). */
async function withPair(sut, world, body, options = {}) {
  const accepted = new Promise((resolve) => {
    world.tcp.once('connection', resolve);
  });
  const socket = sut.connect({ port: world.port, host: '127.0.0.1', ...options });
  await new Promise((resolve) => { socket.once('connect', resolve); });
  const peer = await accepted;
  startLogAgain();
  observe(socket, [...SOCKET_EVENTS, 'drain', 'finish']);
  peer.on('data', (data) => note('peer data', data.toString('latin1')));
  peer.on('end', () => note('peer end'));
  const result = await body(socket, peer);
  await turns(4);
  const then = stateOf(socket, SOCKET_STATE);
  peer.destroy();
  await discard(socket);
  return { ...result, then };
}

function startLogAgain() {
  log.length = 0;
}

async function listening(server, ...where) {
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.resume();
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(...where, resolve);
  });
  return server;
}

async function createWorld() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-options-'));
  const file = path.join(dir, 'server');
  const tcp = await listening(net.createServer({ allowHalfOpen: true }), 0,
    '127.0.0.1');
  const pipe = await listening(net.createServer(), file);
  const { port } = tcp.address();
  // A port where nobody listens: a local port of the user's can be used again at
  // once only after a connection that was refused.
  const unused = await listening(net.createServer(), 0, '127.0.0.1');
  const closedPort = unused.address().port;
  unused.close();
  setNames([[dir, 'DIR'], [String(port), 'PORT']]);
  dns.lookup = lookup;
  process.on('uncaughtException', (error) => note('uncaught', error));
  process.on('unhandledRejection', (error) => note('unhandled', error));
  process.on('warning', ({ name, code, message }) =>
    note('warning', name, code, message));
  let count = 0;
  return {
    closedPort, dir, file, pipe, port, tcp,
    freshPath: () => path.join(dir, `fresh${count++}`),
    close() {
      tcp.close();
      pipe.close();
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };
}

module.exports = {
  SOCKET_EVENTS, clean, createWorld, discard, kernelOptions, note, observe, observeServer,
  observeSocket, setPatience, startLog, stateOf: (socket) => stateOf(socket, SOCKET_STATE),
  turns, until, watchHandle, watchServer, withPair,
};
