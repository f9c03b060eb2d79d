'use strict';

// How many instructions of user code one operation takes, counted by valgrind's
// callgrind: node bench/instructions.js [--only TEXT]. Times depend on what the
// machine's kernel costs and on who else uses it; this does not.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { buildCeiling, buildLoad } = require('./build');
const { processesOf, runWindow, startSide } = require('./measure');
const { stop } = require('./processes');
const { scenarios } = require('./scenarios');

// Milliseconds: until V8 has compiled, until it has what it compiles anew, and
// what is counted. Under valgrind all takes some 50 times longer.
const WARMUP = 4000;
const SETTLE = 300;
const WINDOW = 3000;

function tell(pid, request) {
  execFileSync('callgrind_control', [request, String(pid)],
    { stdio: 'ignore' });
}

// The sum in a file that callgrind has dumped.
function totals(file) {
  return Number(/^totals: (\d+)/m.exec(fs.readFileSync(file, 'utf8'))[1]);
}

async function count(context, subject, scenario) {
  const file = path.join(context.folder, 'callgrind');
  const prefix = ['valgrind', '--tool=callgrind', '--instr-atstart=no',
    '--log-file=/dev/null', `--callgrind-out-file=${file}`];
  const sides = [];
  try {
    await startSide({ ...context, prefix }, subject, scenario, sides);
    const [side] = sides;
    await runWindow(side, WARMUP);
    tell(side.subject.pid, '--instr=on');
    await runWindow(side, SETTLE);
    tell(side.subject.pid, '--zero');
    const { operations } = await runWindow(side, WINDOW);
    tell(side.subject.pid, '--dump');
    return totals(`${file}.1`) / (operations * (scenario.weight ?? 1));
  } finally {
    await Promise.all(sides.flatMap(processesOf).map(stop));
    fs.rmSync(`${file}.1`, { force: true });
  }
}

function subjectsOf({ ceiling }, context) {
  const names = ceiling && context.hasCeiling ? ['ceiling'] : [];
  return ['core', 'uvnet', ...names];
}

function line(cells) {
  const [name, ...others] = cells;
  return name.padEnd(40) + others.map((text) => text.padStart(9)).join('');
}

async function countRow(context, scenario) {
  const counts = [];
  for (const net of subjectsOf(scenario, context)) {
    counts.push(await count(context, { name: net, net }, scenario));
  }
  const [core, uvnet, ceiling] = counts;
  console.log(line([scenario.name, core.toFixed(0), uvnet.toFixed(0),
    (core / uvnet).toFixed(2), ceiling?.toFixed(0) ?? '-']));
}

async function main() {
  const { values: { only } } = parseArgs({
    options: { only: { type: 'string', default: '' } },
  });
  if (spawnSync('valgrind', ['--version']).error) {
    throw new Error('there is no valgrind to count with');
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-bench-'));
  try {
    const context = { folder, load: buildLoad(folder),
      hasCeiling: buildCeiling() };
    console.log('instructions of user code for one operation');
    console.log(line(['', 'core', 'uvnet', 'ratio', 'ceiling']));
    const rows = scenarios.filter(({ name, mode, quick }) =>
      mode !== 'self' && quick !== false && name.includes(only));
    for (const row of rows) await countRow(context, row);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

main();
