'use strict';

// Measures cells: a process for each net, all alive together, of which one
// works at a time, in windows of as many operations in turn.

const path = require('node:path');
const { ask, start, stop } = require('../processes');

// Milliseconds; valgrind makes all some 50 times slower.
const LIMITS = { normal: 30000, prefixed: 600000 };

// What the processes are called, and the net in each.
const NETS = { core: 'core', uvnet: 'uvnet', control: 'core' };

async function request({ subject, name, limit }, message) {
  const answer = await ask(subject, message, limit);
  if (answer.error) throw new Error(`${name}: ${answer.error}`);
  return answer;
}

/**
 * @param {string} name of NETS
 * @param {object} context `folder` for Unix sockets, and `prefix`: the first
 *   words of the command, if there are some
 */
function startSide(name, { folder, prefix }) {
  const [command, ...args] = [...prefix ?? [], process.execPath, '--expose-gc',
    path.join(__dirname, 'subject.js'), NETS[name], folder];
  return { name, subject: start(command, args, { ipc: true }),
    limit: prefix ? LIMITS.prefixed : LIMITS.normal };
}

// Lets V8 compile, and finds out how many operations a window has. Each side
// does as many.
async function warmUp(sides, { lanes }, { window, warmup }) {
  const [first, ...others] = sides;
  const { all, count } = await request(first, { calibrate: warmup });
  for (const side of others) await request(side, { run: all });
  return Math.max(lanes, Math.round(count * window / warmup));
}

/**
 * @param {object[]} sides of startSide()
 * @param {object} cell
 * @param {object} plan `rounds` of windows, milliseconds of a `window` and of
 *   `warmup`
 * @returns {Promise<object>} microseconds per operation of each window, by
 *   name of the side
 */
async function measureCell(sides, cell, plan) {
  for (const side of sides) {
    await request(side, { open: cell });
    await request(side, { collect: true });
  }
  const count = await warmUp(sides, cell, plan);
  const costs = Object.fromEntries(sides.map(({ name }) => [name, []]));
  for (let round = 0; round < plan.rounds; round++) {
    for (const side of round % 2 ? sides.toReversed() : sides) {
      const { cost } = await request(side, { run: count });
      costs[side.name].push(cost / count);
    }
  }
  for (const side of sides) await request(side, { close: true });
  return costs;
}

function startSides(names, context) {
  return names.map((name) => startSide(name, context));
}

const stopSides = (sides) =>
  Promise.all(sides.map(({ subject }) => stop(subject)));

// `age` is how many cells the processes have had before.
async function measureGroup(context, group, names, plan) {
  const results = [];
  let sides = startSides(names, context);
  let age = 0;
  try {
    for (const cell of group) {
      context.progress(cell);
      try {
        const costs = await measureCell(sides, cell, plan);
        results.push({ cell, costs, age: age++ });
      } catch (err) {
        // They may be in any state now.
        results.push({ cell, error: err.message });
        await stopSides(sides);
        sides = startSides(names, context);
        age = 0;
      }
    }
  } finally {
    await stopSides(sides);
  }
  return results;
}

function chunks(values, size) {
  return Array.from({ length: Math.ceil(values.length / size) },
    (value, i) => values.slice(i * size, (i + 1) * size));
}

/**
 * Cells in their order, with fresh processes for each `plan.group` of them.
 * @param {string[]} names of sides, the first being what others are compared to
 * @returns {Promise<object[]>} `{ cell, costs, age }` or `{ cell, error }` each
 */
async function measureCells(context, cells, names, plan) {
  const results = [];
  for (const group of chunks(cells, plan.group)) {
    results.push(...await measureGroup(context, group, names, plan));
  }
  return results;
}

module.exports = { measureCells, request, startSide, stopSides };
