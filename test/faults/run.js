'use strict';

// Lets every call of every scenario fail in every plausible way, on core and on
// uvnet, and compares. See README.md.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { inspect, parseArgs } = require('node:util');
const { complaint, coreFails } = require('./compare');
const { Runner, whyNot } = require('./execute');
const { scenarios } = require('./scenarios');
const { casesOf, plain } = require('./table');

const NETS = ['core', 'uvnet'];
// A machine that is busy makes cases wait that need not. What differs is tried
// so often.
const TRIES = 3;

const { values: given } = parseArgs({ options: {
  all: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] },
  seed: { type: 'string', default: '1' },
  every: { type: 'string', default: '1' },
  sabotage: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
} });

// Numbers below n, the same for the same seed.
function randomOf(seed) {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * n);
  };
}

const phrases = given.only.map((phrase) => phrase.split(' '));

// Whether a case's name has all words of one --only.
function isWanted({ name }) {
  const words = name.split(' ');
  return phrases.length === 0 || phrases.some((phrase) =>
    phrase.every((word) => words.includes(word)));
}

// Whether a scenario may have such cases.
function isScenarioWanted({ scenario }) {
  const named = phrases.map((phrase) =>
    phrase.find((word) => Object.hasOwn(scenarios, word)));
  return named.length === 0 || named.includes(undefined) ||
    named.includes(scenario);
}

// So that there is something to find.
function spoil(result) {
  if (given.sabotage && result.lanes) {
    result.lanes = result.lanes.map((lane) => lane.replace('error', 'no'));
  }
  return result;
}

async function runBoth(runner, cases) {
  // They wait most of the time: all at once take no more than one processor.
  const [core, uvnet] = await Promise.all(
    NETS.map((net) => runner.run(net, cases)));
  return { core, uvnet: uvnet.map(spoil) };
}

// What core made of each case, by kind.
class Oracle {
  #ofKind = new Map();
  // What it made of each scenario without a fault.
  bases = new Map();

  add(cases, results) {
    cases.forEach(({ kind }, i) => {
      if (!this.#ofKind.has(kind)) this.#ofKind.set(kind, []);
      this.#ofKind.get(kind).push(results[i]);
    });
  }

  // An accept that finds no connection may fail without a trace: uvnet looks for
  // more than there are.
  of({ kind, fault, scenario, isUnix }) {
    const found = this.#ofKind.get(kind);
    if (fault?.call !== 'accept') return found;
    return [...found, this.bases.get(`${scenario} ${isUnix}`)];
  }
}

// Each case with its results, and its complaint if it still has one when it was
// tried again.
async function judge(runner, cases, bases) {
  const oracle = new Oracle();
  oracle.bases = bases;
  const judged = new Map();
  let left = cases;
  for (let i = 0; i < TRIES && left.length > 0; i++) {
    const { core, uvnet } = await runBoth(runner, left);
    oracle.add(left, core);
    left.forEach((one, at) => judged.set(one, { one, core: core[at],
      uvnet: uvnet[at],
      text: complaint(one, core[at], uvnet[at], oracle.of(one)) }));
    left = left.filter((one) => judged.get(one).text);
  }
  return [...judged.values()];
}

// The cases to try, from what each scenario does when nothing fails.
async function plan(runner) {
  const judged = await judge(runner, plain().filter(isScenarioWanted));
  for (const { one, core, uvnet } of judged) {
    // Nothing fails yet.
    const bad = [core, uvnet].find((result) => result.crash || result.waits);
    if (bad) throw new Error(`${one.name} does not end: ${inspect(bad)}`);
  }
  const random = randomOf(Number(given.seed));
  const faults = judged.flatMap(({ one, core, uvnet }) => casesOf(one,
    { core: core.counts, uvnet: uvnet.counts },
    { random, isWhole: given.all })).filter(isWanted);
  // Whole kinds: a case is compared with all of its own.
  const every = Number(given.every);
  const kinds = [...new Set(faults.map(({ kind }) => kind))];
  const wanted = new Set(kinds.filter((_, i) => i % every === 0));
  return { judged, faults: faults.filter(({ kind }) => wanted.has(kind)),
    bases: new Map(judged.map(({ one, core }) =>
      [`${one.scenario} ${one.isUnix}`, core])) };
}

function summary(judged, seconds) {
  const count = (test) => judged.filter(test).length;
  const crashes = count(({ core }) => core.crash);
  const leaks = count(({ core }) => core.leaked);
  const rest = count(({ core }) => core.stuck || core.harmed);
  const busy = count(({ core }) => core.busy);
  const compared = count(({ one, core, uvnet }) => one.fault &&
    one.fault.call !== 'malloc' && !coreFails(core) && core.hits > 0 &&
    uvnet.hits > 0);
  const hits = count(({ uvnet }) => uvnet.hits > 0);
  const crashed = count(({ uvnet }) => uvnet.crash);
  return `${judged.length} cases in ${seconds} s, in ${hits} of them a call ` +
    `of uvnet's failed, ${compared} compared with core\n` +
    `core: ${crashes} crashes, ${leaks} leaks, ${rest} stuck, ${busy} busy\n` +
    `uvnet: ${crashed} crashes as core's, ` +
    `${count(({ text }) => text)} findings`;
}

async function main() {
  const reason = whyNot();
  if (reason) {
    console.log(`skipped: ${reason}`);
    return;
  }
  const began = Date.now();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-faults-'));
  try {
    const runner = new Runner(folder);
    const { judged, faults, bases } = await plan(runner);
    judged.push(...await judge(runner, faults, bases));
    for (const { one, core, uvnet, text } of judged) {
      if (text) console.log(`${one.name}: ${text}`);
      if (text && uvnet.crash) console.log(uvnet.text);
      if (given.verbose) console.log(one.name, { core, uvnet });
    }
    console.log(summary(judged, Math.round((Date.now() - began) / 1000)));
    if (judged.some(({ text }) => text)) process.exitCode = 1;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main();
