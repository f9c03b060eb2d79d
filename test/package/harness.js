'use strict';

// What the parts of this folder share: a folder outside the checkout, programs
// that run in it and are gone with it, and one line for each case.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const FIXTURES = path.join(__dirname, 'fixtures');
const LIMIT_MS = 120000;
const OUTPUT_LINES = 40;

const running = new Set();
let base;

/** The folder of this run. It goes when the run ends. */
function temporary() {
  base ??= fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'uvnet-package-'));
  return base;
}

/** A new folder in it, with the files of a fixture. */
function makeFolder(name, fixture) {
  const folder = path.join(temporary(), name);
  fs.mkdirSync(folder, { recursive: true });
  if (fixture) fs.cpSync(path.join(FIXTURES, fixture), folder, { recursive: true });
  return folder;
}

// The whole group, for managers start programs that start programs.
function killGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

function cleanUp() {
  for (const child of running) killGroup(child);
  if (base) fs.rmSync(base, { recursive: true, force: true, maxRetries: 3 });
}

process.on('exit', cleanUp);
for (const [name, code] of [['SIGHUP', 129], ['SIGINT', 130], ['SIGTERM', 143]]) {
  process.once(name, () => process.exit(code));
}

// Settings of the user and of the npm that runs this are not those of a user of
// the package; proxies and certificates are the machine's.
const FORGOTTEN = /^(npm_|INIT_CWD|NODE$|NODE_OPTIONS|NODE_PATH|UVNET_|YARN_|PNPM_|COREPACK_)/i;

/** The environment of a program: `bin` is the only folder that PATH has. */
function environment(bin) {
  const home = makeFolder('home');
  const kept = Object.entries(process.env).filter(([name]) => !FORGOTTEN.test(name));
  return {
    ...Object.fromEntries(kept),
    ...bin && { PATH: bin },
    HOME: home,
    XDG_CACHE_HOME: path.join(home, '.cache'),
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_DATA_HOME: path.join(home, '.local', 'share'),
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
    CI: '1',
  };
}

/**
 * Runs a program to its end and resolves with { code, signal, stdout, stderr }.
 * `whenSaid` is called with the child and all output so far, as it comes.
 */
function run(command, { cwd, env, input = '', whenSaid, limit = LIMIT_MS } = {}) {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: env ?? environment(), detached: true });
    running.add(child);
    const output = { stdout: '', stderr: '' };
    const timer = setTimeout(() => killGroup(child), limit);
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        output[name] += text;
        whenSaid?.(child, output.stdout + output.stderr);
      });
    }
    child.stdin.on('error', () => {});
    if (input !== null) child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      // What it has left behind.
      killGroup(child);
      running.delete(child);
      resolve({ code, signal, ...output });
    });
  });
}

/** The same, which must succeed; resolves with what it has printed. */
async function must(command, options) {
  const result = await run(command, options);
  if (result.code === 0) return result.stdout;
  const { code, signal, stdout, stderr } = result;
  throw new assert.AssertionError({ message:
    `${command.map((word) => path.basename(word)).join(' ')}: ` +
    `${signal ?? `exit code ${code}`}\n${stdout}${stderr}` });
}

class Skip extends Error {}

function indent(text) {
  const lines = text.trim().split('\n');
  const more = lines.length - OUTPUT_LINES;
  const shown = more > 0 ? [...lines.slice(0, OUTPUT_LINES), `… ${more} more lines`] : lines;
  return shown.map((line) => `         ${line}`).join('\n');
}

/** Runs cases and prints a line for each. */
class Report {
  counts = { 'ok': 0, 'NOT ok': 0, 'skip': 0 };

  constructor(filter) {
    this.filter = filter;
  }

  selects(name) {
    return name.includes(this.filter);
  }

  /** Runs it if it is selected; whether it was, and has passed. */
  async add(name, test) {
    if (!this.selects(name)) return false;
    const start = performance.now();
    const [verdict, reason] = await this.verdictOf(test);
    const seconds = (performance.now() - start) / 1000;
    this.counts[verdict]++;
    const note = verdict === 'NOT ok' ? `\n${indent(reason)}` : reason ? `: ${reason}` : '';
    console.log(`${verdict.padEnd(6)} ${seconds.toFixed(1).padStart(5)} s  ${name}${note}`);
    return verdict === 'ok';
  }

  async verdictOf(test) {
    try {
      const note = await test();
      return ['ok', typeof note === 'string' ? note : ''];
    } catch (error) {
      if (error instanceof Skip) return ['skip', error.message];
      return ['NOT ok', error instanceof assert.AssertionError ? error.message : error.stack];
    }
  }

  /** The summary; whether nothing has failed. */
  finish() {
    const { ok, 'NOT ok': failed, skip } = this.counts;
    console.log(`${ok} passed, ${failed} failed${skip ? `, ${skip} skipped` : ''}`);
    return failed === 0 && ok > 0;
  }
}

module.exports = { FIXTURES, Report, Skip, environment, makeFolder, must, run, temporary };
