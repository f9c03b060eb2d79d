'use strict';

// npm run bench: processor time per operation of core's net and of uvnet,
// measured in one run, window by window in turn. README.md tells the method.

const fs = require('node:fs');
const os = require('node:os');
const { parseArgs } = require('node:util');
const { buildCeiling, buildLoad } = require('./build');
const { chart } = require('./chart');
const { measureIdle } = require('./idle');
const { markdown } = require('./markdown');
const { measure } = require('./measure');
const { temporaryFolder } = require('./processes');
const report = require('./report');
const { idle, scenarios } = require('./scenarios');
const { hasStrace } = require('./syscalls');

const USAGE = `usage: npm run bench -- [options]
  --quick         fewer rows, one launch of each: under two minutes
  --full          also counts system calls per operation, with strace
  --only TEXT     only rows with TEXT in their name
  --subject NAME  a module to compare with core instead of uvnet
  --json FILE     writes all figures
  --svg FILE      draws the ratios
  --markdown FILE writes the table as Markdown
  --node FILE     what bench/node.js --json wrote, for a line in the Markdown
  --list          names the rows
`;

const optionTypes = {
  quick: { type: 'boolean' },
  full: { type: 'boolean' },
  only: { type: 'string', default: '' },
  subject: { type: 'string', default: 'uvnet' },
  json: { type: 'string' },
  svg: { type: 'string' },
  markdown: { type: 'string' },
  node: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
};

// Windows of each launch, their milliseconds, and runs for idle memory.
const plans = {
  normal: { launches: 8, windows: 8, window: 60, warmup: 300, idleRuns: 3 },
  quick: { launches: 1, windows: 15, window: 60, warmup: 300, idleRuns: 1 },
};

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text) process.stderr.write(`${text}\n`);
}

function chooseScenarios({ quick, only, subject }) {
  return scenarios.filter((scenario) => scenario.name.includes(only) &&
    !(quick && scenario.quick === false) &&
    !(scenario.onlyNamed && subject !== 'uvnet'));
}

// What the columns call the compared subject.
const labelOf = (subject) => (subject === 'uvnet' ? 'uvnet' : 'other');

function subjectsOf(subject, hasCeiling) {
  const subjects = [{ name: 'core', net: 'core' },
    { name: labelOf(subject), net: subject }, { name: 'control', net: 'core' }];
  if (hasCeiling) subjects.push({ name: 'ceiling', net: 'ceiling' });
  return subjects;
}

function choosePlan({ quick, full }) {
  const syscalls = Boolean(full) && hasStrace();
  if (full && !syscalls) progress('strace is missing: no system calls');
  return { ...plans[quick ? 'quick' : 'normal'], syscalls };
}

async function measureRow(context, scenario, { subject }, plan) {
  const subjects = subjectsOf(subject, scenario.ceiling && context.hasCeiling);
  const label = labelOf(subject);
  try {
    const result = await measure(context, subjects, scenario, plan);
    const row = report.makeRow(scenario, result);
    progress('');
    console.log(report.rowText(row, label, plan));
    return [row];
  } catch (err) {
    process.exitCode = 1;
    progress('');
    console.log(`${scenario.name}: ${err.message}`);
    return [];
  }
}

async function measureRows(context, chosen, options, plan) {
  const rows = [];
  if (chosen.length === 0) return rows;
  console.log(report.head(labelOf(options.subject), plan));
  for (const [i, scenario] of chosen.entries()) {
    progress(`${i + 1}/${chosen.length} ${scenario.name}`);
    rows.push(...await measureRow(context, scenario, options, plan));
  }
  console.log(`\n${report.summary(rows)}\n`);
  return rows;
}

async function measureMemory(context, { subject }, { idleRuns }) {
  progress(idle.name);
  const results = await measureIdle(context,
    subjectsOf(subject, context.hasCeiling), idle.connections, idleRuns);
  progress('');
  const [{ connections }] = results;
  console.log(report.idleText(results));
  if (connections < idle.connections) {
    console.log('The limit of open files allows no more than ' +
      `${connections} connections.`);
  }
  return results;
}

function writeResults(options, results) {
  const text = {
    json: () => `${JSON.stringify(results, null, 2)}\n`,
    svg: () => chart(results),
    markdown: () => markdown(results),
  };
  for (const [name, make] of Object.entries(text)) {
    if (options[name]) fs.writeFileSync(options[name], make());
  }
}

function readNode({ node }) {
  return node && JSON.parse(fs.readFileSync(node, 'utf8'));
}

function describeMachine() {
  return { node: process.version, cpu: os.cpus()[0]?.model,
    processors: os.cpus().length, kernel: os.release() };
}

async function run(context, options) {
  const chosen = chooseScenarios(options);
  const withIdle = idle.name.includes(options.only);
  if (chosen.length === 0 && !withIdle) {
    throw new Error(`no row has "${options.only}" in its name; see --list`);
  }
  const node = readNode(options);
  const plan = choosePlan(options);
  const machine = describeMachine();
  console.log(`Node ${machine.node}, ${machine.processors} processors ` +
    `(${machine.cpu}), Linux ${machine.kernel}\n`);
  const rows = await measureRows(context, chosen, options, plan);
  const memory = withIdle ? await measureMemory(context, options, plan) : [];
  writeResults(options, { machine, plan, label: labelOf(options.subject), rows,
    idle: memory, node });
}

async function main() {
  const { values: options } = parseArgs({ options: optionTypes });
  if (options.help) {
    process.stdout.write(USAGE);
  } else if (options.list) {
    console.log([...scenarios, idle].map(({ name }) => name).join('\n'));
  } else if (process.platform === 'linux') {
    const folder = temporaryFolder();
    await run({ folder, load: buildLoad(folder), hasCeiling: buildCeiling() },
      options);
  } else {
    throw new Error('the benchmarks need Linux');
  }
}

main().catch((err) => {
  console.error(`bench: ${err.message}`);
  process.exitCode = 1;
});
