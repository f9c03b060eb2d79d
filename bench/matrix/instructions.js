'use strict';

// Instructions of user code for an operation of a cell, counted by valgrind's
// callgrind: for what times cannot tell apart.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { request, startSide, stopSides } = require('./measure');

// Milliseconds of processor time until V8 has compiled, and what part of the
// operations in that is then done to settle, and again to be counted.
const WARMUP = 8000;
const PART = 8;

function tell(pid, option) {
  execFileSync('callgrind_control', [option, String(pid)], { stdio: 'ignore' });
}

// The sums in the files that callgrind has dumped, one a thread: that of the main
// thread, and that of all. The others collect garbage, and compile.
function takeTotals(file) {
  const folder = path.dirname(file);
  const sums = fs.readdirSync(folder).sort()
    .filter((name) => name.startsWith(`${path.basename(file)}.1-`))
    .map((name) => fs.readFileSync(path.join(folder, name), 'utf8'))
    .map((text) => Number(/^totals: (\d+)/m.exec(text)[1]));
  return { main: sums[0], all: sums.reduce((sum, value) => sum + value, 0) };
}

function removeDumps({ folder }) {
  for (const name of fs.readdirSync(folder)) {
    if (name.startsWith('callgrind')) fs.rmSync(path.join(folder, name));
  }
}

// Core says how many operations there are in the time, and uvnet does as many.
async function count(context, name, cell, known) {
  const { folder } = context;
  const file = path.join(folder, 'callgrind');
  const prefix = ['valgrind', '--tool=callgrind', '--instr-atstart=no',
    '--separate-threads=yes', '--log-file=/dev/null', `--callgrind-out-file=${file}`];
  const side = startSide(name, { folder, prefix });
  const { pid } = side.subject;
  try {
    await request(side, { open: cell });
    const all = known ?? (await request(side, { calibrate: WARMUP })).all;
    if (known) await request(side, { run: all });
    const counted = Math.max(1, Math.round(all / PART));
    tell(pid, '--instr=on');
    await request(side, { run: counted });
    tell(pid, '--zero');
    await request(side, { run: counted });
    tell(pid, '--dump');
    const { main, all: threads } = takeTotals(file);
    return { all, main: main / counted, threads: threads / counted };
  } finally {
    await stopSides([side]);
    removeDumps(context);
  }
}

function line(name, cells) {
  return name.padEnd(68) + cells.map((text) => text.padStart(12)).join('');
}

function rowText({ id }, core, uvnet) {
  const figures = ['main', 'threads'].flatMap((key) => [core[key].toFixed(0),
    uvnet[key].toFixed(0), (core[key] / uvnet[key]).toFixed(3)]);
  return line(id, figures);
}

async function countCells(context, cells) {
  if (spawnSync('valgrind', ['--version']).error) {
    throw new Error('there is no valgrind to count with');
  }
  console.log('instructions of user code for one operation: those of the main ' +
    'thread, and those of all');
  console.log(line('', ['core', 'uvnet', 'ratio', 'core', 'uvnet', 'ratio']));
  for (const cell of cells) {
    const core = await count(context, 'core', cell);
    const uvnet = await count(context, 'uvnet', cell, core.all);
    console.log(rowText(cell, core, uvnet));
  }
}

module.exports = { countCells };
