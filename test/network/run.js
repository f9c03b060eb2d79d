#!/usr/bin/env node
'use strict';

// Faults of the network between two hosts that this program makes: see
// README.md here.

const { spawn } = require('node:child_process');
const { isDeepStrictEqual, parseArgs } = require('node:util');
const { endAgentsWithUs } = require('../agent');
const { howToUnshare, missingProgram } = require('./link');
const { hashOf } = require('./stream');
const { SEEDS, World, faultsOf } = require('./world');

const INSIDE = 'UVNET_TEST_NAMESPACE';
const GROUPS = {
  transfers: require('./scenarios/transfers'),
  connecting: require('./scenarios/connecting'),
  ends: require('./scenarios/ends'),
};

const HELP = `Usage: node test/network/run.js [options]

  --filter TEXT  only scenarios whose name contains TEXT
  --short        only the quick ones
  --family N     4 or 6; without it, both (with --short 4)
  --verbose      also prints what each socket has seen
  --help         this text
`;

const OPTIONS = {
  filter: { type: 'string', default: '' },
  short: { type: 'boolean', default: false },
  family: { type: 'string' },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

function select({ filter, short }) {
  return Object.entries(GROUPS).flatMap(([group, scenarios]) =>
    Object.entries(scenarios)
      .map(([name, scenario]) => [`${group}: ${name}`, scenario])
      .filter(([name, { isShort }]) =>
        name.includes(filter) && (!short || isShort)));
}

// Without the far end there is nothing to compare with.
async function outcomeOf(talk, isComplete) {
  if (talk.outcome) return { outcome: talk.outcome, faults: [] };
  if (!talk.theirs) return { outcome: await talk.ours.report(), faults: [] };
  const outcome = await talk.reports();
  return { outcome, faults: faultsOf(outcome, isComplete) };
}

// An echo has sent what it was sent.
function forgetSent({ ours, theirs }) {
  const back = hashOf(SEEDS.theirs, theirs.received.bytes);
  const isSame = back === theirs.received.hash &&
    ours.received.hash === theirs.sent.hash &&
    ours.received.bytes === theirs.received.bytes;
  return isSame ? [] : ['the echo is not what was sent'];
}

// Where both ends end, the clock says who is first.
function inOneOrder(log) {
  const text = log.join('\n').replace('finish\nend', 'end\nfinish');
  return text.split('\n');
}

// How far a broken connection came is the clock's to say too.
function comparable(outcome, isComplete) {
  if (outcome.log) return { ...outcome, log: inOneOrder(outcome.log) };
  if (!outcome.ours) return outcome;
  if (isComplete) {
    return Object.fromEntries(Object.entries(outcome).map(([end, report]) =>
      [end, comparable(report)]));
  }
  return Object.fromEntries(Object.entries(outcome).map(
    ([end, { log, destroyed, errored, readable, writable }]) =>
      [end, { log, destroyed, errored, readable, writable }]));
}

// Texts: what is wrong by itself, and what is not as on core.
async function judge(talks, { isComplete = false, isEcho = false }, verbose) {
  const faults = [];
  const core = new Map();
  for (const talk of talks) {
    const who = `${talk.mode} ${talk.role}`;
    const { outcome, faults: own } = await outcomeOf(talk, isComplete);
    faults.push(...(isEcho ? forgetSent(outcome) : own)
      .map((fault) => `${who}: ${fault}`));
    const seen = comparable(outcome, isComplete);
    if (verbose) console.log(`    ${who} ${JSON.stringify(seen)}`);
    if (talk.mode === 'core') {
      core.set(talk.role, seen);
    } else if (!isDeepStrictEqual(seen, core.get(talk.role))) {
      faults.push(`${who}:\n${JSON.stringify(seen)}\nbut core:\n${ 
        JSON.stringify(core.get(talk.role))}`);
    }
  }
  return faults;
}

async function runOne(world, [name, scenario], { short, verbose }) {
  const begun = Date.now();
  let talks = [];
  const faults = [];
  try {
    talks = await scenario.run(world, { isShort: short });
    faults.push(...await judge(talks, scenario, verbose));
  } catch (error) {
    faults.push(error.stack);
  }
  faults.push(...await world.clear());
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  const verdict = faults.length === 0 ? 'ok    ' : 'NOT ok';
  console.log(`${verdict} ${seconds} s  IPv${world.family} ${name}`);
  for (const fault of faults) console.log(`  ${fault}`);
  return { talks: talks.length, failed: faults.length > 0 };
}

async function runFamily(family, values, sums) {
  const world = await new World(family).open();
  try {
    for (const one of select(values)) {
      const { talks, failed } = await runOne(world, one, values);
      sums.scenarios++;
      sums.connections += talks;
      if (failed) sums.failed++;
    }
  } finally {
    for (const fault of await world.close()) {
      console.log(`NOT ok: a program ended with ${fault}`);
      sums.failed++;
    }
  }
}

async function runInside(values) {
  const sums = { scenarios: 0, connections: 0, failed: 0 };
  const families = values.family ? [Number(values.family)] :
    values.short ? [4] : [4, 6];
  for (const family of families) await runFamily(family, values, sums);
  console.log(`${sums.scenarios} scenarios, ${sums.connections} connections ` +
    `compared, ${sums.failed} failed`);
  if (sums.failed > 0 || sums.scenarios === 0) process.exitCode = 1;
}

// Runs this program again, in a namespace of its own.
function runOutside() {
  const missing = missingProgram();
  const { reason, flags } = howToUnshare();
  if (reason || missing) {
    console.log(`skipped: ${reason ?? `there is no ${missing}`}`);
    return;
  }
  const child = spawn('unshare',
    [...flags, process.execPath, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code) => { process.exitCode = code ?? 1; });
}

function main() {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (!process.env[INSIDE]) {
    runOutside();
    return;
  }
  endAgentsWithUs();
  runInside(values);
}

main();
