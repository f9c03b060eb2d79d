'use strict';

// A picture of the ratios, as SVG. It brings its own background, so that it
// reads the same on light and dark pages.

const { isNoisy } = require('./report');

const WIDTH = 800;
const LEFT = 270;
const RIGHT = 735;
const TOP = 84;
const ROW = 34;
const BAR = 11;

const COLORS = { background: '#f7f8fa', border: '#d5d9e0', grid: '#e2e5ea',
  text: '#1f2733', faint: '#667080', one: '#3a4352',
  other: '#2f6fb5', ceiling: '#d9a441' };

const escapeText = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

function textAt(x, y, text, attributes = '') {
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>` +
    `${escapeText(text)}</text>`;
}

function rect(x, y, width, height, color, rest = '') {
  return `<rect x="${x}" y="${y}" width="${width.toFixed(1)}" ` +
    `height="${height}" fill="${color}" ${rest}/>`;
}

// `{ name, ratio, ceiling, noisy }` for each row, memory last.
function barsOf({ label, rows, idle }) {
  const bars = rows.map(({ name, noise, sides }) => ({ name,
    ratio: sides[label].ratio, ceiling: sides.ceiling?.ratio,
    noisy: noise.length > 0 }));
  if (idle.length > 0) {
    const rss = Object.fromEntries(idle.map((side) => [side.name, side.rss]));
    bars.push({ name: 'memory of an idle connection',
      ratio: rss.core / rss[label],
      ceiling: rss.ceiling && rss.core / rss.ceiling,
      noisy: isNoisy(rss.core / rss.control) });
  }
  return bars;
}

// The axis ends behind the longest bar of the compared side; a ceiling may go
// beyond, and is cut off there.
function scaleOf(bars) {
  const end = Math.ceil(Math.max(2, ...bars.map(({ ratio }) => ratio)) * 2) / 2;
  return { end, at: (value) => LEFT + Math.min(value, end) / end *
    (RIGHT - LEFT) };
}

function bar({ at, end }, y, value, color, noisy) {
  const more = value > end ? ' →' : '';
  const opacity = noisy ? 'opacity="0.4"' : '';
  const weight = color === COLORS.other ? 'font-weight="600"' : '';
  const label = `${value.toFixed(2)}${more}${noisy ? ' *' : ''}`;
  return rect(LEFT, y, at(value) - LEFT, BAR, color, `rx="2" ${opacity}`) +
    textAt(at(value) + 5, y + BAR - 1.5, label,
      `font-size="11" fill="${COLORS.text}" ${weight} ` +
      // Covers the lines behind it.
      `paint-order="stroke" stroke="${COLORS.background}" stroke-width="4"`);
}

function drawRow(scale, { name, ratio, ceiling, noisy }, y) {
  const parts = [textAt(LEFT - 12, y + ROW / 2 + 1, name,
    'text-anchor="end" font-size="13"')];
  const alone = ceiling === undefined;
  const first = alone ? y + (ROW - BAR) / 2 - 3 : y + 3;
  parts.push(bar(scale, first, ratio, COLORS.other, noisy));
  if (!alone) {
    parts.push(bar(scale, first + BAR + 1, ceiling, COLORS.ceiling, noisy));
  }
  return parts.join('\n');
}

function grid({ at, end }, bottom) {
  const step = end > 4 ? 1 : 0.5;
  const lines = [];
  for (let value = 0; value <= end; value += step) {
    const x = at(value).toFixed(1);
    const isOne = value === 1;
    lines.push(`<path d="M${x} ${TOP - 6}V${bottom}" stroke="` +
      `${isOne ? COLORS.one : COLORS.grid}" ` +
      `stroke-width="${isOne ? 1.5 : 1}"/>`,
    textAt(at(value), TOP - 12, isOne ? 'core = 1' : String(value),
      `text-anchor="middle" font-size="11" fill="${COLORS.faint}"`));
  }
  return lines.join('\n');
}

function legend(label, hasNoise) {
  const parts = [rect(LEFT, 40, 12, BAR, COLORS.other, 'rx="2"'),
    textAt(LEFT + 18, 50, label), rect(LEFT + 80, 40, 12, BAR, COLORS.ceiling,
      'rx="2"'), textAt(LEFT + 98, 50, 'ceiling: a server in C on libuv')];
  if (hasNoise) parts.push(textAt(LEFT + 310, 50, '* noisy: not to be trusted'));
  return parts.join('\n');
}

/**
 * @param {object} results what run.js measured
 * @returns {string} a picture: how many times less than core each side needs
 */
function chart(results) {
  const bars = barsOf(results);
  const scale = scaleOf(bars);
  const bottom = TOP + bars.length * ROW;
  const height = bottom + 14;
  return [`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" ` +
      `height="${height}" viewBox="0 0 ${WIDTH} ${height}" ` +
      'font-family="system-ui, -apple-system, \'Segoe UI\', \'DejaVu Sans\', ' +
      `sans-serif" font-size="12" fill="${COLORS.text}">`,
  rect(0.5, 0.5, WIDTH - 1, height - 1, COLORS.background,
    `rx="8" stroke="${COLORS.border}"`),
  textAt(20, 26, 'What core needs ÷ what they need: processor time for one ' +
    'operation; memory', 'font-size="15" font-weight="600"'),
  legend(results.label, bars.some(({ noisy }) => noisy)),
  grid(scale, bottom),
  ...bars.map((row, i) => drawRow(scale, row, TOP + i * ROW)),
  '</svg>', ''].join('\n');
}

module.exports = { chart };
