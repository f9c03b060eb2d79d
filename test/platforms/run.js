'use strict';

// npm run test:platforms: see README.md in this folder.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { setup } = require('../../scripts/setup');
const { root, step } = require('../../scripts/tools');
const { arm64 } = require('./arm64');
const { macBinaries, musl } = require('./binaries');
const { variant } = require('./variant');
const { windows } = require('./windows');

async function macos(context) {
  const problems = macBinaries();
  const portable = await variant('portable', 'portable', context);
  return { problems: [...problems, ...portable.problems],
    summary: `2 binaries; a build without what is Linux's: ${portable.summary}` };
}

const PARTS = {
  musl,
  macos,
  'as-windows': (context) => variant('windows', 'as-windows', context),
  windows,
  arm64,
};
// The others run the binaries of the package.
const WITHOUT_BINARIES = ['as-windows'];

// prebuilds/ as of the sources.
function ensureBinaries() {
  const binaries = (...args) => spawnSync(process.execPath,
    ['scripts/binaries.js', ...args],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  if (binaries('--check')) return;
  step('building prebuilds/');
  if (!binaries()) throw new Error('npm run binaries has failed');
}

async function runPart(name, context) {
  step(name);
  const started = Date.now();
  let result;
  try {
    result = await PARTS[name](context);
  } catch (error) {
    result = { problems: [{ what: 'failed', error: error.stack }], summary: '' };
  }
  return { name, ...result, minutes: (Date.now() - started) / 60000 };
}

function printProblems({ name, problems }) {
  for (const { file = '', what, error } of problems) {
    console.log(`\n${name} ${file}: ${what}`);
    if (error) console.log(error.split('\n').slice(0, 30).join('\n'));
  }
}

async function runParts(names, only) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-platforms-'));
  const results = [];
  try {
    for (const name of names) {
      results.push(await runPart(name, { folder, only }));
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  results.forEach(printProblems);
  step('summary');
  for (const { name, problems, summary, minutes } of results) {
    console.log(`${problems.length === 0 ? 'ok    ' : 'NOT ok'} ${name}: ` +
      `${summary}; ${problems.length} problems, ${minutes.toFixed(1)} minutes`);
  }
  if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
}

async function main() {
  const { values: { only }, positionals: args } = parseArgs({
    options: { only: { type: 'string', default: '' } },
    allowPositionals: true,
  });
  const unknown = args.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0) {
    console.error(`Parts: ${Object.keys(PARTS).join(', ')}`);
    process.exitCode = 1;
    return;
  }
  const names = args.length > 0 ? args : Object.keys(PARTS);
  setup();
  if (names.some((name) => !WITHOUT_BINARIES.includes(name))) ensureBinaries();
  await runParts(names, only);
}

main();
