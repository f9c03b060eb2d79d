'use strict';

// Shared by all behaviour tests. Every test runs twice, on core net and on
// uvnet: core is the oracle, so an expectation core does not meet is wrong.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const SPECIFIERS = { core: 'node:net', uvnet: ROOT };
const LOOP_TURNS = 500;
// Where a version of Node has changed core's behaviour, tests ask for it.
const MAJOR = parseInt(process.versions.node, 10);

let opened = [];

/** Remembers a socket, server, child or worker; closed after the test. */
function track(object) {
  opened.push(object);
  return object;
}

function dispose(object) {
  if (typeof object === 'function') return object();
  if (typeof object.terminate === 'function') return object.terminate();
  if (typeof object.kill === 'function') {
    if (object.exitCode !== null || object.signalCode !== null) return null;
    object.kill('SIGKILL');
    return once(object, 'exit');
  }
  if (typeof object.destroy === 'function') {
    object.destroy();
    return null;
  }
  return new Promise((resolve) => { object.close(() => resolve()); });
}

async function disposeAll() {
  const objects = opened;
  opened = [];
  for (const object of objects) {
    if (typeof object.on === 'function') object.on('error', () => {});
  }
  // Newest first, and sockets before the servers that count them.
  const servers = objects.filter((o) => typeof o.listen === 'function');
  const others = objects.filter((o) => typeof o.listen !== 'function');
  for (const object of others.reverse()) await dispose(object);
  for (const server of servers) await dispose(server);
}

function turn() {
  return new Promise((resolve) => { setImmediate(resolve); });
}

/** Polls a condition once per loop turn; false when it never came true. */
async function eventually(condition, turns = LOOP_TURNS) {
  for (let i = 0; i < turns; i++) {
    if (condition()) return true;
    await turn();
  }
  return condition();
}

async function assertNoLiveHandles(file) {
  const { liveHandles } = require('../lib/binding');
  if (await eventually(() => liveHandles() === 0)) return;
  throw new Error(`${path.basename(file)} left ${liveHandles()} live handles`);
}

function netNames() {
  const only = process.env.UVNET_TEST_ONLY;
  if (!only) return ['core', 'uvnet'];
  assert.ok(only in SPECIFIERS, `UVNET_TEST_ONLY=${only}`);
  return [only];
}

/** Runs body(net, name) inside a describe block for core and for uvnet. */
function forEachNet(body, names = Object.keys(SPECIFIERS)) {
  for (const name of names) {
    if (!netNames().includes(name)) continue;
    describe(name === 'core' ? 'core net' : 'uvnet', function suite() {
      this.timeout(15000);
      afterEach(disposeAll);
      if (name === 'uvnet') {
        after(function noLiveHandles() {
          return assertNoLiveHandles(this.test.parent.file);
        });
      }
      body(require(SPECIFIERS[name]), name);
    });
  }
}

// A path that nothing has; without a name, one that a server can listen on.
function tmpPath(name) {
  if (name === undefined && process.platform === 'win32') {
    return `\\\\.\\pipe\\uvnet-${process.pid}-${process.hrtime.bigint()}`;
  }
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-'));
  track(() => fs.rmSync(dir, { recursive: true, force: true }));
  return path.join(dir, name ?? 's');
}

/** Listens (by default on a free loopback port) and tracks connections. */
function listen(server, ...args) {
  track(server);
  server.on('connection', track);
  const where = args.length > 0 ? args : [0, '127.0.0.1'];
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(...where, () => {
      server.removeListener('error', reject);
      resolve(server);
    });
  });
}

async function connected(net, server, target, options) {
  const accepted = once(server, 'connection');
  const client = track(net.connect({ ...target, ...options.client }));
  const [[peer]] = await Promise.all([accepted, once(client, 'connect')]);
  return { server, client, peer };
}

/** A connected TCP pair: { server, client, peer }. */
async function pair(net, options = {}) {
  const server = await listen(net.createServer(options.server));
  const { port } = server.address();
  return connected(net, server, { port, host: '127.0.0.1' }, options);
}

/** The same over a Unix domain socket. */
async function pairUnix(net, options = {}) {
  const server = net.createServer(options.server);
  const file = tmpPath();
  await listen(server, file);
  return connected(net, server, { path: file }, options);
}

const TRANSPORTS = { TCP: pair, Unix: pairUnix };

/** Runs body(open, transport) for both transports; open makes a pair. */
function forEachTransport(body) {
  for (const [transport, open] of Object.entries(TRANSPORTS)) {
    describe(transport, () => body(open, transport));
  }
}

