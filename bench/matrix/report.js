'use strict';

// What the measured cells say.

const { geometricMean, interval, quantile, ratio } = require('../stats');

// What is below is measured again.
const LOW = 0.97;

// A dimension's values, and pairs of them, need so many cells to be printed.
const LEAST = { value: 1, pair: 5 };
const PAIRS = 15;
const WORST = 10;

const fixed = (value, digits = 2) => value.toFixed(digits);

// The first size that is more than what is sure to fit is in the next one.
const SIZE_BANDS = [63, 65, 2049, 4097, 16385, 21845, 65537, 262145, Infinity];
const PIECE_BANDS = [1, 10, 65, 100, 1024, 10000];
const AGE_BANDS = [0, 4, 9, 19, Infinity];

// The range between two bounds that has a value, as text.
function band(value, bounds) {
  const i = bounds.findIndex((bound) => value <= bound);
  const from = i === 0 ? undefined : bounds[i - 1] + 1;
  if (bounds[i] === Infinity) return `from ${from}`;
  return from === undefined || from === bounds[i] ? `to ${bounds[i]}` :
    `${from} to ${bounds[i]}`;
}

const dimensions = {
  protocol: ({ cell }) => cell.protocol,
  transport: ({ cell }) => cell.transport,
  direction: ({ cell }) => cell.direction,
  way: ({ cell }) => `${cell.protocol} ${cell.verb}`,
  kind: ({ cell }) => cell.kind,
  manner: ({ cell }) => cell.manner,
  size: ({ cell }) => band(cell.size, SIZE_BANDS),
  pieces: ({ cell }) => band(cell.pieces, PIECE_BANDS),
  reader: ({ cell }) => cell.reader,
  lanes: ({ cell }) => String(cell.lanes),
  'cells before': ({ age }) => band(age, AGE_BANDS),
};

/** A measured cell with its ratio of `base` to `other`: two names of sides. */
function withRatio(result, base, other) {
  const launches = result.launches ?? [result.costs];
  const costs = (name) => launches.map((launch) => launch[name]);
  return { ...result, ratio: ratio(costs(base), costs(other)),
    interval: interval(costs(base), costs(other)) };
}

const ratiosOf = (rows) => rows.map((row) => row.ratio);
const mean = (rows) => geometricMean(ratiosOf(rows));

function groupBy(rows, key) {
  const groups = new Map();
  for (const row of rows) {
    const value = key(row);
    if (!groups.has(value)) groups.set(value, []);
    groups.get(value).push(row);
  }
  return groups;
}

function deciles(ratios) {
  return Array.from({ length: 11 }, (value, i) =>
    fixed(quantile(ratios, i / 10))).join(' ');
}

// By the whole, with what is around the middle.
function distribution(name, rows) {
  return [`${name}: ${rows.length} cells, geometric mean ${fixed(mean(rows), 3)}`,
    `  deciles  ${deciles(ratiosOf(rows))}`,
    `  below 1: ${countBelow(rows, 1)}, below ${LOW}: ${countBelow(rows, LOW)}, ` +
      `below 0.9: ${countBelow(rows, 0.9)}`].join('\n');
}

function countBelow(rows, bound) {
  return rows.filter((row) => row.ratio < bound).length;
}

function valueLine(name, rows) {
  return `  ${name.padEnd(22)}${String(rows.length).padStart(6)}${ 
    fixed(mean(rows), 3).padStart(9) 
    }${fixed(quantile(ratiosOf(rows), 0.1)).padStart(8) 
    }${String(countBelow(rows, LOW)).padStart(7)}`;
}

function firstNumber(text) {
  const [, digits] = /(\d+)/.exec(text) ?? [];
  return text.startsWith('to ') ? 0 : Number(digits ?? NaN);
}

function compareValues([a], [b]) {
  const order = firstNumber(a) - firstNumber(b);
  return Number.isNaN(order) ? a.localeCompare(b) : order;
}

/** Geometric means of the values of each dimension. */
function byValue(rows) {
  const lines = [`${'by value'.padEnd(24)}${'cells'.padStart(6)}` +
    `${'mean'.padStart(9)}${'10%'.padStart(8)}${`<${LOW}`.padStart(7)}`];
  for (const [name, key] of Object.entries(dimensions)) {
    lines.push(name);
    for (const [value, group] of [...groupBy(rows, key)].sort(compareValues)) {
      if (group.length >= LEAST.value) lines.push(valueLine(value, group));
    }
  }
  return lines.join('\n');
}

/** The pairs of two dimensions' values with the smallest geometric means. */
function worstPairs(rows) {
  // A way says the protocol too.
  const names = Object.keys(dimensions).filter((name) => name !== 'protocol');
  const pairs = names.flatMap((first, i) => names.slice(i + 1)
    .flatMap((second) => [...groupBy(rows, (row) =>
      `${first} ${dimensions[first](row)}, ${second} ${dimensions[second](row)}`)]))
    .filter(([, group]) => group.length >= LEAST.pair);
  pairs.sort(([, a], [, b]) => mean(a) - mean(b));
  return [`the lowest pairs of values, of ${LEAST.pair} cells or more`,
    ...pairs.slice(0, PAIRS).map(([name, group]) => `  ${name.padEnd(60)}` +
      `${String(group.length).padStart(5)}${fixed(mean(group), 3).padStart(9)}`),
  ].join('\n');
}

function rowText({ cell, ratio: value, interval: [low, high], control }) {
  const tail = control ? `   core/core ${fixed(control.ratio)} ` +
    `${control.interval.map((bound) => fixed(bound)).join('-')}` : '';
  return `  ${cell.id.padEnd(66)}${fixed(value).padStart(6)}  ` +
    `${fixed(low)}-${fixed(high)}${tail}`;
}

const byRatio = (a, b) => a.ratio - b.ratio;

function worst(rows, count = WORST) {
  return rows.toSorted(byRatio).slice(0, count).map(rowText).join('\n');
}

/** How many are low by their ratio, and how many by their whole interval. */
function lowText(rows) {
  const text = (of) => `${countBelow(of, LOW)}, with the whole 95% interval ` +
    `${of.filter((row) => row.interval[1] < LOW).length}`;
  return [`below ${LOW}: ${text(rows)}`,
    `of core / core in the same rounds: ${text(rows.map((row) => row.control))}`,
  ].join('\n');
}

module.exports = { byValue, distribution, LOW, lowText, mean, rowText, withRatio,
  worst, worstPairs };
