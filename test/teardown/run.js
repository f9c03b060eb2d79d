#!/usr/bin/env node
'use strict';

// Threads and processes that end in every state of their sockets and servers:
// see README.md here.

const path = require('node:path');
const { isDeepStrictEqual, parseArgs } = require('node:util');
const { Agent, MODES, endAgentsWithUs } = require('../agent');
const states = require('./states');

const PARENT = path.join(__dirname, 'parent.js');
const ENDINGS = {
  thread: ['terminate', 'terminate in the middle', 'exit', 'exception',
    'rejection', 'natural'],
  process: ['exit', 'exception', 'rejection', 'natural', 'SIGTERM', 'SIGKILL'],
};
const MB = 1024 * 1024;

const HELP = `Usage: node test/teardown/run.js [options]

  --mode MODE    core, uvnet or preload; may be repeated; without it, all
  --kind KIND    thread or process; without it, both
  --filter TEXT  only states whose name contains TEXT
  --ending TEXT  only endings whose name contains TEXT
  --short        of the states a third, each once, as a thread; which and how
                 they end, --seed chooses
  --workers N    besides, so many threads in a row (0)
  --seed N       of what is random (1)
  --valgrind     under valgrind, half a minute for a case
  --verbose      also prints what was seen
  --help         this text
`;

const OPTIONS = {
  mode: { type: 'string', multiple: true, default: Object.keys(MODES) },
  kind: { type: 'string', multiple: true, default: Object.keys(ENDINGS) },
  filter: { type: 'string', default: '' },
  ending: { type: 'string', default: '' },
  short: { type: 'boolean', default: false },
  workers: { type: 'string', default: '0' },
  seed: { type: 'string', default: '1' },
  valgrind: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

// [kind, ending, state] of all that shall be tried.
function select({ kind: kinds, filter, ending: text, short, seed }) {
  const cases = [];
  Object.entries(states)
    .filter(([name], i) => name.includes(filter) &&
      (!short || (i + Number(seed)) % 3 === 0))
    .forEach(([state, { keeps }], i) => {
      for (const kind of short ? ['thread'] : kinds) {
        const endings = ENDINGS[kind].filter((ending) =>
          ending.includes(text) && !(keeps && ending === 'natural'));
        const chosen = short ? [endings[(i + Number(seed)) % endings.length]] :
          endings;
        for (const ending of chosen) cases.push([kind, ending, state]);
      }
    });
  return cases;
}

function mb(bytes) {
  return `${(bytes / MB).toFixed(1)} MB`;
}

// Text, or nothing, of what has not come back.
function leftOver(before, after) {
  return ['descriptors', 'handles', 'threads']
    .filter((what) => after[what] > before[what])
    .map((what) => `${after[what] - before[what]} more ${what}`);
}

async function holdings(agent) {
  const [is, threads] = await Promise.all(
    [agent.call('measure'), agent.call('threads')]);
  return { ...is, threads };
}

async function inARow(agent, count, seed) {
  const part = Math.ceil(count / 5);
  const sums = {};
  for (let done = 0; done < count; done += part) {
    const size = Math.min(part, count - done);
    const more = await agent.call('many', size, seed + done, ENDINGS.thread);
    for (const key of Object.keys(more)) {
      sums[key] = (sums[key] ?? 0) + more[key];
    }
    const { rss } = await agent.call('measure');
    console.log(`  after ${done + size} threads: RSS ${mb(rss)}`);
  }
  console.log(`  ${JSON.stringify(sums)}`);
  return Object.keys(sums).filter((key) => key.endsWith('late'));
}

// All cases on one net: what was seen, by case, and what is wrong by itself.
async function runMode(mode, cases, { workers, seed, valgrind }) {
  const begun = Date.now();
  const tool = valgrind && new (require('./valgrind').Valgrind)();
  const agent = new Agent(PARENT, mode, { prefix: tool ? tool.prefix : [],
    flags: ['--expose-gc', ...(tool ? tool.flags : [])] });
  const seen = new Map();
  const faults = [];
  try {
    await agent.call('open');
    // Node makes some things once, for the first that needs them.
    await agent.call('run', 'thread', 'exit', 'looking up');
    const before = await holdings(agent);
    for (const one of cases) {
      seen.set(one.join(', '), await agent.call('run', ...one));
    }
    if (Number(workers) > 0) {
      faults.push(...await inARow(agent, Number(workers), Number(seed)));
    }
    const after = await holdings(agent);
    faults.push(...leftOver(before, after));
    console.log(`${mode}: ${seen.size} cases, ` +
      `${((Date.now() - begun) / 1000).toFixed(1)} s, ` +
      `RSS ${mb(before.rss)} before, ${mb(after.rss)} after; descriptors ` +
      `${before.descriptors}, ${after.descriptors}; threads ` +
      `${before.threads}, ${after.threads}`);
    await agent.call('close');
  } catch (error) {
    faults.push(error.stack);
  }
  const { code, signal, stderr } = await agent.end(60000);
  if (code !== 0 || stderr) faults.push(`ended: ${code ?? signal} ${stderr}`);
  if (tool) {
    const { all, own } = tool.report();
    console.log(`${mode}: ${all} errors, ${own.length} with the addon`);
    faults.push(...own);
  }
  return { mode, seen, faults };
}

function compare({ mode, seen }, core) {
  const faults = [];
  for (const [name, result] of seen) {
    const expected = core.get(name);
    if (result.isLate) faults.push(`${mode}: ${name}: did not end`);
    if (!expected || isDeepStrictEqual(result, expected)) continue;
    faults.push(`${mode}: ${name}:\n  ${JSON.stringify(result)}\n` +
      `  core: ${JSON.stringify(expected)}`);
  }
  return faults;
}

async function main() {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  endAgentsWithUs();
  const cases = select(values);
  const faults = [];
  let core = new Map();
  for (const mode of values.mode) {
    const result = await runMode(mode, cases, values);
    if (mode === 'core') core = result.seen;
    faults.push(...result.faults.map((fault) => `${mode}: ${fault}`),
      ...compare(result, core));
    if (values.verbose) {
      for (const [name, one] of result.seen) {
        console.log(`  ${name}: ${JSON.stringify(one)}`);
      }
    }
  }
  for (const fault of faults) console.log(`NOT ok ${fault}`);
  console.log(`${cases.length} cases on ${values.mode.join(', ')}, ` +
    `${faults.length} faults`);
  if (faults.length > 0) process.exitCode = 1;
}

main();
