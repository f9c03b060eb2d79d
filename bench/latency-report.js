'use strict';

// What bench/latency.js prints of one row at one rate: a line for each
// percentile.

// How far apart two processes with core's net may be.
const CONTROL = [0.9, 1.1];
const MAX_FOREIGN = 0.05;
const MAX_STEAL = 0.05;
// The part of the shortest latency that the generator's own lateness may have.
const MAX_LAG = 0.5;
// A window that took so much longer than the schedule was not kept up with.
const BEHIND = 1.2;

const PERCENTILES = { p50: 'p50', p99: 'p99', p999: 'p99.9' };

const micro = (value) => value?.toFixed(value < 100 ? 1 : 0) ?? '-';
const fixed = (value) => value?.toFixed(2) ?? '-';
const percent = (part) => `${(part * 100).toFixed(0)}%`;

const columns = [
  ['', -44, (result) => `${result.name}, ` +
    `${result.rate.toLocaleString('en')}/s (${percent(result.part)})`],
  ['', -6, (result, key) => PERCENTILES[key]],
  ['core us', 9, ({ sides }, key) => micro(sides.core[key])],
  ['uvnet us', 9, ({ sides }, key) => micro(sides.uvnet[key])],
  ['ratio', 7, ({ sides }, key) => fixed(sides.uvnet.ratio[key])],
  ['interval', 12, ({ sides }, key) =>
    sides.uvnet.interval[key].map(fixed).join('-')],
  ['control', 9, ({ sides }, key) => fixed(sides.control.ratio[key])],
  ['C us', 9, ({ sides }, key) => micro(sides.ceiling?.[key])],
  ['lag p99 core/uvnet', 20, ({ sides }) =>
    [sides.core.lag99, sides.uvnet.lag99].map(micro).join('/')],
  ['foreign', 9, ({ machine }) => percent(machine.foreign)],
  ['steal', 7, ({ machine }) => percent(machine.steal)],
];
const ONCE = new Set(['lag p99 core/uvnet', 'foreign', 'steal']);

const pad = (text, width) =>
  (width < 0 ? text.padEnd(-width) : text.padStart(width));

// Why a line is not to be trusted.
function noise({ sides, machine }, key, { window }) {
  const reasons = [];
  const control = Number(sides.control.ratio[key].toFixed(2));
  if (control < CONTROL[0] || control > CONTROL[1]) reasons.push('control');
  const all = Object.values(sides);
  const late = all.filter((side) => side.lag99 > side[key] * MAX_LAG);
  if (late.length > 0) reasons.push('late generator');
  const behind = all.filter(({ slowest }) => slowest > window * BEHIND);
  if (behind.length > 0) {
    reasons.push(`behind: ${behind.map(({ name }) => name).join(' ')}`);
  }
  if (machine.foreign > MAX_FOREIGN) reasons.push('foreign');
  if (machine.steal > MAX_STEAL) reasons.push('steal');
  return reasons.length > 0 ? `  noisy: ${reasons.join(', ')}` : '';
}

function head() {
  return columns.map(([title, width]) => pad(title, width)).join('');
}

function rowText(result, plan) {
  return Object.keys(PERCENTILES).map((key, i) => {
    const cells = columns.map(([title, width, text], k) => {
      const shown = i === 0 || !(k === 0 || ONCE.has(title));
      return pad(shown ? text(result, key) : '', width);
    });
    return cells.join('').trimEnd() + noise(result, key, plan);
  }).join('\n');
}

module.exports = { head, rowText };
