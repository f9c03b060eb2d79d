'use strict';

// npm run bench:peers: the same servers on Node's net, on uvnet, in C, and on
// Bun and Deno, by their node:net and by what they have of their own. README.md
// tells the method.

const os = require('node:os');
const path = require('node:path');
const { buildCeiling, buildLoad } = require('./build');
const { runCommand } = require('./command');
const { measure, processesOf, runWindow, startSide } = require('./measure');
const { find } = require('./peers/find');
const { stop, temporaryFolder } = require('./processes');
const { noiseOf } = require('./report');
const { scenarios } = require('./scenarios');
const { interval, median, ratio } = require('./stats');

const USAGE = `usage: npm run bench:peers -- [options]
  --bun PATH, --deno PATH  the programs, for npm's in the cache folder
  --offline    installs neither, but takes what is there
  --launches N fresh processes for each row so often (default 4)
  --no-ceiling without the server in C, which needs node-gyp
  --only TEXT  only rows with TEXT in their name
  --quick      one launch of three windows: does it work?
  --json FILE  writes all figures
  --list       names the rows
`;

const optionTypes = {
  bun: { type: 'string' },
  deno: { type: 'string' },
  offline: { type: 'boolean' },
  launches: { type: 'string' },
  'no-ceiling': { type: 'boolean' },
  only: { type: 'string', default: '' },
  quick: { type: 'boolean' },
  json: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
};

// As in run.js, but with a longer warm-up: the compilers differ.
const plans = {
  normal: { launches: 4, windows: 8, window: 60, warmup: 600 },
  quick: { launches: 1, windows: 3, window: 30, warmup: 60 },
};

const NAMES = ['echo 64 B, 50 connections', 'echo 64 B, 1 connection',
  'echo 16 KB, 50 connections', 'echo 64 B, 50 connections, depth 16',
  'connect, byte, end', 'sink, 64 KB', 'http hello, keep-alive'];

const rows = NAMES.map((wanted) =>
  scenarios.find(({ name }) => name === wanted));

const peer = (file) => path.join(__dirname, 'peers', file);

// What can be measured. `net` is what startSubject() takes: a name for
// subject.js, or words that start another program. `own` is what there is but
// for http.
function allSubjects({ bun, deno, hasCeiling }) {
  const subjects = [{ name: 'core net', net: 'core' },
    { name: 'uvnet', net: 'uvnet' }, { name: 'core net again', net: 'core' }];
  if (hasCeiling) {
    subjects.push({ name: 'C on libuv', net: 'ceiling', own: true });
  }
  if (bun) {
    subjects.push(
      { name: 'Bun, node:net', net: [bun.program, peer('node.js'), 'core'] },
      { name: 'Bun.listen', net: [bun.program, peer('bun.js')], own: true });
  }
  if (deno) {
    const words = [deno.program, 'run', '--allow-all'];
    subjects.push(
      { name: 'Deno, node:net', net: [...words, peer('node.js'), 'core'] },
      { name: 'Deno.listen', net: [...words, peer('deno.mjs')], own: true });
  }
  return subjects;
}

// A short window of one subject alone. What fails is left out, and said.
async function works(context, subject, row) {
  const sides = [];
  try {
    await startSide(context, subject, row, sides);
    const { operations } = await runWindow(sides[0], 20);
    if (operations > 0) return true;
    throw new Error('no operation was finished');
  } catch (err) {
    process.stderr.write(`bench: ${row.name}: without ${subject.name}: ` +
      `${err.message}\n`);
    return false;
  } finally {
    await Promise.all(sides.flatMap(processesOf).map(stop));
  }
}

async function workingSubjects(context, row) {
  const working = [];
  for (const subject of allSubjects(context)) {
    if (subject.own && row.mode === 'http') continue;
    if (await works(context, subject, row)) working.push(subject);
  }
  return working;
}

// Each side's figures, compared with uvnet's.
function makeResult(row, { sides, machine }) {
  const costsOf = (wanted) => sides.find(({ name }) => name === wanted).costs;
  const base = costsOf('uvnet');
  const control = ratio(costsOf('core net'), costsOf('core net again'));
  return { name: row.name, machine, noise: noiseOf(control, machine), sides: sides.map((side) => ({
    name: side.name,
    cost: median(side.costs.flat()),
    ratio: ratio(side.costs, base),
    interval: interval(side.costs, base),
    p50: median(side.p50) / 1000,
    p99: median(side.p99) / 1000,
    costs: side.costs,
  })) };
}

function line([row, name, ...cells]) {
  return row.padEnd(37) + name.padEnd(16) +
    cells.map((text) => text.padStart(11)).join('');
}

function resultText({ name, sides, machine, noise }) {
  const percent = (part) => `${(part * 100).toFixed(0)}%`;
  return sides.map((side, i) => line([
    i === 0 ? name : '', side.name, side.cost.toFixed(0),
    side.ratio.toFixed(2),
    side.interval.map((value) => value.toFixed(2)).join('-'),
    side.p50.toFixed(0), side.p99.toFixed(0),
    ...(i === 0 ? [percent(machine.foreign), percent(machine.steal)] : []),
  ]) + (i === 0 && noise.length > 0 ? `  noisy: ${noise.join(', ')}` : ''))
    .join('\n');
}

async function measureRow(context, row, plan) {
  try {
    const subjects = await workingSubjects(context, row);
    const result = makeResult(row, await measure(context, subjects, row, plan));
    console.log(`${resultText(result)}\n`);
    return [result];
  } catch (err) {
    process.exitCode = 1;
    console.log(`${row.name}: ${err.message}\n`);
    return [];
  }
}

async function run(context, chosen, plan) {
  const versions = ['bun', 'deno'].filter((name) => context[name])
    .map((name) => `, ${name} ${context[name].version}`);
  console.log(`Node ${process.version}${versions.join('')}; ` +
    `${os.cpus().length} processors, Linux ${os.release()}\n`);
  console.log(line(['', '', 'ns', 'to uvnet', 'interval', 'p50 us', 'p99 us',
    'foreign', 'steal']));
  const results = [];
  for (const row of chosen) {
    results.push(...await measureRow(context, row, plan));
  }
  console.log('Processor time of the process for one operation, all its ' +
    'threads, user and system;\nto uvnet: how many times as much as uvnet it ' +
    'needs, so above 1 uvnet needs less.');
  return results;
}

function makePlan({ quick, launches }) {
  const plan = plans[quick ? 'quick' : 'normal'];
  if (launches === undefined) return plan;
  if (!(Number(launches) >= 1)) throw new Error('--launches takes a number');
  return { ...plan, launches: Number(launches) };
}

async function measureRows(options, chosen) {
  const plan = makePlan(options);
  const place = (name) =>
    find(name, { named: options[name], offline: options.offline });
  const folder = temporaryFolder();
  const hasCeiling = !options['no-ceiling'] && buildCeiling();
  return run({ folder, bun: place('bun'), deno: place('deno'),
    load: buildLoad(folder), hasCeiling }, chosen, plan);
}

runCommand({ usage: USAGE, optionTypes, rows, measure: measureRows });
