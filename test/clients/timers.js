'use strict';

// Live sockets in a program whose timers are fake: core's net has timers of its
// own, which nobody can replace.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const tls = require('node:tls');

// The real ones.
const {
  clearInterval: stopRepeating, setImmediate: immediate, setInterval: repeat,
  setTimeout: later,
} = globalThis;

const LOCAL = '127.0.0.1';
const DEAF = '127.0.0.2';

function sleep(time) {
  return new Promise((resolve) => { later(resolve, time); });
}

/** Settles with the promise, or when it has taken too long. */
function within(time, promise) {
  return Promise.race([promise, new Promise((resolve) => {
    later(resolve, time).unref();
  })]);
}

async function listen(listener, options = {}) {
  const server = net.createServer(options, listener);
  server.listen(0, LOCAL);
  await once(server, 'listening');
  return server;
}

async function close(server) {
  server.close();
  await once(server, 'close');
}

/** Bytes go both ways, and no fake timer is needed for it. */
async function echo({ log, watchSocket }, clock) {
  const server = await listen((socket) => socket.pipe(socket));
  const socket = watchSocket('echo', net.connect(server.address().port, LOCAL));
  let fired = false;
  setTimeout(() => { fired = true; }, 10);
  socket.write('said');
  const [heard] = await once(socket, 'data');
  log('echo', heard);
  await sleep(30);
  log('echo', 'timer', fired);
  clock.tick(10);
  log('echo', 'timer', fired);
  socket.end();
  await once(socket, 'close');
  await close(server);
}

/** socket.setTimeout() runs in real time only. */
async function timeouts({ log }, clock) {
  const server = await listen((socket) => socket.on('end', () => {}));
  const socket = net.connect(server.address().port, LOCAL);
  await once(socket, 'connect');
  socket.setTimeout(60, () => log('timeouts', 'timeout'));
  clock.tick(60000);
  log('timeouts', 'ticked');
  await sleep(120);
  socket.end();
  socket.resume();
  await once(socket, 'close');
  await close(server);
}

/** What is read while a reader pauses waits for it. */
async function pauses({ log }) {
  const CHUNKS = 50;
  const server = await listen(async (socket) => {
    for (let i = 0; i < CHUNKS; i++) {
      socket.write(Buffer.alloc(20000, i));
      if (i % 7 === 0) await sleep(1);
    }
    socket.end();
  });
  const socket = net.connect(server.address().port, LOCAL);
  let count = 0;
  socket.on('data', (chunk) => {
    count += chunk.length;
    socket.pause();
    immediate(() => socket.resume());
  });
  await within(5000, once(socket, 'close'));
  log('pauses', count);
  socket.destroy();
  await close(server);
}

/** An address whose queue is full, so that an attempt to connect hangs. */
async function startDeaf(port) {
  const script = `
    const net = require('node:net');
    net._createServerHandle('${DEAF}', ${port}, 4).listen(0);
    require('node:fs').writeSync(1, 'listens');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`;
  const child = spawn(process.execPath, ['-e', script],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const filler = net.connect(port, DEAF);
  await once(filler, 'connect');
  return async () => {
    filler.on('error', () => {}).destroy();
    child.kill();
    await once(child, 'exit');
  };
}

/** The first address does not answer, and the next one is tried in time. */
async function attempts({ log, watch }, clock) {
  const server = await listen((socket) => socket.end('hello'));
  const { port } = server.address();
  const stop = await startDeaf(port);
  const addresses = [DEAF, LOCAL].map((address) => ({ address, family: 4 }));
  clock.install();
  const socket = watch('attempts', net.connect({
    port, host: 'two.test', autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 50,
    lookup: (host, options, done) => process.nextTick(done, null, addresses),
  }), ['connectionAttempt', 'connectionAttemptTimeout', 'connect', 'ready', 'close']);
  socket.resume();
  await within(3000, once(socket, 'close'));
  log('attempts', socket.connecting ? 'hangs' : 'done');
  clock.uninstall();
  socket.destroy();
  await stop();
  await close(server);
}

/** TLS over a socket that has unread bytes. */
async function tlsOverSocket({ log, key, cert }) {
  const server = await listen((socket) => {
    const secure = new tls.TLSSocket(socket, { isServer: true, key, cert });
    secure.on('error', () => {});
    secure.end('secret');
  });
  const transport = net.connect(server.address().port, LOCAL);
  await once(transport, 'connect');
  await sleep(10);
  const secure = tls.connect({ socket: transport, ca: cert, servername: 'localhost' });
  secure.setEncoding('latin1');
  secure.on('data', (text) => log('tls', text));
  await within(3000, once(secure, 'close'));
  log('tls', secure.destroyed);
  secure.destroy();
  await close(server);
}

/** Nothing here calls back at once: each takes a tick. */
async function callbacks({ log }) {
  const server = net.createServer((socket) => {
    socket.on('error', () => {}).resume();
  });
  server.listen(0, LOCAL, () => log('callbacks', 'listening'));
  await once(server, 'listening');
  const connections = new Promise((resolve) => {
    server.getConnections((error, count) => resolve(count));
  });
  log('callbacks', 'connections', await connections);
  const accepted = once(server, 'connection');
  const socket = net.connect(server.address().port, LOCAL);
  const [[peer]] = await Promise.all([accepted, once(socket, 'connect')]);
  await new Promise((resolve) => { socket.write('a', resolve); });
  log('callbacks', 'written');
  socket.resetAndDestroy();
  await Promise.all([once(socket, 'close'), new Promise((resolve) => {
    peer.on('close', resolve);
  })]);
  const closed = new Promise((resolve) => { server.close(resolve); });
  log('callbacks', 'closed', await closed ?? '');
}

/**
 * Runs all of it.
 * @param {object} tools the scenario's
 * @param {object} clock install(), tick(ms), uninstall() of fake timers
 */
async function run(tools, clock) {
  await attempts(tools, clock);
  clock.install();
  for (const step of [echo, timeouts, pauses, tlsOverSocket, callbacks]) {
    await step(tools, clock);
  }
  clock.uninstall();
  await echo({ ...tools, log: (lane, ...words) => tools.log('real echo', ...words) },
    { tick: () => tools.log('real echo', 'no clock') });
}

/** As run(), but with ticks that are fake, too, and run now and then. */
async function runPumped(tools, clock) {
  clock.install();
  const pump = repeat(clock.tick, 1);
  const log = (lane, ...words) => tools.log(`pumped ${lane}`, ...words);
  const watchSocket = (lane, socket) => tools.watchSocket(`pumped ${lane}`, socket);
  await callbacks({ ...tools, log, watchSocket });
  await echo({ ...tools, log, watchSocket }, { tick: () => {} });
  stopRepeating(pump);
  clock.uninstall();
}

module.exports = { run, runPumped };
