#!/usr/bin/env node
'use strict';

// Runs real clients and servers on core and on uvnet: see README.md here.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { isDeepStrictEqual, parseArgs } = require('node:util');
const { setup } = require('../../scripts/setup');
const { execute, killAll } = require('./execute');
const { ensurePrograms, run } = require('./programs');
const { Postgres, Redis } = require('./servers');

const SCENARIOS = path.join(__dirname, 'scenarios');
const NETS = ['core', 'uvnet'];
const TIMEOUT_MS = 120000;

// The first word of a scenario's name says which server it needs.
const SERVERS = {
  pg: {
    Server: Postgres,
    programs: { initdb: 'postgresql', postgres: 'postgresql' },
  },
  redis: { Server: Redis, programs: { 'redis-server': 'redis-server' } },
};

const HELP = `Usage: node test/clients/run.js [options]

Runs each file of test/clients/scenarios on core and on uvnet and compares the
results and the order of events.

  --filter TEXT  only scenarios whose name contains TEXT
  --node PATH    the node that runs the scenarios; without it, the runner's
  --verbose      also prints what each scenario has logged
  --help         this text
`;

function say(text) {
  console.log(text);
}

function makeFolder() {
  // Short, for paths of Unix sockets are below it; others may pass through.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvc-'));
  fs.chmodSync(folder, 0o711);
  return folder;
}

function makeCertificate(openssl, folder) {
  const key = path.join(folder, 'key.pem');
  const cert = path.join(folder, 'cert.pem');
  run(openssl, [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
    '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout', key, '-out', cert,
  ]);
  return { key: fs.readFileSync(key, 'utf8'), cert: fs.readFileSync(cert, 'utf8') };
}

function kindOf(name) {
  return name.split('-')[0];
}

function versionOf(node) {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
}

function select(filter = '') {
  const names = fs.readdirSync(SCENARIOS)
    .filter((file) => path.parse(file).name.includes(filter));
  if (names.length === 0) throw new Error('no scenario is selected');
  return names;
}

function programsFor(names) {
  const kinds = new Set(names.map(kindOf));
  const wanted = [...kinds].map((kind) => SERVERS[kind]?.programs ?? {});
  return ensurePrograms(Object.assign({ openssl: 'openssl' }, ...wanted), say);
}

/** What differs of two runs, as text, or null. */
function difference(core, uvnet) {
  const failed = [core, uvnet].some(({ reason }) => reason);
  if (failed || isDeepStrictEqual([core.lanes, core.output], [uvnet.lanes, uvnet.output])) {
    return null;
  }
  const ofCore = { ...core.lanes, output: core.output.split('\n') };
  const ofUvnet = { ...uvnet.lanes, output: uvnet.output.split('\n') };
  return Object.keys({ ...ofCore, ...ofUvnet })
    .filter((lane) => !isDeepStrictEqual(ofCore[lane], ofUvnet[lane]))
    .map((lane) => `  ${lane}\n    core:  ${tellLane(ofCore[lane])}\n` +
      `    uvnet: ${tellLane(ofUvnet[lane])}`)
    .join('\n');
}

function tellLane(words = ['nothing']) {
  return words.join(', ');
}

function printRow(cells) {
  const [name, ...rest] = cells;
  say(name.padEnd(20) + rest.map((cell) => cell.padEnd(16)).join('').trimEnd());
}

function cellOf({ reason, seconds }) {
  return reason ?? `ok ${seconds.toFixed(1)} s`;
}

function report(name, runs) {
  const unequal = difference(runs.core, runs.uvnet);
  const failed = NETS.filter((net) => runs[net].reason);
  const verdict = failed.length > 0 ? '' : unequal ? 'DIFFERENT' : 'same';
  printRow([name, ...NETS.map((net) => cellOf(runs[net])), verdict]);
  for (const net of failed) {
    say(`${net}:\n${runs[net].output}`);
  }
  if (unequal) say(unequal);
  return failed.length === 0 && !unequal;
}

/** Starts each server when the first scenario needs it. */
class Servers {
  running = new Map();
  stopped = false;

  constructor(programs, folder, certificate) {
    this.setting = { programs, folder, certificate };
  }

  async get(kind) {
    if (this.stopped) throw new Error('interrupted');
    if (!SERVERS[kind]) return undefined;
    if (!this.running.has(kind)) {
      const { programs, folder, certificate } = this.setting;
      const { Server } = SERVERS[kind];
      const place = path.join(folder, kind);
      this.running.set(kind, new Server(programs, place, certificate));
    }
    const server = this.running.get(kind);
    if (!server.isRunning) await server.start();
    return server;
  }

  async stop() {
    this.stopped = true;
    await Promise.all([...this.running.values()].map((server) => server.stop()));
  }

  killNow() {
    for (const server of this.running.values()) server.killNow();
  }
}

function printLanes(lanes = {}) {
  for (const [lane, words] of Object.entries(lanes)) {
    say(`  ${lane}: ${tellLane(words)}`);
  }
}

/** Runs it on both nets, or on core only if that says that it cannot. */
async function runOne(file, servers, { certificate, node }) {
  const runs = {};
  for (const net of NETS) {
    if (runs.core?.skipped) break;
    const server = await servers.get(kindOf(file));
    runs[net] = await execute(path.join(SCENARIOS, file), net,
      { node, server, ...certificate, timeout: TIMEOUT_MS });
  }
  return runs;
}

async function runAll(files, servers, { verbose, ...setting }) {
  const counts = { same: 0, failed: 0, skipped: 0 };
  printRow([`Node ${versionOf(setting.node)}`, ...NETS, 'events']);
  for (const file of files) {
    const { name } = path.parse(file);
    const runs = await runOne(file, servers, setting);
    if (runs.core.skipped) {
      printRow([name, `skipped: ${runs.core.skipped}`]);
      counts.skipped++;
      continue;
    }
    counts[report(name, runs) ? 'same' : 'failed']++;
    if (verbose) printLanes(runs.uvnet.lanes);
  }
  const { same, failed, skipped } = counts;
  const rest = skipped > 0 ? `, ${skipped} skipped` : '';
  say(`${same} of ${same + failed} the same on both${rest}`);
  return failed === 0;
}

/** Leaves neither a process nor a file behind, however the run ends. */
function cleanUpAtExit(servers, folder) {
  process.on('exit', () => {
    killAll();
    servers.killNow();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const interrupt = async (code) => {
    killAll();
    await servers.stop();
    process.exit(code);
  };
  process.once('SIGHUP', () => interrupt(129));
  process.once('SIGINT', () => interrupt(130));
  process.once('SIGTERM', () => interrupt(143));
}

/** The clients read these; here they get all they need from the scenario. */
function forgetSettings() {
  for (const name of Object.keys(process.env)) {
    if (/^(PG|REDIS)/.test(name)) delete process.env[name];
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      filter: { type: 'string' },
      node: { type: 'string', default: process.execPath },
      verbose: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  forgetSettings();
  setup();
  const names = select(values.filter);
  const programs = programsFor(names);
  const folder = makeFolder();
  const certificate = makeCertificate(programs.openssl, folder);
  const servers = new Servers(programs, folder, certificate);
  cleanUpAtExit(servers, folder);
  try {
    if (!await runAll(names, servers, { certificate, ...values })) process.exitCode = 1;
  } finally {
    await servers.stop();
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
