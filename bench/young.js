'use strict';

// npm run bench:young: what the first requests of a fresh http server cost, on
// core and on uvnet. README.md tells the method.

const os = require('node:os');
const path = require('node:path');
const { buildLoad } = require('./build');
const { runCommand } = require('./command');
const { cpuTime, start, temporaryFolder } = require('./processes');
const { bootstrap, median } = require('./stats');

const USAGE = `usage: npm run bench:young -- [options]
  --launches N    processes of each side for each row (default 10)
  --requests N    goes on to N requests and adds the steady part of them
  --connections N that send them (default 20)
  --only TEXT     only rows with TEXT in their name
  --quick         three rows, two launches, 1,000 requests: does it work?
  --json FILE     writes all figures
  --list          names the rows
`;

const optionTypes = {
  launches: { type: 'string' },
  requests: { type: 'string' },
  connections: { type: 'string', default: '20' },
  only: { type: 'string', default: '' },
  quick: { type: 'boolean' },
  json: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
};

const KB = 1024;
const register = path.join(__dirname, '../lib/register.js');
const program = path.join(__dirname, 'young-server.js');

function get(reply, label, size, quick = false) {
  return { name: `GET, end(${reply}) of ${label}`, reply, size, body: 0, quick };
}

function post(label, body) {
  return { name: `POST of ${label}`, reply: 'string', size: 2, body,
    quick: body > KB };
}

const rows = [
  get('string', '100 B', 100, true),
  get('string', '21 KB', 21 * KB),
  get('string', '23 KB', 23 * KB, true),
  get('string', '50 KB', 50 * KB),
  get('string', '60 KB', 60 * KB),
  get('string', '100 KB', 100 * KB),
  get('buffer', '100 B', 100),
  get('buffer', '50 KB', 50 * KB),
  post('100 B', 100),
  post('50 KB', 50 * KB),
];

// What is started: the name, and what goes before the program. The last is a
// second core, the control.
const sides = [['core', []], ['uvnet', ['-r', register]], ['control', []]];

const alive = new Set();
process.once('exit', () => {
  for (const { child } of alive) child.kill('SIGKILL');
});

function startChild(command, args) {
  const child = start(command, args);
  alive.add(child);
  return child;
}

// A server has nothing to finish.
async function kill(child) {
  child.child.kill('SIGKILL');
  await child.ended;
  alive.delete(child);
}

// Asks until there were so many requests in all.
async function ask(load, count) {
  load.child.stdin.write(`${count}\n`);
  const { p50, p99 } = JSON.parse(await load.readLine());
  return { p50, p99 };
}

// One process from its start to its last request: `{ startup, marks }`, the
// processor time until it listens, and for each of `counts` that since then.
async function launch(context, row, flags) {
  const server = startChild(process.execPath,
    [...flags, program, row.reply, String(row.size)]);
  let load;
  try {
    const port = await server.readLine();
    load = startChild(context.load,
      ['requests', port, context.connections, String(row.body)]);
    await load.readLine();
    const startup = cpuTime(server.pid);
    const marks = [];
    for (const count of context.counts) {
      const times = await ask(load, count);
      marks.push({ cpu: cpuTime(server.pid) - startup, ...times });
    }
    return { startup, marks };
  } finally {
    if (load) await kill(load);
    await kill(server);
  }
}

// Launches of all sides in turn, there and back.
async function measureRow(context, row) {
  const launches = sides.map(() => []);
  for (let i = 0; i < context.launches; i++) {
    const order = i % 2 === 0 ? sides : sides.toReversed();
    for (const side of order) {
      launches[sides.indexOf(side)].push(await launch(context, row, side[1]));
    }
  }
  return launches;
}

const grouped = (count) => count.toLocaleString('en');

