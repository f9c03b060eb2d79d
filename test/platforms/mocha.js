'use strict';

// Runs files of the behaviour tests with another Node or another build, each in
// a process of its own, and says which titles passed.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { root } = require('../../scripts/tools');

const MOCHA = 'node_modules/mocha/bin/_mocha';
const REPORTER = path.join(__dirname, 'reporter.js');

function testFiles() {
  return fs.readdirSync(path.join(root, 'test'))
    .filter((name) => name.endsWith('.test.js'))
    .sort();
}

// Ends a whole process group after `limit` ms. Resolves with how it ended.
function runProgram([program, ...args], { env, limit, output }) {
  const log = fs.openSync(output, 'a');
  const child = spawn(program, args, { cwd: root, env, detached: true,
    stdio: ['ignore', log, log] });
  fs.closeSync(log);
  return new Promise((resolve) => {
    let late = false;
    function endAll() {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // They have ended.
      }
    }
    const timer = setTimeout(() => {
      late = true;
      endAll();
    }, limit);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve(error.message);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      endAll();
      resolve(late ? `no end after ${limit / 1000} s` :
        signal ?? `exit code ${code}`);
    });
  });
}

function readLines(file) {
  if (!fs.existsSync(file)) return [];
  return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
    .map((line) => JSON.parse(line));
}

// The title without the name of the net; two tests of one title are told apart.
function titled(lines) {
  const tests = new Map();
  for (const { state, title, error } of lines) {
    const common = title.replaceAll(/\b(core net|uvnet)\b ?/g, '');
    let key = common;
    for (let i = 2; tests.has(key); i++) key = `${common} (${i})`;
    tests.set(key, { state, error });
  }
  return tests;
}

/**
 * Runs one file on core's net or on uvnet: { tests, ended, seconds }. `tests` is
 * a map from titles to { state, error }, `ended` undefined or what ended it early.
 * options: node (a command), env, folder, slower, limit; toPath makes a path
 * of this system one of the Node that runs the file.
 */
async function runFile(file, net, options) {
  const { node, env, folder, slower = 1, limit = 5 * 60 * 1000 } = options;
  const { toPath = String } = options;
  const base = path.join(folder, `${file}-${net}`);
  const results = `${base}.results`;
  for (const old of [results, `${base}.log`]) fs.rmSync(old, { force: true });
  const started = Date.now();
  const how = await runProgram([...node, MOCHA, `test/${file}`, '--reporter',
    toPath(REPORTER)], {
    env: { ...process.env, ...env, UVNET_TEST_ONLY: net,
      UVNET_RESULTS: toPath(results), UVNET_SLOWER: String(slower) },
    limit,
    output: `${base}.log`,
  });
  const lines = readLines(results);
  const done = lines.at(-1)?.state === 'end';
  return {
    tests: titled(lines.filter(({ state }) => state !== 'end')),
    ended: done ? undefined : how,
    seconds: (Date.now() - started) / 1000,
  };
}

function titlesIn({ tests }, wanted) {
  return [...tests].filter(([, { state }]) => state === wanted)
    .map(([title]) => title);
}

/** Calls work(item) for all items, `width` at a time. */
async function forEachOf(items, width, work) {
  const queue = [...items];
  await Promise.all(Array.from({ length: width }, async() => {
    while (queue.length > 0) await work(queue.shift());
  }));
}

/** Calls work(file) for all files, two at a time. Ports are shared, so files with
 * problems are run again alone; what was no problem then is not one. */
async function runFiles(files, work) {
  const found = new Map();
  await forEachOf(files, 2, async(file) => {
    const problems = await work(file);
    if (problems.length > 0) found.set(file, problems);
  });
  const lasting = [];
  for (const [file, problems] of [...found].sort()) {
    const again = new Map((await work(file)).map((one) => [one.what, one]));
    for (const { what } of problems) {
      if (again.has(what)) lasting.push({ file, ...again.get(what) });
      else console.log(`  not the second time: ${file}: ${what}`);
    }
  }
  return lasting;
}

module.exports = { runFile, runFiles, testFiles, titlesIn };
