'use strict';

// Runs Node's own benchmarks of net, unmodified: every configuration on core,
// on uvnet and on core again (the control) in turn, in some rounds. These
// measure throughput by the clock, with client and server in one process.

const { fork } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { getSuite } = require('../test/node/suite');
const { geometricMean, interval, median } = require('./stats');

const USAGE = `usage: node bench/node.js [options]
  --suite PATH    a tree of Node's sources with benchmark/ in it
  --only TEXT     only configurations with TEXT in their name
  --pairs N       rounds: runs on each side, in turn (3)
  --dur SECONDS   of one run (1; Node's own default is 5), more where that is
                  too short for a rate
  --again N       measures what came out below 0.97 anew, in N rounds (0)
  --list          names the configurations
  --json FILE     writes all rates
`;

const optionTypes = {
  suite: { type: 'string' },
  only: { type: 'string', default: '' },
  pairs: { type: 'string', default: '3' },
  dur: { type: 'string', default: '1' },
  again: { type: 'string', default: '0' },
  list: { type: 'boolean' },
  json: { type: 'string' },
  help: { type: 'boolean' },
};

const TITLE = 'rate, and uvnet / core: above 1 uvnet is faster';

// Repetitions of the benchmarks that have no duration.
const REPETITIONS = 1e6;

// Seconds; where a side gets nothing through in that time there is no rate.
const MAX_DURATION = 6;

const SIDES = ['core', 'uvnet', 'control'];

// Two runs of core come out this equal, or say nothing about uvnet's.
const CONTROL = [0.9, 1.1];

// A ratio below this is looked at again.
const LOW = 0.97;

// What one of the benchmarks asks for; the harness gives it to its children.
const FLAGS = ['--expose-internals', '--no-warnings'];

// Milliseconds for one run.
const TIMEOUT = 60000;

const register = path.join(__dirname, '../lib/register.js');

// Those on core's raw handles do not use net.
const isOfNet = (name) => name.endsWith('.js') && !name.startsWith('tcp-raw-');

