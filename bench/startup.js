'use strict';

// How much later a process starts that has net replaced: node bench/startup.js
// [RUNS]. Each round starts all of them, one after the other; a difference is
// the median of those within rounds, with the quartiles. By processor time, which
// others on the machine disturb less, and by the clock.

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { median, quantile } = require('./stats');

const cpu = path.join(__dirname, 'startup-cpu.js');
const register = path.join(__dirname, '../lib/register.js');
const USE = 'require("net").Socket';

// [name, what it is compared with, arguments of node].
const starts = [
  ['node -e 0', null, ['-e', '0']],
  ['node -e 0 again (the control)', 0, ['-e', '0']],
  ['node -r EMPTY -e 0', 0,
    ['-r', path.join(__dirname, 'startup-empty.js'), '-e', '0']],
  ['node -r net -e 0 (Node\'s own, loaded)', 0, ['-r', 'net', '-e', '0']],
  ['node -r uvnet/register -e 0', 0, ['-r', register, '-e', '0']],
  [`node -e '${USE}'`, null, ['-e', USE]],
  [`node -r uvnet/register -e '${USE}'`, 5, ['-r', register, '-e', USE]],
];

// Milliseconds: { cpu, clock }.
function time(args) {
  const began = process.hrtime.bigint();
  const { output, status } = spawnSync(process.execPath,
    [...args.slice(0, -2), '-r', cpu, ...args.slice(-2)],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  const clock = Number(process.hrtime.bigint() - began) / 1e6;
  if (status !== 0) throw new Error(`node ${args.join(' ')}: exit ${status}`);
  return { cpu: Number(output[3]) / 1e3, clock };
}

function measure(runs) {
  const times = starts.map(() => []);
  for (let run = 0; run < runs; run++) {
    // There and back, so that none always comes after the same one.
    const order = run % 2 === 0 ? starts : starts.toReversed();
    for (const start of order) {
      times[starts.indexOf(start)].push(time(start[2]));
    }
  }
  return times;
}

function differences(times, base, key) {
  const more = times.map((value, run) => value[key] - base[run][key]);
  const [low, middle, high] = [quantile(more, 0.25), median(more),
    quantile(more, 0.75)].map((value) => value.toFixed(1));
  return `${middle < 0 ? '' : '+'}${middle} (${low} to ${high})`;
}

function show(times) {
  for (const [key, what] of [['cpu', 'processor time'], ['clock', 'by the clock']]) {
    console.log(`${what}, milliseconds, medians; difference (quartiles)`);
    starts.forEach(([name, base], i) => {
      const middle = median(times[i].map((value) => value[key]));
      console.log(`${name.padEnd(46)} ${middle.toFixed(1).padStart(6)}`,
        base === null ? '' : differences(times[i], times[base], key));
    });
  }
}

show(measure(Number(process.argv[2] ?? 40)));
