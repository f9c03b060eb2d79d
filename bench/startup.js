'use strict';

// How much later a process starts that has net replaced: node bench/startup.js
// [RUNS]. Each round starts all of them, one after the other; a difference is
// the median of those within rounds, with the quartiles.

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { median, quantile } = require('./stats');

const register = path.join(__dirname, '../lib/register.js');
const USE = 'require("net").Socket';

// [name, what it is compared with, arguments of node].
const starts = [
  ['node -e 0', null, ['-e', '0']],
  ['node -e 0 again (the control)', 0, ['-e', '0']],
  ['node -r uvnet/register -e 0', 0, ['-r', register, '-e', '0']],
  [`node -e '${USE}'`, null, ['-e', USE]],
  [`node -r uvnet/register -e '${USE}'`, 3, ['-r', register, '-e', USE]],
];

// Milliseconds by the clock.
function time(args) {
  const began = process.hrtime.bigint();
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`node ${args.join(' ')}: exit ${status}`);
  return Number(process.hrtime.bigint() - began) / 1e6;
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

function show(times) {
  console.log('milliseconds, medians; difference (quartiles)');
  starts.forEach(([name, base], i) => {
    let text = `${name.padEnd(46)} ${median(times[i]).toFixed(1).padStart(6)}`;
    if (base !== null) {
      const more = times[i].map((value, run) => value - times[base][run]);
      const [low, middle, high] = [quantile(more, 0.25), median(more),
        quantile(more, 0.75)].map((value) => value.toFixed(1));
      text += `  +${middle} (${low} to ${high})`;
    }
    console.log(text);
  });
}

show(measure(Number(process.argv[2] ?? 40)));
