#!/usr/bin/env node
'use strict';

// Loads and leaks, on core, on uvnet and on uvnet by its preload: see README.md
// here.

const { parseArgs } = require('node:util');
const path = require('node:path');
const { Agent, MODES, endAgentsWithUs } = require('../agent');

const AGENT = path.join(__dirname, 'agent.js');
const MB = 1024 * 1024;

const HELP = `Usage: node test/load/run.js [options] [hold] [churn] [pair]

  --mode MODE        core, uvnet or preload; may be repeated; without it, all
  --connections N    hold: how many at once (10000)
  --rounds N         hold: how often a tenth of them is churned (10)
  --cycles N         hold: how often all that is done (3)
  --total N          churn: how many are opened and closed (1000000)
  --seconds N        pair: how long it talks (600)
  --seed N           of what is random (1)
  --json             prints the results as JSON
  --help             this text
`;

const OPTIONS = {
  mode: { type: 'string', multiple: true, default: Object.keys(MODES) },
  connections: { type: 'string', default: '10000' },
  rounds: { type: 'string', default: '10' },
  cycles: { type: 'string', default: '3' },
  total: { type: 'string', default: '1000000' },
  seconds: { type: 'string', default: '600' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

// Two processes, and what each of them holds at the times that are marked.
class Bench {
  marks = [];

  constructor(mode, say) {
    this.say = say;
    this.ends = {};
    for (const role of ['server', 'client']) {
      this.ends[role] = new Agent(AGENT, mode, { flags: ['--expose-gc'] });
    }
  }

  both(call) {
    return Promise.all(Object.values(this.ends).map(call));
  }

  async mark(name) {
    const [server, client] = await this.both((end) => end.call('measure'));
    this.marks.push({ name, server, client });
    for (const [role, is] of Object.entries({ server, client })) {
      this.say(`  ${name.padEnd(16)} ${role}  RSS ${mb(is.rss)} MB, ` +
        `heap ${mb(is.heapUsed + is.external)} MB, ` +
        `${is.descriptors} descriptors, ${is.handles} handles, ` +
        `${is.seconds.toFixed(1)} s`);
    }
  }

  async start(name, settings) {
    const { server, client } = this.ends;
    const port = await server.call('start', name, 'server', settings);
    await client.call('start', name, 'client', { ...settings, port });
  }

  step(role, ...args) {
    return this.ends[role].call('step', ...args);
  }
}

function mb(bytes) {
  return (bytes / MB).toFixed(1);
}

// Each load gives what both modes must agree on.
const LOADS = {
  async hold(bench, { connections, rounds, cycles, seed }) {
    const results = [];
    for (let cycle = 1; cycle <= cycles; cycle++) {
      await bench.start('hold', { seed: seed + cycle });
      await bench.step('client', 'open', connections);
      await bench.step('client', 'talk');
      await bench.mark(`held (${cycle})`);
      for (let round = 0; round < rounds; round++) {
        await bench.step('client', 'churn', Math.ceil(connections / 10));
        await bench.step('client', 'talk');
      }
      const open = await bench.step('server', 'connections');
      await bench.mark(`churned (${cycle})`);
      const client = await bench.step('client', 'end');
      const errors = await bench.step('server', 'end');
      results.push({ ...client, open, errors: Object.keys(errors) });
      await bench.mark(`ended (${cycle})`);
    }
    return results;
  },

  async churn(bench, { total }) {
    await bench.start('churn', { total });
    const part = Math.ceil(total / 10);
    for (let done = 0, i = 1; done < total; done += part, i++) {
      await bench.step('client', 'run', Math.min(part, total - done));
      if (i % 3 === 1 || i === 9) await bench.mark(`${i * 10} %`);
    }
    const client = await bench.step('client', 'end');
    const server = await bench.step('server', 'end');
    await bench.mark('ended');
    return { client, server };
  },

  async pair(bench, { seconds, seed }) {
    await bench.start('pair', { seed });
    const runs = Promise.all(['server', 'client']
      .map((role) => bench.step(role, 'run', seconds)));
    runs.catch(() => {});
    for (const part of [1, 2, 3]) {
      await new Promise((resolve) => { setTimeout(resolve, seconds * 250); });
      await bench.mark(`${part * 25} %`);
    }
    const [server, client] = await runs;
    await bench.step('server', 'end');
    await bench.mark('ended');
    // How many bytes there were depends on the clock.
    return { server, client };
  },
};

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

// What is wrong with the outcome of a load by itself.
const FAULTS = {
  hold: (cycles, { connections }) => cycles.filter(
    ({ open, errors }) => open !== connections ||
      errors.some((code) => code !== 'ECONNRESET')),
  churn: ({ client, server }, { total }) => [client, server].filter(
    (end) => end.count !== total || end.doubled > 0 ||
      Object.keys(end.errors).length > 0 || end.hash !== client.hash),
  pair: ({ client, server }) => [client, server].filter((end, i, [a, b]) =>
    end.error !== null || !same(a.sent, b.received) ||
      !same(b.sent, a.received)),
};

// Descriptors and handles are as before; the heap has not grown since a time
// when all had run once.
function leaks(marks) {
  const [before] = marks;
  const after = marks[marks.length - 1];
  const warm = marks.find(({ name }) => name === 'ended (1)') ?? marks[1];
  const found = [];
  for (const role of ['server', 'client']) {
    for (const what of ['descriptors', 'handles']) {
      const rest = after[role][what] - before[role][what];
      if (rest > 0) found.push(`${role}: ${rest} more ${what}`);
    }
    const size = ({ [role]: is }) => is.heapUsed + is.external;
    const grown = size(after) - size(warm);
    if (grown > 4 * MB) found.push(`${role}: heap grew by ${mb(grown)} MB`);
    const rss = after[role].rss - warm[role].rss;
    if (rss > 48 * MB) found.push(`${role}: RSS grew by ${mb(rss)} MB`);
  }
  return found;
}

async function runOne(name, mode, settings, say) {
  say(`${name}, ${mode}`);
  const bench = new Bench(mode, say);
  try {
    const begun = Date.now();
    await bench.mark('before');
    const outcome = await LOADS[name](bench, settings);
    const faults = FAULTS[name](outcome, settings)
      .map((fault) => JSON.stringify(fault));
    faults.push(...leaks(bench.marks));
    for (const { code, stderr } of await bench.both((end) => end.end())) {
      if (code !== 0 || stderr) faults.push(`exit code ${code} ${stderr}`);
    }
    say(`  ${JSON.stringify(outcome)}`);
    say(`  ${((Date.now() - begun) / 1000).toFixed(1)} s, ` +
      `${faults.length === 0 ? 'ok' : `NOT ok: ${faults.join('; ')}`}`);
    return { name, mode, outcome, marks: bench.marks, faults };
  } finally {
    await bench.both((end) => end.end(0));
  }
}

// The modes must agree, but for loads that the clock ends.
function compare(results) {
  const [first, ...others] = results;
  return first.name === 'pair' ? [] : others.filter(
    ({ outcome }) => !same(outcome, first.outcome));
}

function settingsOf(values) {
  const settings = {};
  for (const name of ['connections', 'rounds', 'cycles', 'total', 'seconds',
    'seed']) settings[name] = Number(values[name]);
  return settings;
}

async function main() {
  const { values, positionals } = parseArgs(
    { options: OPTIONS, allowPositionals: true });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  endAgentsWithUs();
  const say = values.json ? () => {} : console.log;
  const names = positionals.length > 0 ? positionals : Object.keys(LOADS);
  const all = [];
  for (const name of names) {
    const results = [];
    for (const mode of values.mode) {
      results.push(await runOne(name, mode, settingsOf(values), say));
    }
    const different = compare(results).map(({ mode }) => mode);
    if (different.length > 0) say(`${name}: not as core: ${different}`);
    all.push(...results);
    if (different.length > 0 ||
        results.some(({ faults }) => faults.length > 0)) process.exitCode = 1;
  }
  if (values.json) console.log(JSON.stringify(all));
}

main();
