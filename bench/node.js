'use strict';

// Runs Node's own benchmarks of net, unmodified: every configuration on core
// and on uvnet in turn. These measure throughput by the clock, with client and
// server in one process.

const { fork } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { getSuite } = require('../test/node/suite');
const { geometricMean, median } = require('./stats');

const USAGE = `usage: node bench/node.js [options]
  --suite PATH    a tree of Node's sources with benchmark/ in it
  --only TEXT     only configurations with TEXT in their name
  --pairs N       runs on each side, in turn (3)
  --dur SECONDS   of one run (1; Node's own default is 5)
  --list          names the configurations
  --json FILE     writes all rates
`;

const optionTypes = {
  suite: { type: 'string' },
  only: { type: 'string', default: '' },
  pairs: { type: 'string', default: '3' },
  dur: { type: 'string', default: '1' },
  list: { type: 'boolean' },
  json: { type: 'string' },
  help: { type: 'boolean' },
};

const TITLE = 'rate, and uvnet / core: above 1 uvnet is faster';

// Repetitions of the benchmarks that have no duration.
const REPETITIONS = 1e6;

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
      'sources that has with --suite');
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

function argumentsOf({ args, hasDuration, hasCount }, { dur }) {
  const rest = [];
  if (hasDuration) rest.push(`dur=${dur}`);
  if (hasCount) rest.push(`n=${REPETITIONS}`);
  return [...args, ...rest];
}

async function runPairs(configuration, options) {
  const rates = { core: [], uvnet: [] };
  const args = argumentsOf(configuration, options);
  for (let i = 0; i < Number(options.pairs); i++) {
    const order = i % 2 === 0 ? ['core', 'uvnet'] : ['uvnet', 'core'];
    for (const subject of order) {
      const { reports, error } = await runFile(configuration.file, args,
        subject);
      if (error !== undefined || reports.length !== 1) {
        return { error: `${subject}: ${error || 'no report'}` };
      }
      rates[subject].push(reports[0].rate);
    }
  }
  return { rates, ratio: median(rates.uvnet) / median(rates.core) };
}

// The line of a stack trace that says most.
function messageOf(error) {
  const lines = error.split('\n');
  return lines.find((line) => /Error\b.*:/.test(line)) ?? lines.at(-1);
}

// There is none where a side was too slow to get a byte through in time.
const hasRatio = ({ ratio }) => ratio > 0 && Number.isFinite(ratio);

function print(result) {
  const { name, rates, ratio, error } = result;
  if (error) {
    console.log(`${name.padEnd(70)} failed\n  ${messageOf(error)}`);
    return;
  }
  const cells = [rates.core, rates.uvnet]
    .map((values) => median(values).toPrecision(4).padStart(11));
  cells.push((hasRatio(result) ? ratio.toFixed(2) : '-').padStart(7));
  console.log(name.padEnd(70) + cells.join(''));
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

function summarize(results) {
  const ratios = results.filter(hasRatio).map(({ ratio }) => ratio);
  const rest = results.length - ratios.length;
  if (ratios.length > 0) {
    const mean = geometricMean(ratios).toFixed(3);
    console.log(`\ngeometric mean of ${ratios.length} ratios: ${mean}`);
  }
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

async function compare(chosen, options) {
  console.log([TITLE.padEnd(70), 'core'.padStart(11), 'uvnet'.padStart(11),
    'ratio'.padStart(7)].join(''));
  const results = [];
  for (const configuration of chosen) {
    const { name } = configuration;
    const result = { name, ...await runPairs(configuration, options) };
    results.push(result);
    print(result);
  }
  summarize(results);
  if (results.some(({ error }) => error)) process.exitCode = 1;
  if (options.json) {
    fs.writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  }
}

main().catch((err) => {
  console.error(err.message);
  process.exitCode = 1;
});
