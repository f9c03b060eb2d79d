'use strict';

// Measures cells: a process for each net, in windows of as many operations. Two of
// them work at the same time, so that whatever slows the machine slows both; three
// and more in turn.

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

// Two sides at the same time, more in turn.
async function forEachSide(sides, act) {
  if (sides.length <= 2) return Promise.all(sides.map(act));
  const results = [];
  for (const [i, side] of sides.entries()) results.push(await act(side, i));
  return results;
}

// Lets V8 compile, and finds out how many operations a window has. In the end each
// side has done as many.
async function warmUp(sides, { lanes }, { window, warmup }) {
  const done = await forEachSide(sides, (side) =>
    request(side, { calibrate: warmup }));
  const most = Math.max(...done.map(({ all }) => all));
  await forEachSide(sides, async (side, i) => {
    const missing = most - done[i].all;
    if (missing > 0) await request(side, { run: missing });
  });
  return Math.max(lanes, Math.round(done[0].count * window / warmup));
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
  await forEachSide(sides, async (side) => {
    await request(side, { open: cell });
    await request(side, { collect: true });
  });
  const count = await warmUp(sides, cell, plan);
  const costs = Object.fromEntries(sides.map(({ name }) => [name, []]));
  for (let round = 0; round < plan.rounds; round++) {
    await forEachSide(round % 2 ? sides.toReversed() : sides, async (side) => {
      const { cost } = await request(side, { run: count });
      costs[side.name].push(cost / count);
    });
  }
  await forEachSide(sides, (side) => request(side, { close: true }));
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
