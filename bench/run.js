'use strict';

// npm run bench: CPU time per operation of core's net and of uvnet, measured in
// one run, window by window in turn. A second core server is the control.

const { execFileSync, fork, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const WINDOWS = 30;
const WINDOW_MS = 120;
const IDLE_CONNECTIONS = 2000;

const scenarios = [
  { name: 'echo 64 B, 50 connections', connections: 50, size: 64, depth: 1 },
  { name: 'echo 64 B, 1 connection', connections: 1, size: 64, depth: 1 },
  { name: 'echo 16 KB, 50 connections', connections: 50, size: 16384,
    depth: 1 },
];

const subjects = [
  { name: 'core', net: 'core' },
  { name: 'uvnet', net: 'uvnet' },
  { name: 'control', net: 'core' },
];

function buildLoad(folder) {
  const program = path.join(folder, 'load');
  execFileSync('cc', ['-std=c11', '-D_GNU_SOURCE', '-O2', '-o', program,
    path.join(__dirname, 'load.c')], { stdio: 'inherit' });
  return program;
}

// Nanoseconds of processor time of all threads of a process, proc(5).
function cpuTime(pid) {
  const folder = `/proc/${pid}/task`;
  let sum = 0;
  for (const task of fs.readdirSync(folder)) {
    const text = fs.readFileSync(`${folder}/${task}/schedstat`, 'utf8');
    sum += Number(text.split(' ')[0]);
  }
  return sum;
}

function lines(stream) {
  return readline.createInterface({ input: stream })[Symbol.asyncIterator]();
}

async function startServer(subject, scenario) {
  const child = fork(path.join(__dirname, 'server.js'),
    [subject.net, scenario],
    { execArgv: ['--expose-gc'], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const { value: port } = await lines(child.stdout).next();
  return { child, port };
}

async function startLoad(program, args) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const output = lines(child.stdout);
  await output.next();
  return { child, output };
}

async function measureWindow({ server, load }, milliseconds) {
  const before = cpuTime(server.child.pid);
  load.child.stdin.write(`${milliseconds}\n`);
  const { value } = await load.output.next();
  const result = JSON.parse(value);
  return (cpuTime(server.child.pid) - before) / result.operations;
}

function lowerDecile(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 10)];
}

function stop({ server, load }) {
  load.child.stdin.end();
  server.child.disconnect();
}

async function measureEcho(program, scenario) {
  const sides = [];
  for (const subject of subjects) {
    const server = await startServer(subject, 'echo');
    const load = await startLoad(program, ['echo', server.port,
      scenario.connections, scenario.size, scenario.depth].map(String));
    sides.push({ subject, server, load, costs: [] });
  }
  // Compiles the hot functions.
  for (const side of sides) await measureWindow(side, 1000);
  for (let i = 0; i < WINDOWS; i++) {
    for (const side of sides) {
      side.costs.push(await measureWindow(side, WINDOW_MS));
    }
  }
  sides.forEach(stop);
  return sides.map(({ costs }) => lowerDecile(costs));
}

function memoryOf(child) {
  return new Promise((resolve) => {
    child.once('message', resolve);
    child.send('memory');
  });
}

// Bytes of resident memory per idle connection.
async function measureIdle(program) {
  const costs = [];
  for (const subject of subjects) {
    const server = await startServer(subject, 'idle');
    const before = await memoryOf(server.child);
    const load = await startLoad(program,
      ['idle', server.port, String(IDLE_CONNECTIONS)]);
    const after = await memoryOf(server.child);
    costs.push((after.rss - before.rss) / IDLE_CONNECTIONS);
    stop({ server, load });
  }
  return costs;
}

function report(name, unit, [core, uvnet, control]) {
  const ratio = (value) => (core / value).toFixed(2).padStart(8);
  console.log(name.padEnd(30) + `${core.toFixed(0)} ${unit}`.padStart(12) +
    `${uvnet.toFixed(0)} ${unit}`.padStart(12) + ratio(uvnet) +
    ratio(control));
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-bench-'));
  try {
    const program = buildLoad(folder);
    console.log(`Node ${process.version}, ${os.cpus().length} processors; ` +
      'processor time per operation, and core \u00f7 uvnet (control: core ' +
      '\u00f7 core)');
    console.log(''.padEnd(30) + 'core'.padStart(12) + 'uvnet'.padStart(12) +
      'ratio'.padStart(8) + 'control'.padStart(8));
    for (const scenario of scenarios) {
      report(scenario.name, 'ns', await measureEcho(program, scenario));
    }
    report('RSS per idle connection', 'B', await measureIdle(program));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

main();
