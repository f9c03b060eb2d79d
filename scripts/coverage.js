'use strict';

// npm run coverage: how many lines of src/ and of lib/ the tests run, on uvnet
// alone: the behaviour tests with and without batching, and Node's own. Fails
// below the bars. --only TEXT runs the behaviour tests of these files alone.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { build } = require('./build');
const { setup } = require('./setup');
const { mocha, root, step } = require('./tools');

const STEP_LIMIT_MS = 30 * 60 * 1000;
// Percent of the lines.
const BARS = { src: 90, lib: 95 };

function environment(folder, binary) {
  return {
    ...process.env,
    NODE_V8_COVERAGE: path.join(folder, 'v8'),
    // Of all processes, %p, a file each: a test may end one at any time, and what
    // several write to one file would be lost with it.
    LLVM_PROFILE_FILE: path.join(folder, 'llvm', '%p.profraw'),
    UVNET_BINARY: binary,
    UVNET_TEST_ONLY: 'uvnet',
  };
}

function runTests(env, only) {
  const files = only === '' ? mocha : [mocha[0], `test/*${only}*.test.js`];
  const steps = [
    ['mocha', files, {}],
    ['mocha, without batching', files, { UVNET_NO_BATCHING: '1' }],
  ];
  if (only === '') {
    steps.push(['Node\'s net tests', ['test/node/run.js', '--jobs', '2'], {}]);
  }
  let ok = true;
  for (const [name, args, extra] of steps) {
    step(name);
    const { status } = spawnSync(process.execPath, args, { cwd: root,
      env: { ...env, ...extra }, stdio: ['ignore', 'ignore', 'inherit'],
      timeout: STEP_LIMIT_MS });
    if (status !== 0) step(`${name}: exit code ${status}`);
    ok &&= status === 0;
  }
  return ok;
}

function tool(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args,
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status === 0) return stdout;
  throw new Error(`${program}: ${error?.message ?? stderr} ` +
    '(Debian: apt-get install clang llvm)');
}

// Percent of the lines of src/ that ran, with a line for each file.
function nativeCoverage(folder, binary) {
  const data = path.join(folder, 'llvm.profdata');
  // A process that was killed while it wrote leaves a file that is none.
  tool('llvm-profdata', ['merge', '-sparse', '-failure-mode=all', '-o', data,
    path.join(folder, 'llvm')]);
  // Node's headers have code too.
  const report = JSON.parse(tool('llvm-cov', ['export', '-summary-only',
    '-ignore-filename-regex=include/node', `-instr-profile=${data}`, binary]));
  const [{ files, totals }] = report.data;
  for (const { filename, summary: { lines } } of files) {
    console.log(`${lines.percent.toFixed(1).padStart(6)} %  ` +
      `src/${path.basename(filename)}`);
  }
  fs.writeFileSync(path.join(root, 'coverage', 'src.txt'), tool('llvm-cov',
    ['show', `-instr-profile=${data}`, binary]));
  return totals.lines.percent;
}

// The same of lib/.
function scriptCoverage(folder) {
  const c8 = path.join(root, 'node_modules/c8/bin/c8.js');
  const reports = path.join(root, 'coverage');
  tool(process.execPath, [c8, 'report', '--temp-directory',
    path.join(folder, 'v8'), '--include', 'lib/**/*.js', '--all',
    '--reporter', 'text', '--reporter', 'json-summary', '--reporter', 'html',
    '--reports-dir', reports]);
  const summary = JSON.parse(
    fs.readFileSync(path.join(reports, 'coverage-summary.json'), 'utf8'));
  const { total, ...files } = summary;
  for (const [file, { lines }] of Object.entries(files)) {
    console.log(`${lines.pct.toFixed(1).padStart(6)} %  ${ 
      path.relative(root, file)}`);
  }
  return total.lines.pct;
}

function main() {
  const { values: { only } } = parseArgs({
    options: { only: { type: 'string', default: '' } },
  });
  setup();
  const binary = build({ variant: 'coverage' });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-coverage-'));
  try {
    fs.mkdirSync(path.join(root, 'coverage'), { recursive: true });
    const passed = runTests(environment(folder, binary), only);
    const percent = { src: nativeCoverage(folder, binary),
      lib: scriptCoverage(folder) };
    for (const [part, bar] of Object.entries(BARS)) {
      console.log(`${part}: ${percent[part].toFixed(2)} % of the lines ` +
        `(at least ${bar} %)`);
      if (percent[part] < bar) process.exitCode = 1;
    }
    if (!passed) process.exitCode = 1;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main();