function findBenchmarks({ suite }) {
  const root = getSuite({ path: suite, version: process.versions.node,
    log: console.error });
  const folder = path.join(root, 'benchmark', 'net');
  if (!fs.existsSync(folder)) {
    throw new Error(`${root} has no benchmark/net; name a tree of Node's ` +
      'sources that has with --suite, or remove that one to fetch it anew');
  }
  return fs.readdirSync(folder).filter(isOfNet)
    .map((name) => path.join(folder, name));
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function environment(subject, port) {
  const env = { ...process.env, PORT: String(port),
    NODEJS_BENCHMARK_ZERO_ALLOWED: '1' };
  // With this the harness runs one configuration in the process itself, and
  // without it a queue of them, in children.
  if (subject !== undefined) env.NODE_RUN_BENCHMARK_FN = '';
  if (subject === 'uvnet') {
    const before = env.NODE_OPTIONS ?? '';
    env.NODE_OPTIONS = `${before} --require ${JSON.stringify(register)}`;
  }
  return env;
}

// Runs one configuration on a subject, or without one a queue on core. Returns
// the reports `{ name, conf, rate }` of the harness.
async function runFile(file, args, subject) {
  const env = environment(subject, await freePort());
  const child = fork(file, args,
    { env, execArgv: FLAGS, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const reports = [];
  let errors = '';
  child.stderr.on('data', (text) => { errors += text; });
  child.on('message', (message) => {
    if (message.type === 'report') reports.push(message);
  });
  const timer = setTimeout(() => {
    errors += `no end after ${TIMEOUT / 1000} s`;
    child.kill('SIGKILL');
  }, TIMEOUT);
  const code = await new Promise((resolve) => { child.on('exit', resolve); });
  clearTimeout(timer);
  return { reports, error: code === 0 ? undefined : errors.trim() };
}

// The configurations of a file, learnt from a run that is too short to tell
// anything else.
async function configurations(file) {
  const { reports, error } = await runFile(file, ['dur=0.01', 'n=10']);
  if (error) throw new Error(`${file}: ${error}`);
  return reports.map(({ conf }) => {
    const { dur, n, ...rest } = conf;
    const text = Object.entries(rest).map(([key, value]) => `${key}=${value}`);
    const name = [path.basename(file, '.js'), ...text].join(' ');
    return { file, name, args: text, hasDuration: dur !== undefined,
      hasCount: n !== undefined };
  });
}

function argumentsOf({ args, hasDuration, hasCount }, seconds) {
  const rest = [];
  if (hasDuration) rest.push(`dur=${seconds}`);
  if (hasCount) rest.push(`n=${REPETITIONS}`);
  return [...args, ...rest];
}

// One run on each side. Returns the rates by side; throws if a run failed.
async function runRound(configuration, seconds, order) {
  const rates = {};
  for (const side of order) {
    const { reports, error } = await runFile(configuration.file,
      argumentsOf(configuration, seconds), side === 'uvnet' ? side : 'core');
    if (error !== undefined || reports.length !== 1) {
      throw new Error(`${side}: ${error || 'no report'}`);
    }
    rates[side] = reports[0].rate;
  }
  return rates;
}

// Rounds that give a rate on each side: a duration that is too short for one
// is doubled, also for the rounds to come.
async function runRounds(configuration, { pairs, dur }) {
  const rounds = [];
  let seconds = Number(dur);
  while (rounds.length < Number(pairs)) {
    const order = rounds.length % 2 === 0 ? SIDES : SIDES.toReversed();
    const rates = await runRound(configuration, seconds, order);
    const isWhole = SIDES.every((side) => rates[side] > 0);
    if (isWhole || seconds * 2 > MAX_DURATION) rounds.push(rates);
    else seconds *= 2;
  }
  return { rounds, seconds };
}

const isNoisy = (control) => control < CONTROL[0] || control > CONTROL[1];

// 95% interval of the ratio; each round has processes of its own.
function intervalOf(rounds, side, base) {
  return interval(rounds.map((round) => [round[side]]),
    rounds.map((round) => [round[base]]));
}

// Medians of the rates, and of the ratios within the rounds.
async function compareOne(configuration, options) {
  const { name } = configuration;
  try {
    const { rounds, seconds } = await runRounds(configuration, options);
    const of = (value) => median(rounds.map(value));
    const rates = Object.fromEntries(SIDES.map((side) =>
      [side, of((round) => round[side])]));
    const control = of((round) => round.core / round.control);
    return { name, seconds, rounds, rates, control, noisy: isNoisy(control),
      ratio: of((round) => round.uvnet / round.core),
      interval: intervalOf(rounds, 'uvnet', 'core'),
      controlInterval: intervalOf(rounds, 'core', 'control') };
  } catch (err) {
    return { name, error: err.message };
  }
}

// The line of a stack trace that says most.
function messageOf(error) {
  const lines = error.split('\n');
  return lines.find((line) => /Error\b.*:/.test(line)) ?? lines.at(-1);
}

// There is none where a side was too slow to get a byte through in time.
const hasRatio = ({ ratio }) => ratio > 0 && Number.isFinite(ratio);

function print(result) {
  const { name, rates, ratio, control, noisy, error } = result;
  if (error) {
    console.log(`${name.padEnd(70)} failed\n  ${messageOf(error)}`);
    return;
  }
  const cells = [rates.core, rates.uvnet]
    .map((rate) => rate.toPrecision(4).padStart(11));
  for (const value of [ratio, control]) {
    cells.push((hasRatio(result) ? value.toFixed(2) : '-').padStart(9));
  }
  console.log(name.padEnd(70) + cells.join('') + (noisy ? '  noisy' : ''));
}

async function findConfigurations(options) {
  const files = findBenchmarks(options);
  // A text may begin with a whole name of a file: then only that is asked.
  const [start] = options.only.split(' ');
  const named = files.filter((file) => path.basename(file, '.js') === start);
  const found = [];
  for (const file of named.length > 0 ? named : files) {
    found.push(...await configurations(file));
  }
  return found.filter(({ name }) => name.includes(options.only));
}

// Geometric means; a control is left out where core got nothing through.
function means(found) {
  const controls = found.map(({ control }) => control)
    .filter((control) => control > 0 && Number.isFinite(control));
  return {
    ratios: found.length,
    geometricMean: geometricMean(found.map(({ ratio }) => ratio)),
    control: geometricMean(controls),
  };
}

function byFile(found) {
  const files = {};
  for (const result of found) {
    const [file] = result.name.split(' ');
    (files[file] ??= []).push(result);
  }
  return Object.entries(files)
    .map(([file, results]) => ({ file, ...means(results) }));
}

// How many are below LOW, and how many with their whole interval.
function countLow(found) {
  const count = (isLow) => found.filter(isLow).length;
  return {
    ratios: count(({ ratio }) => ratio < LOW),
    controls: count(({ control }) => control < LOW),
    intervals: count((result) => result.interval[1] < LOW),
    controlIntervals: count((result) => result.controlInterval[1] < LOW),
  };
}

function summarize(results) {
  const found = results.filter(hasRatio);
  if (found.length === 0) return undefined;
  const smallest = found.reduce((a, b) => (b.ratio < a.ratio ? b : a));
  return {
    configurations: results.length,
    ...means(found),
    files: byFile(found),
    smallest: { name: smallest.name, ratio: smallest.ratio,
      noisy: smallest.noisy },
    noisy: found.filter(({ noisy }) => noisy).length,
    low: countLow(found),
  };
}

function printLow({ ratios, controls }) {
  console.log(`below ${LOW}: ${ratios}; of core / core: ${controls}`);
}

function printSummary(summary, { length }) {
  if (summary) {
    const { ratios, smallest, noisy } = summary;
    const mark = smallest.noisy ? ', noisy' : '';
    console.log('\ngeometric means');
    for (const { file, ratios: count, ...mean } of summary.files) {
      const cells = [mean.geometricMean, mean.control]
        .map((value) => value.toFixed(2).padStart(9));
      console.log(`${file}, ${count} ratios`.padEnd(92) + cells.join(''));
    }
    console.log(`\ngeometric mean of ${ratios} ratios: ` +
      `${summary.geometricMean.toFixed(3)}; of core / core: ` +
      `${summary.control.toFixed(3)}\n` +
      `smallest ratio: ${smallest.ratio.toFixed(2)}, ${smallest.name}${mark}\n` +
      `${noisy} are noisy: core / core not within ${CONTROL.join(' and ')}`);
    printLow(summary.low);
  }
  const rest = length - (summary?.ratios ?? 0);
  if (rest > 0) console.log(`${rest} configurations gave no ratio`);
}

async function main() {
  const { values: options } = parseArgs({ options: optionTypes });
  if (options.help) {
    process.stdout.write(USAGE);
    return;
  }
  const chosen = await findConfigurations(options);
  if (options.list) console.log(chosen.map(({ name }) => name).join('\n'));
  else await compare(chosen, options);
}

async function compareAll(chosen, options) {
  console.log([TITLE.padEnd(70), 'core'.padStart(11), 'uvnet'.padStart(11),
    'ratio'.padStart(9), 'control'.padStart(9)].join(''));
  const results = [];
  for (const configuration of chosen) {
    const result = await compareOne(configuration, options);
    results.push(result);
    print(result);
  }
  return results;
}

// What is chosen for being low is so by chance too. So what is measured now
// counts alone, and core / core has the same chance.
async function compareAgain(chosen, results, options) {
  const lowNames = new Set(results.filter(({ ratio }) => ratio < LOW)
    .map(({ name }) => name));
  if (options.again === '0' || lowNames.size === 0) return undefined;
  console.log(`\nagain, in ${options.again} rounds, what is below ${LOW}`);
  const again = await compareAll(chosen.filter(({ name }) =>
    lowNames.has(name)), { ...options, pairs: options.again });
  const found = again.filter(hasRatio);
  const summary = { ...means(found), low: countLow(found) };
  const { geometricMean: mean, control, low } = summary;
  console.log(`\ngeometric mean of ${found.length} ratios: ` +
    `${mean.toFixed(3)}; of core / core: ${control.toFixed(3)}`);
  printLow(low);
  console.log(`with the whole 95% interval: ${low.intervals}; of core / ` +
    `core: ${low.controlIntervals}`);
  return { summary, results: again };
}

async function compare(chosen, options) {
  const results = await compareAll(chosen, options);
  const summary = summarize(results);
  printSummary(summary, results);
  const again = await compareAgain(chosen, results, options);
  const all = [...results, ...again?.results ?? []];
  if (all.some(({ error }) => error)) process.exitCode = 1;
  if (options.json) {
    fs.writeFileSync(options.json,
      `${JSON.stringify({ summary, results, again }, null, 2)}\n`);
  }
}

main().catch((err) => {
  console.error(err.message);
  process.exitCode = 1;
});
