'use strict';

// The process that is measured:
//   node bench/subject.js SUBJECT SCENARIO OPTIONS
// SUBJECT is core, uvnet, ceiling (servers in C) or the name of a module with
// net's shape. OPTIONS is JSON: `path` to listen on instead of a port, `peer`
// to connect to, and how many `connections`. Servers print the target they
// listen on. It ends when its parent does.

const path = require('node:path');
const { client, server } = require('./handlers');

const [subject, scenario, json] = process.argv.slice(2);
const options = JSON.parse(json);

function load(name) {
  if (name === 'core') return require('node:net');
  if (name === 'uvnet') return require('../lib/index.js');
  return require(require.resolve(name, { paths: [process.cwd()] }));
}

// A port or a path, as net.connect() takes it.
function address(target) {
  if (target === undefined) return undefined;
  if (target.includes('/')) return { path: target };
  return { port: Number(target), host: '127.0.0.1' };
}

function listen(listener) {
  const at = options.path ? { path: options.path } :
    { port: 0, host: '127.0.0.1' };
  listener.listen({ ...at, backlog: 4096 }, () => {
    console.log(options.path ?? listener.address().port);
  });
}

function serve(net) {
  const context = { net, peer: address(options.peer) };
  // Small writes must not wait for acknowledgements of the ones before.
  const noDelay = scenario === 'small4';
  listen(net.createServer({ noDelay }, (socket) => {
    socket.on('error', () => {});
    server[scenario](socket, context);
  }));
}

// For what only core and uvnet can be measured by: what is built on net.
function replaceNet() {
  if (subject === 'uvnet') require('../lib/register.js');
  else if (subject !== 'core') throw new Error(`${scenario} is not for modules`);
}

function serveHttp() {
  replaceNet();
  const listener = require('node:http').createServer((request, response) => {
    response.setHeader('Content-Length', 5);
    response.end('hello');
  });
  listener.keepAliveTimeout = 0;
  listen(listener);
}

function percentile(sorted, percent) {
  return sorted[Math.floor((sorted.length - 1) * percent / 100)];
}

// For scenarios that drive themselves: runs operate(done) as often as fits into
// each window that the runner asks for, so many at once as are wanted.
function inWindows(operate) {
  let samples;
  let until;
  let active = 0;
  const start = () => {
    const began = process.hrtime.bigint();
    active++;
    operate(() => {
      samples.push(Number(process.hrtime.bigint() - began));
      active--;
      if (performance.now() < until) start();
      else if (active === 0) report(samples);
    });
  };
  process.on('message', ({ window }) => {
    if (!window) return;
    samples = [];
    until = performance.now() + window;
    for (let i = 0; i < options.connections; i++) start();
  });
}

function report(samples) {
  samples.sort((a, b) => a - b);
  process.send({
    operations: samples.length,
    p50: percentile(samples, 50),
    p99: percentile(samples, 99),
  });
}

// Garbage is collected until the last bits are gone.
function sendMemory() {
  globalThis.gc();
  setTimeout(() => {
    globalThis.gc();
    process.send(process.memoryUsage());
  }, 200);
}

function startClient() {
  client[scenario]({
    net: load(subject),
    peer: address(options.peer),
    connections: options.connections,
    inWindows,
  });
}

function startTls() {
  replaceNet();
  require('./tls')[scenario]({ inWindows });
}

function startCeiling() {
  const addon = path.join(__dirname, 'ceiling/build/Release/ceiling.node');
  console.log(require(addon).listen(scenario, options.path ?? ''));
}

process.on('message', ({ memory }) => { if (memory) sendMemory(); });
process.on('disconnect', () => process.exit());

if (subject === 'ceiling') startCeiling();
else if (scenario === 'http') serveHttp();
else if (scenario.startsWith('tls-')) startTls();
else if (scenario in client) startClient();
else serve(load(subject));