function collect(stream) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      resolve(stream.readableEncoding ?
        chunks.join('') : Buffer.concat(chunks));
    });
  });
}

function describeEvent(name, args) {
  if (name === 'error') return `error:${args[0].code || args[0].message}`;
  if (name === 'close' && args.length > 0) return `close:${args[0]}`;
  return name;
}

/** Appends each named event to log (with prefix) as it happens. */
function eventLog(emitter, names, log = [], prefix = '') {
  for (const name of names) {
    emitter.on(name, (...args) => {
      log.push(prefix + describeEvent(name, args));
    });
  }
  return log;
}

/** Resolves when all sockets have emitted 'close' (errors are ignored). */
function closed(...sockets) {
  return Promise.all(sockets.map((socket) => new Promise((resolve) => {
    if (socket._readableState.closeEmitted) resolve();
    else socket.once('close', resolve);
  })));
}

/** A port of the loopback interface on which nothing listens. */
async function closedPort(net) {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** What a call does: its value, or the fields of the error it throws. */
function outcome(call) {
  try {
    return { value: call() };
  } catch (error) {
    const { name, code, message } = error;
    return { name, code, message };
  }
}

function readAll(stream) {
  if (!stream) return Promise.resolve('');
  stream.setEncoding('utf8');
  return collect(stream);
}

async function finished(child) {
  const exit = once(child, 'close');
  const texts = [readAll(child.stdout), readAll(child.stderr)];
  const [stdout, stderr] = await Promise.all(texts);
  const [code, signal] = await exit;
  return { code, signal, stdout: stdout || '', stderr: stderr || '' };
}

function spawnNode(args, options = {}) {
  const env = { ...process.env, ...options.env };
  const { descriptors } = options;
  const command = descriptors ? ['sh', '-c',
    `ulimit -n ${descriptors}; exec "$0" "$@"`, process.execPath, ...args] :
    [process.execPath, ...args];
  const child = track(spawn(command[0], command.slice(1),
    { ...options, env }));
  if (options.input !== undefined) child.stdin.end(options.input);
  return child;
}

/** Writes source to a file in which `net` is core's or uvnet's. */
function scriptFile(name, source) {
  const file = tmpPath('script.js');
  const specifier = JSON.stringify(SPECIFIERS[name]);
  fs.writeFileSync(file, `'use strict'; const NET = ${specifier}; ` +
    `const net = require(NET); ${source}`);
  return file;
}

/**
 * Starts a script in a child node with `net` bound to core's or uvnet's.
 * options: flags (for node), args, plus those of child_process.spawn.
 */
function startScript(name, source, options = {}) {
  const { flags = [], args = [], ...rest } = options;
  return spawnNode([...flags, scriptFile(name, source), ...args], rest);
}

/** The same, waiting for its end: { code, signal, stdout, stderr }. */
function spawnScript(name, source, options) {
  return finished(startScript(name, source, options));
}

/** A port of 127.0.0.2 whose process never accepts and has a full backlog. */
async function deafPort() {
  const child = startScript('core', `
    const handle = net._createServerHandle('127.0.0.2', 0, 4);
    const out = {};
    handle.getsockname(out);
    handle.listen(0);
    require('node:fs').writeSync(1, String(out.port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  `);
  const [text] = await once(child.stdout, 'data');
  const filler = track(require('node:net').connect(Number(text), '127.0.0.2'));
  await once(filler, 'connect');
  return Number(text);
}

/**
 * Runs body(net, helper), given as a function that uses nothing else, in a
 * child node: what may crash must not take the test run along. Resolves to
 * its (JSON) result once the child has ended by itself with code 0.
 */
async function inChild(name, body, options) {
  const end = await spawnScript(name, `
    const helper = require(${JSON.stringify(__filename)});
    (${body})(net, helper).then((value) => {
      console.log(JSON.stringify([value]));
      return helper.disposeAll();
    });`, options);
  const { code, signal, stderr } = end;
  assert.deepStrictEqual({ code, signal, stderr },
    { code: 0, signal: null, stderr: '' });
  return JSON.parse(end.stdout)[0];
}

module.exports = {
  MAJOR,
  ROOT,
  SPECIFIERS,
  closed,
  closedPort,
  collect,
  deafPort,
  disposeAll,
  eventLog,
  eventually,
  finished,
  forEachNet,
  forEachTransport,
  inChild,
  listen,
  once,
  outcome,
  pair,
  pairUnix,
  scriptFile,
  spawnNode,
  spawnScript,
  startScript,
  tmpPath,
  track,
  turn,
};
