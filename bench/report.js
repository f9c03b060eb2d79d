'use strict';

// What the measurements say: rows of figures, and these as text.

const { interval, median, ratio } = require('./stats');

// Two processes with the same core net must come out this equal.
const CONTROL = [0.95, 1.05];

// The parts of the machine's time that others may have.
const MAX_FOREIGN = 0.05;
const MAX_STEAL = 0.05;

// As it is printed.
function isNoisy(control) {
  const rounded = Number(control.toFixed(2));
  return rounded < CONTROL[0] || rounded > CONTROL[1];
}

// Why a row is not to be trusted; empty if it is.
function noiseOf(control, { foreign, steal }) {
  const reasons = [];
  if (isNoisy(control)) reasons.push('control');
  if (foreign > MAX_FOREIGN) reasons.push('foreign');
  if (steal > MAX_STEAL) reasons.push('steal');
  return reasons;
}

// One row of figures from what measure() returned; costs in nanoseconds of
// processor time per operation, times in microseconds. A ratio is core's cost
// by the other's: above 1 the other needs less.
function makeRow(scenario, { sides, machine }) {
  const [core] = sides;
  const row = { name: scenario.name, machine, sides: {} };
  for (const side of sides) {
    row.sides[side.name] = {
      cost: median(side.costs.flat()),
      ratio: ratio(core.costs, side.costs),
      interval: interval(core.costs, side.costs),
      p50: median(side.p50) / 1000,
      p99: median(side.p99) / 1000,
      operations: side.operations,
      syscalls: side.syscalls,
      costs: side.costs,
    };
  }
  row.noise = noiseOf(row.sides.control.ratio, machine);
  return row;
}

const fixed = (digits) => (value) => value?.toFixed(digits) ?? '-';
const percent = (part) => `${(part * 100).toFixed(0)}%`;

// [title, width, row and name of the compared subject -> text]
const columns = [
  ['', -37, (row) => row.name],
  ['core ns', 9, (row) => fixed(0)(row.sides.core.cost)],
  ['NAME ns', 10, (row, name) => fixed(0)(row.sides[name].cost)],
  ['ratio', 7, (row, name) => fixed(2)(row.sides[name].ratio)],
  ['interval', 13, (row, name) => row.sides[name].interval
    .map(fixed(2)).join('-')],
  ['control', 9, (row) => fixed(2)(row.sides.control.ratio)],
  ['ceiling', 9, (row) => fixed(2)(row.sides.ceiling?.ratio)],
  ['p50 core/NAME us', 19, (row, name) => latency(row, name, 'p50')],
  ['p99 core/NAME us', 19, (row, name) => latency(row, name, 'p99')],
  ['syscalls', 11, (row, name) => syscalls(row, name), 'syscalls'],
  ['foreign', 9, (row) => percent(row.machine.foreign)],
  ['steal', 7, (row) => percent(row.machine.steal)],
  ['', 0, (row) => (row.noise.length ? `  noisy: ${row.noise.join(', ')}` : '')],
];

function latency({ sides }, name, key) {
  return [sides.core[key], sides[name][key]].map(fixed(0)).join('/');
}

function syscalls({ sides }, name) {
  return [sides.core.syscalls, sides[name].syscalls].map(fixed(2)).join('/');
}

function pad(text, width) {
  return width < 0 ? text.padEnd(-width) : text.padStart(width);
}

function line(cells, name, shown) {
  return columns.filter(([, , , group]) => !group || shown[group])
    .map((column) => pad(cells(column, name), column[1])).join('').trimEnd();
}

function head(name, shown) {
  return line(([title]) => title.replace('NAME', name), name, shown);
}

function rowText(row, name, shown) {
  return line(([, , text]) => text(row, name), name, shown);
}

function countNoise(rows, reason) {
  return rows.filter(({ noise }) => noise.includes(reason)).length;
}

// The lines after the table.
function summary(rows) {
  const noisy = rows.filter(({ noise }) => noise.length > 0).length;
  const percents = [MAX_FOREIGN, MAX_STEAL].map(percent);
  return [
    'Processor time of the measured process for one operation; ratio = core ' +
      '/ other, above 1 the other needs less.',
    `${noisy} of ${rows.length} rows are noisy: ` +
      `${countNoise(rows, 'control')} with a control, core against core, ` +
      `that is not within ${CONTROL.map(fixed(2)).join(' and ')},`,
    `${countNoise(rows, 'foreign')} where other programs had more than ` +
      `${percents[0]} of the machine, ${countNoise(rows, 'steal')} where the ` +
      `hypervisor took more than ${percents[1]}.`,
  ].join('\n');
}

function idleText(results) {
  const lines = results.map(({ name, connections, rss, heap, external }) =>
    name.padEnd(12) + [connections, rss, heap, external]
      .map((value) => value.toFixed(0).padStart(12)).join(''));
  const title = 'idle'.padEnd(12) + ['connections', 'RSS B', 'heap B',
    'external B'].map((text) => text.padStart(12)).join('');
  return [title, ...lines].join('\n');
}

module.exports = { head, idleText, isNoisy, makeRow, noiseOf, rowText,
  summary };
