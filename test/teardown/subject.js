'use strict';

// The thread or process that is ended: comes into a state and ends, or says
// that it wants to be ended.

const fs = require('node:fs');
const { isMainThread, parentPort, workerData } = require('node:worker_threads');

const settings = isMainThread ? JSON.parse(process.argv[2]) : workerData;
const { specifier, state, ending, ports, path } = settings;
const net = require(specifier);
const tracked = [];

function post(message) {
  if (isMainThread) fs.writeSync(1, `${JSON.stringify(message)}\n`);
  else parentPort.postMessage(message);
}

// `in the middle`: the thread is in its listener still when it is ended.
const ENDINGS = {
  'terminate': function() {
    // Not to end by itself before.
    setInterval(() => {}, 1000);
    post({ terminate: true });
  },
  'terminate in the middle': function() {
    post({ terminate: true });
    for (;;);
  },
  'exit': () => process.exit(3),
  'exception': function() { throw new Error('end'); },
  'rejection': () => { Promise.reject(new Error('end')); },
  'natural': function() {
    for (const one of tracked) one.unref();
  },
  'SIGTERM': () => process.kill(process.pid, 'SIGTERM'),
  'SIGKILL': () => process.kill(process.pid, 'SIGKILL'),
};

let isGone = false;
function now() {
  if (isGone) return;
  isGone = true;
  ENDINGS[ending]();
}

function track(one) {
  tracked.push(one);
  // A new one, while the old ones are let go of already.
  if (isGone && ending === 'natural') one.unref();
  return one;
}

function connect(kind, options = {}, listener = undefined) {
  const place = kind === 'path' ? { path: ports.path } :
    { port: ports[kind], host: kind === 'never' ? '127.0.0.2' : '127.0.0.1' };
  return track(net.connect({ ...place, ...options }, listener));
}

function listen(options, onConnection, listening = () => {}) {
  const server = track(net.createServer(options, (socket) => {
    track(socket);
    onConnection(socket);
  }));
  return server.listen(0, '127.0.0.1', () => listening(server));
}

function come(server, count, text) {
  post({ come: { port: server.address().port, count, text } });
}

const { run } = require('./states')[state];

run({
  net, track, connect, listen, come, ports, path,
  now,
  // Outside of whatever listener it is called in, but for those that wait in it.
  go: () => setImmediate(now),
  get tls() {
    const tls = require('node:tls');
    return { connect: tls.connect, psk: require('../psk').client };
  },
  get http() { return require('node:http'); },
});
