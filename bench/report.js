'use strict';

// What the measurements say: rows of figures, as text, and as a picture.

const { interval, lowerDecile, median, ratio } = require('./stats');

// Two processes with the same core net must come out this equal.
const CONTROL = [0.95, 1.05];

// One row of figures from what measure() returned; costs in nanoseconds of
// processor time per operation, times in microseconds. A ratio is core's cost
// by the other's: above 1 the other needs less.
function makeRow(scenario, { sides, machine }) {
  const [core] = sides;
  const row = { name: scenario.name, machine, sides: {} };
  for (const side of sides) {
    row.sides[side.name] = {
      cost: lowerDecile(side.costs),
      ratio: ratio(core.costs, side.costs),
      interval: interval(core.costs, side.costs),
      p50: median(side.p50) / 1000,
      p99: median(side.p99) / 1000,
      operations: side.operations,
      syscalls: side.syscalls,
      costs: side.costs,
    };
  }
  const control = row.sides.control.ratio;
  row.noisy = control < CONTROL[0] || control > CONTROL[1];
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
  ['', 7, (row) => (row.noisy ? 'noisy' : '')],
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

// The lines after the table.
function summary(rows) {
  const noisy = rows.filter((row) => row.noisy);
  const lines = [
    'Processor time of the measured process for one operation; ratio = core ' +
      '/ other, above 1 the other needs less.',
  ];
  if (noisy.length > 0) {
    lines.push(`The machine was too noisy to tell for ${noisy.length} of ` +
      `${rows.length} rows: there the control, core against core, is not ` +
      `within ${CONTROL.join(' and ')}.`);
  }
  return lines.join('\n');
}

function idleText(results) {
  const lines = results.map(({ name, connections, rss, heap, external }) =>
    name.padEnd(12) + [connections, rss, heap, external]
      .map((value) => value.toFixed(0).padStart(12)).join(''));
  const title = 'idle'.padEnd(12) + ['connections', 'RSS B', 'heap B',
    'external B'].map((text) => text.padStart(12)).join('');
  return [title, ...lines].join('\n');
}

const COLORS = { core: '#8c8c8c', ceiling: '#c9b458', other: '#3b7dbd' };
const BAR = 12;
const LEFT = 270;
const UNIT = 160;

const escapeText = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

function svgText(x, y, text) {
  return `<text x="${x}" y="${y}">${escapeText(text)}</text>`;
}

function svgRow(row, y) {
  const mark = row.noisy ? ' *' : '';
  const parts = [svgText(4, y + BAR * 2, `${row.name}${mark}`)];
  Object.entries(row.sides).filter(([name]) => name !== 'control')
    .forEach(([name, side], i) => {
      const top = y + i * (BAR + 2);
      const width = (side.ratio * UNIT).toFixed(1);
      const color = COLORS[name] ?? COLORS.other;
      parts.push(`<rect x="${LEFT}" y="${top}" width="${width}" ` +
        `height="${BAR}" fill="${color}"/>`,
      svgText(LEFT + Number(width) + 4, top + BAR - 2,
        `${side.ratio.toFixed(2)} ${name}`));
    });
  return parts.join('\n');
}

// Bars of work per processor time; core is 1.00. A star marks noisy rows.
function svg(rows) {
  const step = BAR * 4 + 8;
  const height = rows.length * step + 30;
  const widest = Math.max(1, ...rows.flatMap(({ sides }) =>
    Object.values(sides).map((side) => side.ratio)));
  const width = Math.ceil(LEFT + widest * UNIT + 110);
  const note = rows.some((row) => row.noisy) ? ' (* noisy)' : '';
  return [`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" ` +
      `height="${height}" font-family="sans-serif" font-size="11">`,
  '<rect width="100%" height="100%" fill="white"/>',
  svgText(4, 14, `Operations per processor time, core net = 1.00${note}`),
  ...rows.map((row, i) => svgRow(row, 26 + i * step)), '</svg>', ''].join('\n');
}

module.exports = { head, idleText, makeRow, rowText, summary, svg };
