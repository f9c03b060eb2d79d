'use strict';

// npm run bench:matrix: core's net and uvnet over cells of a matrix, drawn by a
// seed: ways of writing and reading, sizes, pieces, transports and protocols.
// README.md tells the method.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { parse, sample, shuffle } = require('./matrix/cells');
const { countCells } = require('./matrix/instructions');
const { measureCells } = require('./matrix/measure');
const report = require('./matrix/report');
const { randomNumbers } = require('./stats');

const USAGE = `usage: npm run bench:matrix -- [options]
  --seed N         draws other cells (1)
  --cells N        how many (300)
  --only TEXT      only those of the sample with TEXT in their id
  --like TEXT      draws only from those with TEXT in their id
  --cell ID        this cell instead of a sample; may be repeated
  --rounds N       windows of each process in a cell (4)
  --window MS      processor time of a window (60)
  --warmup MS      that before the windows (400)
  --group N        fresh processes after so many cells (1)
  --control N      every Nth cell also core against core (20)
  --again N        rounds for what is below ${report.LOW} (24; 0: not again)
  --launches N     fresh processes for these (3)
  --instructions   counts instructions instead, with valgrind
  --json FILE      writes all figures
  --list           names the cells
`;

const optionTypes = {
  seed: { type: 'string', default: '1' },
  cells: { type: 'string', default: '300' },
  only: { type: 'string', default: '' },
  like: { type: 'string', default: '' },
  cell: { type: 'string', multiple: true, default: [] },
  rounds: { type: 'string', default: '4' },
  window: { type: 'string', default: '60' },
  warmup: { type: 'string', default: '400' },
  group: { type: 'string', default: '1' },
  control: { type: 'string', default: '20' },
  again: { type: 'string', default: '24' },
  launches: { type: 'string', default: '3' },
  instructions: { type: 'boolean' },
  json: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
};

const NUMBERS = ['seed', 'cells', 'rounds', 'window', 'warmup', 'group', 'control',
  'again', 'launches'];

function readOptions() {
  const { values } = parseArgs({ options: optionTypes });
  for (const name of NUMBERS) {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < (name === 'again' ? 0 : 1)) {
      throw new Error(`--${name} ${values[name]}: no number for that`);
    }
    values[name] = number;
  }
  return values;
}

function chooseCells({ seed, cells, only, like, cell }) {
  if (cell.length > 0) return cell.map(parse);
  const drawn = sample(seed, cells, (id) => id.includes(like));
  return drawn.filter(({ id }) => id.includes(only));
}

function makeProgress(total) {
  let count = 0;
  return ({ id }) => {
    count++;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K${count}/${total} ${id}`);
    } else if (count % 50 === 0) {
      process.stderr.write(`${count}/${total}\n`);
    }
  };
}

function finishProgress() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

async function measureAll({ folder }, cells, names, plan) {
  const progress = makeProgress(cells.length);
  const results = await measureCells({ folder, progress }, cells, names, plan);
  finishProgress();
  for (const { cell, error } of results) {
    if (!error) continue;
    process.exitCode = 1;
    console.log(`${cell.id} failed\n  ${error}`);
  }
  return results.filter(({ error }) => !error);
}

// Every Nth cell, in processes of their own: a control that had only these
// would be younger than what it is compared to.
async function measureControls(context, cells, options) {
  const { control } = options;
  const chosen = cells.filter((cell, i) => i % control === 0);
  const results = await measureAll(context, chosen, ['core', 'control'],
    options);
  return results.map((result) => report.withRatio(result, 'core', 'control'));
}

function joinLaunches(launches) {
  const joined = new Map();
  for (const { cell, costs } of launches.flat()) {
    if (!joined.has(cell.id)) joined.set(cell.id, { cell, launches: [] });
    joined.get(cell.id).launches.push(costs);
  }
  return [...joined.values()];
}

// What is chosen for being low is so by chance too. So what is measured now
// counts alone, and core / core has the same chance.
async function measureAgain(context, cells, options) {
  const count = options.launches;
  const random = randomNumbers(options.seed);
  const launches = [];
  for (let i = 0; i < count; i++) {
    launches.push(await measureAll(context, shuffle(cells, random),
      ['core', 'uvnet', 'control'],
      { ...options, rounds: Math.ceil(options.again / count) }));
  }
  return joinLaunches(launches).map((result) => ({
    ...report.withRatio(result, 'core', 'uvnet'),
    control: report.withRatio(result, 'core', 'control'),
  }));
}

function printFirst(rows, controls) {
  console.log(`${report.distribution('core / uvnet', rows)}\n`);
  if (controls.length > 0) {
    console.log(`${report.distribution('core / core', controls)}\n`);
  }
  console.log(`${report.byValue(rows)}\n\n${report.worstPairs(rows)}\n`);
  console.log(`the lowest, with 95% intervals\n${report.worst(rows)}`);
}

function printAgain(rows, { again, launches }) {
  console.log(`\nagain, in ${again} rounds of ${launches} launches, what was ` +
    `below ${report.LOW}\n${report.worst(rows, Infinity)}\n`);
  console.log(report.lowText(rows));
}

function describeMachine() {
  return { node: process.version, cpu: os.cpus()[0]?.model,
    processors: os.cpus().length };
}

function writeResults(options, results) {
  if (!options.json) return;
  const all = { machine: describeMachine(), options, ...results };
  fs.writeFileSync(options.json, `${JSON.stringify(all, null, 1)}\n`);
}

async function measureSample(context, cells, options) {
  const results = await measureAll(context, cells, ['core', 'uvnet'], options);
  const rows = results.map((row) => report.withRatio(row, 'core', 'uvnet'));
  const controls = await measureControls(context, cells, options);
  if (rows.length > 0) printFirst(rows, controls);
  // The second part may take longer than the first, and be given up.
  writeResults(options, { rows, controls });
  const low = rows.filter(({ ratio }) => ratio < report.LOW)
    .map(({ cell }) => cell);
  if (options.again === 0 || low.length === 0) return;
  const again = await measureAgain(context, low, options);
  printAgain(again, options);
  writeResults(options, { rows, controls, again });
}

// Cells that were asked for by name are measured as the low ones of a sample.
async function measureNamed(context, cells, options) {
  const rows = await measureAgain(context, cells, options);
  console.log(rows.map(report.rowText).join('\n'));
  writeResults(options, { rows });
}

async function run(context, options) {
  const cells = chooseCells(options);
  if (cells.length === 0) throw new Error('no cell has this in its id');
  if (options.list) {
    console.log(cells.map(({ id }) => id).join('\n'));
    return;
  }
  if (options.instructions) {
    await countCells(context, cells);
    return;
  }
  const { node, cpu, processors } = describeMachine();
  console.log(`Node ${node}, ${processors} processors (${cpu}), ` +
    `${cells.length} cells\n`);
  if (options.cell.length > 0) await measureNamed(context, cells, options);
  else await measureSample(context, cells, options);
}

// A folder that is gone when this process ends, also by an interrupt.
function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-matrix-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => process.exit(1));
  }
  return folder;
}

async function main() {
  const options = readOptions();
  if (options.help) process.stdout.write(USAGE);
  else await run({ folder: temporaryFolder() }, options);
}

main().catch((err) => {
  console.error(`bench: ${err.message}`);
  process.exitCode = 1;
});
