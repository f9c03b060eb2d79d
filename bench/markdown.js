'use strict';

// The figures as Markdown, for a README.

const { isNoisy } = require('./report');

const TITLE = ['', 'core', 'NAME', 'ratio', 'interval', 'control', 'ceiling'];

const line = (cells) => `| ${cells.join(' | ')} |`;
const two = (value) => value?.toFixed(2) ?? '';

// A noisy ratio is in brackets.
const ratioText = (value, noisy) => (noisy ? `(${two(value)})` : two(value));

function rowLine({ name, noise, sides }, label) {
  const other = sides[label];
  return line([name, `${sides.core.cost.toFixed(0)} ns`,
    `${other.cost.toFixed(0)} ns`,
    ratioText(other.ratio, noise.length > 0),
    other.interval.map(two).join('–'), two(sides.control.ratio),
    two(sides.ceiling?.ratio)]);
}

// Resident memory: there is no interval, and a control as elsewhere.
function memoryLine(idle, label) {
  const of = (wanted) => idle.find(({ name }) => name === wanted)?.rss;
  const [core, other, control, ceiling] =
    ['core', label, 'control', 'ceiling'].map(of);
  const bytes = (value) => `${value.toFixed(0)} B`;
  return line([`memory of an idle connection (RSS, of ${idle[0].connections})`,
    bytes(core), bytes(other),
    ratioText(core / other, isNoisy(core / control)), '', two(core / control),
    ceiling === undefined ? '' : two(core / ceiling)]);
}

// What bench/node.js found.
function nodeText({ summary }) {
  const { files, ratios, geometricMean, smallest, noisy, control } = summary;
  const means = files.map((of) => `${of.file} ${two(of.geometricMean)}`);
  return `Node's own \`benchmark/net\`: ${ratios} configurations, geometric ` +
    `mean of the rates uvnet ÷ core ${two(geometricMean)} (core ÷ core ` +
    `${two(control)}), smallest ${two(smallest.ratio)} ` +
    `(${smallest.name}); ${noisy} of them noisy. By file: ` +
    `${means.join(', ')}.`;
}

/**
 * @param {object} results what run.js measured
 * @returns {string} a table, and a line on Node's benchmarks if there are any
 */
function markdown({ label, rows, idle, node }) {
  const lines = [line(TITLE.map((title) => title.replace('NAME', label))),
    `|${'---|'.repeat(TITLE.length)}`,
    ...rows.map((row) => rowLine(row, label))];
  if (idle.length > 0) lines.push(memoryLine(idle, label));
  if (node) lines.push('', nodeText(node));
  return `${lines.join('\n')}\n`;
}

module.exports = { markdown };
