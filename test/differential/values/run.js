'use strict';

// node test/differential/values/run.js [--seed N] [--count N] [--only N] [--kind NAME]
//   [--all] [--sabotage]
// Compares core's net and uvnet on random values: texts of addresses, SocketAddress,
// BlockList, and the options of sockets and servers. Prints each case that differs,
// and ends with code 1 if there is one. --sabotage compares core with a net that does
// not know addresses that end with 1.

const net = require('node:net');
const path = require('node:path');
const util = require('node:util');
const { parseArgs } = require('node:util');
const { Random } = require('../random');
const { KINDS } = require('./kinds');

const ROOT = process.env.UVNET_ROOT || path.join(__dirname, '..', '..', '..');
// Cases between two turns of the loop, in which handles close.
const BATCH = 500;
const SHOWN = 20;

const { values } = parseArgs({ options: {
  seed: { type: 'string', default: '1' },
  count: { type: 'string', default: '10000' },
  only: { type: 'string' },
  kind: { type: 'string' },
  all: { type: 'boolean', default: false },
  sabotage: { type: 'boolean', default: false },
} });

function outcome(run, subject) {
  try {
    return util.inspect(run(subject), { depth: 6 });
  } catch (error) {
    return `throws ${error?.name} ${error?.code} ${error?.message}`;
  }
}

function sabotaged() {
  return { ...net, SocketAddress: net.SocketAddress, BlockList: net.BlockList,
    isIP: (text) => (String(text).endsWith('1') ? 0 : net.isIP(text)) };
}

const weights = Object.fromEntries(
  Object.entries(KINDS).map(([name, [weight]]) => [name, weight]));

// Whether the case with that index is the same on both.
function isEqual(index, other) {
  const random = new Random(Number(values.seed) * 1e7 + index);
  const drawn = random.weighted(weights);
  const kind = values.kind ?? drawn;
  const [input, run] = KINDS[kind][1](random);
  const expected = outcome(run, net);
  const actual = outcome(run, other);
  if (expected === actual) return true;
  process.stdout.write(`\nseed ${values.seed}, case ${index}: ${kind} ` +
    `${util.inspect(input, { depth: 4 })}\n  core:  ${expected}\n  uvnet: ${actual}\n`);
  return false;
}

async function main() {
  const other = values.sabotage ? sabotaged() : require(ROOT);
  const first = Number(values.only ?? 0);
  const end = values.only ? first + 1 : Number(values.count);
  let different = 0;
  for (let index = first; index < end; index++) {
    if (!isEqual(index, other)) different++;
    if (different >= (values.all ? SHOWN : 1)) break;
    if (index % BATCH === 0) await new Promise((resolve) => { setImmediate(resolve); });
  }
  process.stdout.write(`${end - first} cases, ${different} different\n`);
  process.exit(different > 0 ? 1 : 0);
}

process.on('uncaughtException', () => {});
main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(2);
});
