'use strict';

// node test/differential/run.js [--seed N] [--scripts N] [--only N]
//   [--from N] [--all] [--control] [--unstable] [--ordered] [--strict] [--wild]
// Runs random scripts on core's net and on uvnet and compares the logs. Prints
// the first difference, made small, and ends with code 1.
// --all goes on after a difference; --control compares core with core;
// --unstable prints scripts whose logs do not repeat; --ordered compares the
// order of events of different sockets too; --strict compares what is known to
// differ; --wild lets a listener act on other sockets than its own, where what
// happens depends on which of two that are ready is read first; --sabotage
// compares core with a net that loses bytes.

const net = require('node:net');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { compare, minimise } = require('./compare');
const { generate } = require('./generate');

const CONTEXT = 12;
const ROOT = process.env.UVNET_ROOT || path.join(__dirname, '..', '..');

const { values } = parseArgs({ options: {
  seed: { type: 'string', default: '1' },
  scripts: { type: 'string', default: '1000' },
  from: { type: 'string', default: '0' },
  only: { type: 'string' },
  all: { type: 'boolean', default: false },
  control: { type: 'boolean', default: false },
  unstable: { type: 'boolean', default: false },
  ordered: { type: 'boolean', default: false },
  strict: { type: 'boolean', default: false },
  wild: { type: 'boolean', default: false },
  sabotage: { type: 'boolean', default: false },
} });

function print(line) {
  process.stdout.write(`${line}\n`);
}

function changes(line, reference) {
  if (!line?.includes(' state ') || !reference?.includes(' state ')) return line;
  const words = reference.split(' ');
  return line.split(' ').filter((word, i) => i < 2 || word !== words[i])
    .join(' ');
}

function shorten(line) {
  return line.includes(' state ') ? null : line;
}

function report(seed, index, { script, difference }) {
  const { at, expected, actual } = difference;
  print(`\nseed ${seed}, script ${index}: ${script.transport}` +
    `${script.loose ? ' loose' : ''}, server ${JSON.stringify(script.server)}`);
  for (const step of script.steps) print(`  ${JSON.stringify(step)}`);
  print('  equal up to:');
  for (const line of expected.slice(0, at).filter(shorten).slice(-CONTEXT)) {
    print(`    ${line}`);
  }
  for (const [name, log, reference] of [['core', expected, actual],
    ['uvnet', actual, expected]]) {
    print(`  ${name}:`);
    print(`    ${changes(log[at], reference[at])}`);
    for (const line of log.slice(at + 1).filter(shorten).slice(0, 6)) {
      print(`    ${line}`);
    }
  }
}

// A net that loses a byte now and then: the comparison must notice.
function sabotaged() {
  return { ...net, connect(...args) {
    const socket = net.connect(...args);
    const { write } = socket;
    socket.write = (chunk, ...rest) => write.call(socket,
      chunk?.length > 9 ? chunk.slice(1) : chunk, ...rest);
    return socket;
  } };
}

function other() {
  if (values.sabotage) return sabotaged();
  return values.control ? net : require(ROOT);
}

async function main() {
  const nets = [net, other()];
  const seed = Number(values.seed);
  const first = Number(values.only ?? values.from);
  const last = values.only ? first : first + Number(values.scripts) - 1;
  const counts = { equal: 0, different: 0, unstable: 0 };
  const unstable = [];
  for (let index = first; index <= last; index++) {
    const script = generate(seed, index, values);
    const difference = await compare(nets, script, values);
    if (difference === null) {
      counts.equal++;
    } else if (difference.unstable) {
      counts.unstable++;
      unstable.push(index);
      if (values.unstable) report(seed, index, { script, difference });
    } else {
      counts.different++;
      report(seed, index, await minimise(nets, script, difference, values));
      if (!values.all) break;
    }
  }
  print(`${counts.equal} equal, ${counts.different} different, ` +
    `${counts.unstable} unstable${unstable.length ? `: ${unstable}` : ''}`);
  process.exitCode = counts.different > 0 ? 1 : 0;
}

main();
