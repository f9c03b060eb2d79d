'use strict';

// Instructions of user code for an operation of a cell, counted by valgrind's
// callgrind: for what times cannot tell apart.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { request, startSide, stopSides } = require('./measure');

// Milliseconds of processor time until V8 has compiled, and what part of the
// operations in that is then done to settle, and again to be counted.
const WARMUP = 4000;
const PART = 8;

function tell(pid, option) {
  execFileSync('callgrind_control', [option, String(pid)], { stdio: 'ignore' });
}

// The sum in a file that callgrind has dumped.
function totals(file) {
  return Number(/^totals: (\d+)/m.exec(fs.readFileSync(file, 'utf8'))[1]);
}

// Core says how many operations there are in the time, and uvnet does as many.
async function count({ folder }, name, cell, known) {
  const file = path.join(folder, 'callgrind');
  const prefix = ['valgrind', '--tool=callgrind', '--instr-atstart=no',
    '--log-file=/dev/null', `--callgrind-out-file=${file}`];
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
    return { all, instructions: totals(`${file}.1`) / counted };
  } finally {
    await stopSides([side]);
    fs.rmSync(`${file}.1`, { force: true });
  }
}

function line(name, core, uvnet, ratio) {
  return name.padEnd(68) +
    [core, uvnet, ratio].map((text) => text.padStart(12)).join('');
}

async function countCells(context, cells) {
  if (spawnSync('valgrind', ['--version']).error) {
    throw new Error('there is no valgrind to count with');
  }
  console.log('instructions of user code for one operation');
  console.log(line('', 'core', 'uvnet', 'ratio'));
  for (const cell of cells) {
    const core = await count(context, 'core', cell);
    const uvnet = await count(context, 'uvnet', cell, core.all);
    console.log(line(cell.id, core.instructions.toFixed(0),
      uvnet.instructions.toFixed(0),
      (core.instructions / uvnet.instructions).toFixed(3)));
  }
}

module.exports = { countCells };
