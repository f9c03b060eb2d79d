'use strict';

// Runs one test file in a process group of its own.

const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const SKIPPED = /^1\.\.0 # Skipped: (.*)$/m;
const LONGEST_BASE = 40;
const PORTS_PER_SLOT = 20;
const groups = new Set();

/** One temporary directory per run; short, as socket paths live below it. */
function makeWorkDir() {
  const base = os.tmpdir().length > LONGEST_BASE ? '/tmp' : os.tmpdir();
  return fs.realpathSync(fs.mkdtempSync(path.join(base, 'uvn-')));
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

function killAll() {
  for (const pid of groups) killGroup(pid);
}

/** A header line such as "// Flags: --expose-gc", split at blanks. */
function headerWords(source, name) {
  const match = new RegExp(`//\\s+${name}:(.*)`).exec(source);
  return match ? match[1].trim().split(/\s+/).filter(Boolean) : [];
}

/** A value for NODE_OPTIONS; the path may hold blanks and quotes. */
function requireOption(file) {
  return `--require="${file.replace(/[\\"]/g, '\\$&')}"`;
}

/**
 * First port of a slot for tests that ask for a fixed one. Runs at the same
 * time get different ranges, all below the ephemeral ports.
 */
function fixedPort(slot) {
  return 12400 + (process.pid % 97) * 200 + (slot * PORTS_PER_SLOT) % 200;
}

function cleanEnv() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (name.startsWith('NODE_') && name !== 'NODE_V8_COVERAGE') {
      delete env[name];
    }
  }
  for (const name of ['TEST_SERIAL_ID', 'FORCE_COLOR', 'NO_COLOR']) {
    delete env[name];
  }
  return env;
}

/**
 * Environment of a test. The preload goes into NODE_OPTIONS and not onto the
 * command line: so it reaches the processes that a test starts, and stays out
 * of process.execArgv, which tests look at.
 */
function testEnv(job, slotDir) {
  const env = { ...cleanEnv(), ...job.env };
  env.NODE_TEST_DIR = slotDir;
  env.TEST_THREAD_ID = String(job.slot);
  env.NODE_COMMON_PORT = String(fixedPort(job.slot));
  env.UVNET_STATS = path.join(slotDir, 'stats');
  if (job.file.startsWith('parallel/')) env.TEST_PARALLEL = '1';
  else delete env.TEST_PARALLEL;
  if (job.preload) env.NODE_OPTIONS = requireOption(job.preload);
  for (const pair of headerWords(job.source, 'Env')) {
    const at = pair.indexOf('=');
    if (at > 0) env[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return env;
}

/** Sums the counters of all processes of a test; broken lines are ignored. */
function readStats(file) {
  const total = { processes: 0 };
  if (!fs.existsSync(file)) return total;
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    let record;
    try {
      record = JSON.parse(line);
    } catch {
      continue;
    }
    if (record === null || typeof record !== 'object') continue;
    total.processes++;
    addCounters(total, record);
  }
  return total;
}

function addCounters(total, record) {
  for (const [name, value] of Object.entries(record)) {
    if (name === 'pid' || typeof value !== 'number') continue;
    total[name] = (total[name] || 0) + value;
  }
  return total;
}

/** Files of known_issues/ show a fault of Node's: they pass by failing. */
function knownIssue({ code }) {
  if (code !== 0) return { status: 'pass', reason: '' };
  return { status: 'fail', reason: 'does not show the known issue' };
}

function verdict(file, exit, output) {
  if (exit.timedOut) return { status: 'timeout', reason: 'took too long' };
  if (exit.error) return { status: 'fail', reason: exit.error.message };
  if (exit.signal) return { status: 'crash', reason: exit.signal };
  if (file.startsWith('known_issues/')) return knownIssue(exit);
  if (exit.code !== 0) return { status: 'fail', reason: `exit ${exit.code}` };
  const skip = SKIPPED.exec(output);
  if (skip) return { status: 'skip', reason: skip[1].trim() };
  return { status: 'pass', reason: '' };
}

/**
 * Starts the process and waits for its end. Output goes to a file, not to a
 * pipe: writes are synchronous, and a leftover process cannot hold it open.
 */
function spawnTest(job, slotDir) {
  return new Promise((resolve) => {
    const fd = fs.openSync(path.join(slotDir, 'output'), 'a');
    const args = [...headerWords(job.source, 'Flags'), job.path];
    const child = spawn(job.node, args, {
      cwd: job.root,
      env: testEnv(job, slotDir),
      stdio: ['ignore', fd, fd],
      detached: true,
    });
    fs.closeSync(fd);
    watch(child, job.timeout, resolve);
  });
}

function watch(child, timeout, done) {
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, timeout);
  if (child.pid) groups.add(child.pid);
  child.once('error', (error) => {
    clearTimeout(timer);
    done({ error });
  });
  child.once('exit', (code, signal) => {
    clearTimeout(timer);
    const leftovers = killGroup(child.pid) && !timedOut;
    groups.delete(child.pid);
    done({ code, signal, timedOut, leftovers });
  });
}

/**
 * Runs one test file.
 * @param {object} job
 * @param {string} job.file name in the suite, 'parallel/test-net-bind.js'
 * @param {string} job.root directory that holds test/
 * @param {string} job.node the node binary
 * @param {object} [job.env] additions to the environment
 * @param {string} [job.preload] file loaded ahead of each process
 * @param {number} job.slot number unique among the tests that run now
 * @param {number} job.timeout milliseconds
 * @param {string} job.workDir directory of this run
 * @returns {Promise<object>} file, status ('pass', 'fail', 'skip', 'timeout',
 *   'crash': ended by a signal),
 *   reason, seconds, output, stats, leftovers
 */
async function runFile(job) {
  const started = process.hrtime.bigint();
  const file = path.join(job.root, 'test', job.file);
  if (!fs.existsSync(file)) {
    const reason = 'not in this suite';
    return { file: job.file, status: 'fail', reason, seconds: 0, output: '',
             stats: { processes: 0 }, leftovers: false };
  }
  const slotDir = path.join(job.workDir, String(job.slot));
  fs.mkdirSync(slotDir);
  const source = fs.readFileSync(file, 'utf8');
  const exit = await spawnTest({ ...job, path: file, source }, slotDir);
  const output = fs.readFileSync(path.join(slotDir, 'output'), 'utf8');
  const result = {
    file: job.file,
    ...verdict(job.file, exit, output),
    seconds: Number(process.hrtime.bigint() - started) / 1e9,
    output,
    stats: readStats(path.join(slotDir, 'stats')),
    leftovers: Boolean(exit.leftovers),
  };
  fs.rmSync(slotDir, { recursive: true, force: true, maxRetries: 3 });
  return result;
}

module.exports = { addCounters, killAll, makeWorkDir, runFile };
