'use strict';

// npm run bench:latency: how long a message waits for its reply at a fixed rate
// that the servers can keep, on core, on uvnet and in C. README.md tells the
// method.

const os = require('node:os');
const { buildCeiling, buildLoad } = require('./build');
const { runCommand } = require('./command');
const { processesOf, runWindow, startSide, watchMachine } =
  require('./measure');
const { cpuTime, stop, temporaryFolder } = require('./processes');
const { head, rowText } = require('./latency-report');
const { interval, median, ratio } = require('./stats');

const USAGE = `usage: npm run bench:latency -- [options]
  --launches N  fresh processes for each row so often (default 3)
  --rounds N    windows of each side, launch and rate (default 4)
  --window MS   how long each is (default 2000)
  --no-ceiling  without the server in C, which needs node-gyp
  --only TEXT   only rows with TEXT in their name
  --quick       one launch of two short rounds: does it work?
  --json FILE   writes all figures
  --list        names the rows
`;

const optionTypes = {
  launches: { type: 'string' },
  rounds: { type: 'string' },
  window: { type: 'string' },
  'no-ceiling': { type: 'boolean' },
  only: { type: 'string', default: '' },
  quick: { type: 'boolean' },
  json: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
};

// Milliseconds. The warm-up compiles the hot functions.
const plans = {
  normal: { launches: 3, rounds: 4, window: 2000, warmup: 1000 },
  quick: { launches: 1, rounds: 2, window: 150, warmup: 50 },
};

// Parts of what core's process can do at most.
const PARTS = [0.3, 0.7];
const CALIBRATIONS = 5;
const CALIBRATION_MS = 100;

const KEYS = ['p50', 'p99', 'p999'];

function echo(name, connections, size) {
  return { name, handler: 'echo', connections, size, reply: size, depth: 1,
    closed: 'exchange', ceiling: true };
}

// `closed` is the load generator's mode that keeps the server busy.
const rows = [
  echo('echo 64 B, 50 connections', 50, 64),
  echo('echo 16 KB, 50 connections', 50, 16 * 1024),
  echo('echo 64 B, 1000 connections', 1000, 64),
  { name: 'http hello, keep-alive', handler: 'http', connections: 50,
    closed: 'http' },
];

function subjectsOf(row, context) {
  const subjects = [{ name: 'core', net: 'core' },
    { name: 'uvnet', net: 'uvnet' }, { name: 'control', net: 'core' }];
  if (row.ceiling && context.hasCeiling) {
    subjects.push({ name: 'ceiling', net: 'ceiling' });
  }
  return subjects;
}

const stopAll = (sides) => Promise.all(sides.flatMap(processesOf).map(stop));

// Operations a second with which core's process would use one processor up.
async function calibrate(context, row, { warmup }) {
  const sides = [];
  try {
    await startSide(context, { name: 'core', net: 'core' },
      { ...row, mode: row.closed }, sides);
    const [side] = sides;
    await runWindow(side, warmup);
    const costs = [];
    for (let i = 0; i < CALIBRATIONS; i++) {
      const before = cpuTime(side.subject.pid);
      const { operations } = await runWindow(side, CALIBRATION_MS);
      costs.push((cpuTime(side.subject.pid) - before) / operations);
    }
    return 1e9 / median(costs);
  } finally {
    await stopAll(sides);
  }
}

// Two figures are exact enough for a rate.
const rounded = (rate) => Number(rate.toPrecision(2));

// One round after the other, there and back. Returns the windows of each side.
async function runRounds(sides, rate, plan) {
  const windows = sides.map(() => []);
  for (let round = 0; round < plan.rounds; round++) {
    const order = round % 2 === 0 ? sides : sides.toReversed();
    for (const side of order) {
      windows[sides.indexOf(side)].push(
        await runWindow(side, `${plan.window} ${rate}`));
    }
  }
  return windows;
}

// Fresh processes; for each rate `{ windows, machine }`.
async function launchOnce(context, row, rates, plan) {
  const sides = [];
  try {
    for (const subject of subjectsOf(row, context)) {
      await startSide(context, subject, { ...row, mode: 'paced' }, sides);
    }
    for (const side of sides) {
      await runWindow(side, `${plan.warmup} ${rates.at(-1)}`);
    }
    const results = [];
    for (const rate of rates) {
      const finish = watchMachine(sides);
      const windows = await runRounds(sides, rate, plan);
      results.push({ windows, machine: finish() });
    }
    return results;
  } finally {
    await stopAll(sides);
  }
}

// One side's figures: its windows by launch.
function summarize(name, windows, base) {
  const of = (launches, key) =>
    launches.map((launch) => launch.map((window) => window[key]));
  const side = { name, windows };
  for (const key of [...KEYS, 'lag99']) {
    side[key] = median(of(windows, key).flat()) / 1000;
  }
  side.slowest = Math.max(...of(windows, 'nanoseconds').flat()) / 1e6;
  side.ratio = {};
  side.interval = {};
  for (const key of KEYS) {
    const pair = [of(base, key), of(windows, key)];
    side.ratio[key] = ratio(...pair);
    side.interval[key] = interval(...pair);
  }
  return side;
}

function makeResult(row, context, rate, launches) {
  const sum = (key) => launches
    .reduce((total, { machine }) => total + machine[key], 0);
  const windowsOf = (k) => launches.map(({ windows }) => windows[k]);
  const sides = {};
  subjectsOf(row, context).forEach(({ name }, k) => {
    sides[name] = summarize(name, windowsOf(k), windowsOf(0));
  });
  return { name: row.name, ...rate, sides,
    machine: { foreign: sum('foreign') / sum('all'),
      steal: sum('steal') / sum('all') } };
}

async function measureRow(context, row, plan) {
  const most = await calibrate(context, row, plan);
  const rates = PARTS.map((part) => ({ part, rate: rounded(most * part) }));
  const launches = [];
  for (let i = 0; i < plan.launches; i++) {
    launches.push(await launchOnce(context, row,
      rates.map(({ rate }) => rate), plan));
  }
  return rates.map((rate, k) => makeResult(row, context, rate,
    launches.map((results) => results[k])));
}

async function run(context, chosen, plan) {
  const all = [];
  console.log(`Node ${process.version}, ${os.cpus().length} processors; ` +
    `${plan.launches} launches, ${plan.rounds} windows of ${plan.window} ms` +
    `\n\n${head()}`);
  for (const row of chosen) {
    const results = await measureRow(context, row, plan);
    for (const result of results) console.log(rowText(result, plan));
    all.push(...results);
  }
  console.log('\nMicroseconds from when a message was due until its whole ' +
    'reply was there; medians of the windows\' percentiles.\nratio = core / ' +
    'uvnet, above 1 uvnet is faster. lag is how late the load generator sent.');
  return all;
}

function makePlan(options) {
  const plan = { ...plans[options.quick ? 'quick' : 'normal'] };
  for (const name of ['launches', 'rounds', 'window']) {
    if (options[name] !== undefined) plan[name] = Number(options[name]);
    if (!(plan[name] >= 1)) throw new Error(`--${name} takes a number`);
  }
  return plan;
}

async function measureRows(options, chosen) {
  const plan = makePlan(options);
  const folder = temporaryFolder();
  const hasCeiling = !options['no-ceiling'] && buildCeiling();
  return run({ folder, load: buildLoad(folder), hasCeiling }, chosen, plan);
}

runCommand({ usage: USAGE, optionTypes, rows, measure: measureRows });
