'use strict';

// Builds the shim, and runs lists of cases in processes that have it.

const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Page } = require('./page');

const ROOT = path.join(__dirname, '..', '..');
const CHILD = path.join(__dirname, 'child.js');

// No case takes so long, unless its process turns round in a circle.
const FROZEN_MS = 10000;
const LOOK_MS = 100;

/** Why nothing can be run here; or undefined. */
function whyNot() {
  if (process.platform !== 'linux') return 'LD_PRELOAD and epoll: Linux only';
  if (process.env.LD_PRELOAD) return 'another library is preloaded already';
  const { glibcVersionRuntime } = process.report.getReport().header;
  if (!glibcVersionRuntime) return 'the shim needs glibc';
  const cc = process.env.CC || 'cc';
  return spawnSync(cc, ['--version']).error ? `no C compiler (${cc})` :
    undefined;
}

/** Compiles the shim into `folder`; its file. */
function buildShim(folder) {
  const file = path.join(folder, 'shim.so');
  const { status, stderr } = spawnSync(process.env.CC || 'cc',
    ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Wshadow', '-Wconversion',
      '-Werror', '-fPIC', '-shared', '-o', file,
      path.join(__dirname, 'shim.c')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`shim.c: ${stderr}`);
  return file;
}

function readReports(file) {
  if (!fs.existsSync(file)) return [];
  return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
    .map((line) => JSON.parse(line));
}

// Ends a child that has not reported anything for too long. Whether it did.
async function guard(child, file) {
  let size = -1;
  let since = Date.now();
  let isFrozen = false;
  const timer = setInterval(() => {
    const now = fs.existsSync(file) ? fs.statSync(file).size : 0;
    if (now !== size) since = Date.now();
    size = now;
    if (Date.now() - since < FROZEN_MS) return;
    isFrozen = true;
    child.kill('SIGKILL');
  }, LOOK_MS);
  const [code, signal] = await once(child, 'exit');
  clearInterval(timer);
  return { code, signal: isFrozen ? 'frozen' : signal };
}

class Runner {
  #shim;
  #count = 0;

  constructor(folder) {
    this.folder = folder;
    this.#shim = buildShim(folder);
  }

  async #runFrom(net, cases, first, file) {
    const page = `${file}.page`;
    Page.create(page);
    const errors = fs.openSync(`${file}.stderr`, 'w');
    const child = spawn(process.execPath,
      [CHILD, net, cases, file, String(first)], {
        cwd: ROOT,
        env: { ...process.env, LD_PRELOAD: this.#shim, UVNET_FAULTS: page },
        stdio: ['ignore', 'ignore', errors],
      });
    fs.closeSync(errors);
    return guard(child, file);
  }

  /**
   * Runs all cases on one net ('core' or 'uvnet'), in as many processes as it
   * takes. What became of each: what child.js reports, or { crash }.
   */
  async run(net, cases) {
    const middle = Math.ceil(cases.length / 2);
    const halves = [cases.slice(0, middle), cases.slice(middle)];
    const results = await Promise.all(
      halves.map((half) => this.#runInTurn(net, half)));
    return results.flat();
  }

  async #runInTurn(net, cases) {
    const file = path.join(this.folder, `${net}${++this.#count}`);
    const list = `${file}.cases`;
    fs.writeFileSync(list, JSON.stringify(cases));
    const results = [];
    while (results.length < cases.length) {
      fs.rmSync(file, { force: true });
      const end = await this.#runFrom(net, list, results.length, file);
      const before = results.length;
      for (const { ends, result } of readReports(file)) {
        if (ends !== undefined) results[ends] = result;
      }
      if (end.signal !== null || end.code !== 0 || results.length === before) {
        const text = fs.readFileSync(`${file}.stderr`, 'utf8');
        results.push({ crash: end.signal ?? `code ${end.code}`, text });
      }
    }
    return results;
  }
}

module.exports = { Runner, whyNot };
