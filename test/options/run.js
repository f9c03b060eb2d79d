'use strict';

// node test/options/run.js [--part N/M] [--only TEXT] [--out FILE] [--times]
// Tries every cell on core's net and on uvnet and compares what they leave.
// Prints each cell that differs as a line of JSON, and one with the numbers.
// --only takes the cells whose name has the text; --times prints what each group
// took; --sabotage compares core with a net that does not know ::1.

const fs = require('node:fs');
const { net } = require('../../lib/builtin');
const path = require('node:path');
const { parseArgs } = require('node:util');
const connect = require('./cells/connect');
const modules = require('./cells/module');
const order = require('./cells/order');
const server = require('./cells/server');
const socket = require('./cells/socket');
const { describe } = require('./describe');
const { createWorld, setPatience, startLog } = require('./world');

const ROOT = path.join(__dirname, '..', '..');
// What differs once may have met something else of this machine: it is tried
// again with turns of so many milliseconds.
const PATIENCE = [0, 1, 10];

const { values: settings } = parseArgs({ options: {
  part: { type: 'string', default: '1/1' },
  only: { type: 'string' },
  out: { type: 'string' },
  sabotage: { type: 'boolean' },
  times: { type: 'boolean' },
} });

const groups = { ...connect.groups, ...socket.groups, ...server.groups,
  ...modules.groups, ...order.groups };

// The groups whose cells use ports that are not the kernel's choice stay in one
// part.
function cellsOfPart() {
  const [part, parts] = settings.part.split('/').map(Number);
  const cells = [];
  for (const [group, generate] of Object.entries(groups)) {
    const isHere = group.startsWith('listen') ? part === 1 : null;
    for (const [name, run] of generate()) {
      if (isHere ?? cells.length % parts === part - 1) {
        cells.push({ group, name, run });
      } else {
        cells.push(null);
      }
    }
  }
  return cells.filter((cell) => cell !== null &&
    (!settings.only || cell.name.includes(settings.only)));
}

// Longer than any cell takes.
const LIMIT_MS = 10000;

async function runCell({ run }, sut, world) {
  const log = startLog();
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, LIMIT_MS, { limit: 'exceeded' });
  });
  const result = await Promise.race([limit, run(sut, world)
    .catch((error) => ({ rejected: describe(error) }))]);
  clearTimeout(timer);
  return JSON.stringify({ ...result, log: [...log] });
}

async function tryCell(cell, subjects, world) {
  let texts;
  for (const patience of PATIENCE) {
    setPatience(patience);
    texts = [];
    for (const sut of subjects) texts.push(await runCell(cell, sut, world));
    if (texts[0] === texts[1]) return null;
  }
  return { name: cell.name, core: JSON.parse(texts[0]),
    uvnet: JSON.parse(texts[1]) };
}

function sabotaged() {
  return { ...net, isIP: (text) => (text === '::1' ? 0 : net.isIP(text)) };
}

async function main() {
  const world = await createWorld();
  const subjects = [net, settings.sabotage ? sabotaged() : require(ROOT)];
  const cells = cellsOfPart();
  const differences = [];
  const out = settings.out ? fs.openSync(settings.out, 'w') : 1;
  const times = {};
  for (const cell of cells) {
    const start = process.hrtime.bigint();
    const difference = await tryCell(cell, subjects, world);
    times[cell.group] = (times[cell.group] ?? 0) +
      Number(process.hrtime.bigint() - start) / 1e6;
    if (difference) {
      differences.push(difference);
      fs.writeSync(out, `${JSON.stringify(difference)}\n`);
    }
  }
  if (settings.times) fs.writeSync(2, `${JSON.stringify(times)}\n`);
  fs.writeSync(out, `${JSON.stringify({ cells: cells.length,
    differ: differences.length })}\n`);
  world.close();
}

main().then(() => process.exit(0));