// What is printed of each row: `[title, a launch -> nanoseconds of processor
// time, by how many requests these are divided, which mark has its latency]`.
function linesOf({ counts, steadyFrom }) {
  const lines = [['start-up, ms', ({ startup }) => startup, 1000]];
  counts.forEach((count, k) => {
    if (count !== steadyFrom || count <= 3000) {
      lines.push([`first ${grouped(count)}`, ({ marks }) => marks[k].cpu, count,
        k]);
    }
  });
  if (steadyFrom) {
    const from = counts.indexOf(steadyFrom);
    const last = counts.length - 1;
    lines.push([`${grouped(steadyFrom)} to ${grouped(counts[last])}`,
      ({ marks }) => marks[last].cpu - marks[from].cpu,
      counts[last] - steadyFrom]);
  }
  return lines;
}

// The figures of one line. The ratio is that of the medians; pairs of launches
// are drawn again for its interval.
function compare(launches, [title, cpuOf, count, mark]) {
  const values = launches.map((side) => side.map(cpuOf));
  const ratioTo = (side) => (pairs) =>
    median(pairs.map((pair) => pair[0])) / median(pairs.map((pair) => pair[side]));
  const pairs = values[0].map((_, i) => values.map((side) => side[i]));
  const times = (key) => (mark === undefined ? undefined :
    launches.slice(0, 2).map((side) =>
      median(side.map(({ marks }) => marks[mark][key])) / 1000));
  return {
    title,
    cost: values.slice(0, 2).map((side) => median(side) / count / 1000),
    ratio: ratioTo(1)(pairs),
    interval: bootstrap(pairs, ratioTo(1)),
    control: ratioTo(2)(pairs),
    p50: times('p50'),
    p99: times('p99'),
  };
}

const pair = (values) => values?.map((value) => value.toFixed(0)).join('/') ?? '-';

function lineText(name, line) {
  return [name.padEnd(30), line.title.padEnd(17),
    ...line.cost.map((value) => value.toFixed(1).padStart(9)),
    line.ratio.toFixed(2).padStart(7),
    line.interval.map((value) => value.toFixed(2)).join('-').padStart(12),
    line.control.toFixed(2).padStart(9),
    pair(line.p50).padStart(18), pair(line.p99).padStart(18)].join('').trimEnd();
}

function head() {
  return [''.padEnd(30), 'requests'.padEnd(17), 'core us'.padStart(9),
    'uvnet us'.padStart(9), 'ratio'.padStart(7), 'interval'.padStart(12),
    'control'.padStart(9), 'p50 core/uvnet us'.padStart(18),
    'p99 core/uvnet us'.padStart(18)].join('');
}

async function run(context, chosen) {
  const results = [];
  console.log(`Node ${process.version}, ${os.cpus().length} processors, ` +
    `${context.launches} launches, ${context.connections} connections\n`);
  console.log(head());
  for (const row of chosen) {
    const launches = await measureRow(context, row);
    const lines = linesOf(context).map((line) => compare(launches, line));
    lines.forEach((line, i) =>
      console.log(lineText(i === 0 ? row.name : '', line)));
    results.push({ name: row.name, lines, launches });
  }
  console.log('\nProcessor time of the server for one request, user and ' +
    'system, since the first; ratio = core / uvnet,\nabove 1 uvnet needs ' +
    `less. Load averages now: ${os.loadavg().map((n) => n.toFixed(1)).join(' ')}`);
  return results;
}

function number(text, name) {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a number, not "${text}"`);
}

// How often is measured, and at which counts of requests.
function plan({ quick, launches, requests, connections }) {
  const counts = quick ? [100, 1000] : [100, 1000, 3000];
  const all = requests === undefined ? 0 : number(requests, 'requests');
  const last = counts.at(-1);
  if (all > 0 && all <= last) {
    throw new Error(`--requests is more than ${last}`);
  }
  const steadyFrom = all > 0 ? Math.max(last, Math.round(all / 3)) : undefined;
  if (steadyFrom > last) counts.push(steadyFrom);
  if (all > 0) counts.push(all);
  return { counts, steadyFrom,
    launches: launches === undefined ? (quick ? 2 : 10) :
      number(launches, 'launches'),
    connections: String(number(connections, 'connections')) };
}

runCommand({
  usage: USAGE,
  optionTypes,
  rows,
  choose: ({ quick }, options) => quick || !options.quick,
  measure: (options, chosen) =>
    run({ ...plan(options), load: buildLoad(temporaryFolder()) }, chosen),
});
