'use strict';

// Runs cases on one net, one after the other, and reports each: started by
// run.js with the shim in it. Arguments: core or uvnet, the file of the cases,
// the file for the reports, and the number of the first case.

const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Page } = require('./page');
const { scenarios } = require('./scenarios');
const { World } = require('./world');

const [which, casesFile, reportFile, first] = process.argv.slice(2);
const root = path.join(__dirname, '..', '..');
const net = require(which === 'core' ? 'node:net' : root);
const page = new Page(process.env.UVNET_FAULTS);
const report = fs.openSync(reportFile, 'a');

const CANARY_MS = 1000;
const TURNS = 100;
// No scenario has so many connections to accept: the loop turns without end.
const MANY_ACCEPTS = 600;

function liveHandles() {
  return which === 'core' ? 0 : require('../../lib/binding').liveHandles();
}

function openSockets() {
  const folder = '/proc/self/fd';
  return fs.readdirSync(folder).filter((fd) => {
    try {
      return fs.readlinkSync(`${folder}/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

function turn() {
  return new Promise((resolve) => { setImmediate(resolve); });
}

// A connection that has nothing to do with what fails: whatever happens to
// others, it answers.
async function makeCanary() {
  const server = net.createServer((peer) => {
    peer.on('data', (chunk) => peer.write(chunk));
    peer.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect(server.address().port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  server.close();
  for (let i = 0; i < TURNS; i++) await turn();
  return socket;
}

// Sends a message. Gives a function that resolves to whether it was answered.
function sing(canary) {
  const text = `${Math.random()}`;
  let heard = '';
  const listener = (chunk) => { heard += chunk; };
  canary.on('data', listener);
  canary.write(text);
  return async () => {
    const end = Date.now() + CANARY_MS;
    while (heard.length < text.length && Date.now() < end) {
      await Promise.race([turn(), once(canary, 'close').catch(() => {})]);
    }
    canary.off('data', listener);
    return heard === text;
  };
}

let world = null;
process.on('uncaughtException', (error) => {
  if (world === null) throw error;
  world.uncaught(error);
});

// Waits until as many sockets and handles are open as were before. How many more
// there are.
async function settle(before, handles) {
  for (let i = 0; i < TURNS; i++) {
    if (openSockets() === before && liveHandles() === handles) break;
    await turn();
  }
  return { leaked: openSockets() - before, handles: liveHandles() - handles };
}

async function run({ scenario, isUnix, fault }, canary) {
  const [body, { late }] = scenarios[scenario];
  const [before, handles] = [openSockets(), liveHandles()];
  page.reset();
  if (fault) page.plan(fault);
  page.watch(true);
  const answered = sing(canary);
  world = new World(net,
    { isUnix, arm: () => page.arm(true), isPatient: !fault });
  if (!late) page.arm(true);
  try {
    body(world);
  } catch (error) {
    world.log('scenario', `${error.code ?? error}`);
  }
  await world.finished;
  page.arm(false);
  page.watch(false);
  const counts = page.counts();
  const left = await settle(before, handles);
  const harmed = !await answered();
  return { ...world.result, ...left, harmed, lanes: world.lanes(),
    busy: fault?.call === 'accept' &&
      counts['accept listener'] > MANY_ACCEPTS,
    hits: page.hits, counts: fault ? undefined : counts };
}

function tell(message) {
  fs.writeSync(report, `${JSON.stringify(message)}\n`);
}

async function main() {
  const cases = JSON.parse(fs.readFileSync(casesFile, 'utf8'));
  const canary = await makeCanary();
  for (let i = Number(first); i < cases.length; i++) {
    tell({ starts: i });
    const result = await run(cases[i], canary);
    tell({ ends: i, result });
    // What is left over shall not be the next one's trouble.
    const { stuck, leaked, harmed, handles } = result;
    if (stuck || leaked || harmed || handles) break;
  }
  process.exit(0);
}

main();
