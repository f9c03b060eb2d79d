'use strict';

// npm run test:asan: the tests on an addon with AddressSanitizer and
// UndefinedBehaviorSanitizer. Node itself is not built with them, so their
// runtime is preloaded. Reports go to files: those of a process that a test
// started, and whose output it swallowed, count as well.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { getSuite } = require('../test/node/suite');
const { build } = require('./build');
const { setup } = require('./setup');
const { mocha, root, step } = require('./tools');

const STEP_LIMIT_MS = 20 * 60 * 1000;
const RUNTIMES = ['libasan.so', 'libubsan.so'];

// A library of the compiler, which answers with the bare name if it has none.
function runtime(name) {
  const compiler = process.env.CC || 'gcc';
  const file = execFileSync(compiler, [`-print-file-name=${name}`],
    { encoding: 'utf8' }).trim();
  if (path.isAbsolute(file)) return file;
  throw new Error(`${compiler} has no ${name} (Debian: apt-get install gcc)`);
}

function environment(binary, reports) {
  const log = path.join(reports, 'report');
  return {
    ...process.env,
    LD_PRELOAD: RUNTIMES.map(runtime).join(' '),
    // Node never frees much of what it allocates: leaks say nothing here.
    // Beside AddressSanitizer the other one writes to stderr whatever log_path
    // says (and undoes the first one's if it says nothing), but its abort()
    // makes AddressSanitizer write a report.
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:handle_abort=1:' +
      `log_path=${log}`,
    UBSAN_OPTIONS: 'print_stacktrace=1:abort_on_error=1:' +
      `log_path=${log}`,
    UVNET_BINARY: binary,
    UVNET_TEST_ONLY: 'uvnet',
  };
}

// [name, arguments of node]. Time limits are longer than usual: the sanitized
// addon is slower, and so is every allocation of Node itself.
function steps() {
  // Found, or fetched, without the sanitizers: system programs may hang there.
  const suite = getSuite({ version: process.versions.node, log: step });
  return [
    ['mocha', [...mocha, '--timeout', '60000']],
    ['Node\'s net tests', ['test/node/run.js', '--suite', suite,
      '--jobs', '2', '--timeout', '300']],
  ];
}

function printReports(folder) {
  const names = fs.readdirSync(folder);
  for (const name of names) {
    console.error(`\n${name}:`);
    console.error(fs.readFileSync(path.join(folder, name), 'utf8'));
  }
  return names.length;
}

// True if a step fails or leaves a report.
function fails([name, args], env, reports) {
  step(`${name}, with sanitizers`);
  const { status, error } = spawnSync(process.execPath, args,
    { cwd: root, env, stdio: 'inherit', timeout: STEP_LIMIT_MS });
  if (error) console.error(error.message);
  const count = printReports(reports);
  if (count > 0) step(`reports of the sanitizers: ${count}`);
  for (const file of fs.readdirSync(reports)) {
    fs.rmSync(path.join(reports, file));
  }
  return status !== 0 || count > 0;
}

// Builds the addon; for main(), and for a program that runs others itself: the
// environment, the folder of the reports, and finish(), which prints those that
// are left and gives their number.
function prepare() {
  setup();
  const binary = build({ variant: 'asan' });
  const reports = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-asan-'));
  return {
    env: environment(binary, reports),
    reports,
    finish() {
      const count = printReports(reports);
      fs.rmSync(reports, { recursive: true, force: true });
      return count;
    },
  };
}

function main() {
  const { env, reports, finish } = prepare();
  try {
    const failed = steps().filter((one) => fails(one, env, reports));
    if (failed.length > 0) process.exitCode = 1;
    step(failed.length === 0 ? 'no report, no failure' :
      `failed: ${failed.map(([name]) => name).join(', ')}`);
  } finally {
    finish();
  }
}

if (require.main === module) main();

module.exports = { prepare };
