'use strict';

// npm test: all tests, one kind after the other, and what came of them.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setup } = require('./setup');
const { headers, mocha, root, step } = require('./tools');

// Longer than any step takes; a program that hangs must not hang the run.
const STEP_LIMIT_MS = 20 * 60 * 1000;

function numberIn(text, pattern) {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

// Runs a program, shows its output and resolves with { ok, output }.
function runProgram(program, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: STEP_LIMIT_MS,
    });
    let output = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`);
      resolve({ ok: false, output });
    });
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

function runNode(...args) {
  return runProgram(process.execPath, args);
}

async function behaviour(env) {
  const { ok, output } = await runProgram(process.execPath, mocha, env);
  return {
    ok,
    passed: numberIn(output, /^ *(\d+) passing/m),
    failed: numberIn(output, /^ *(\d+) failing/m),
  };
}

async function cUnits() {
  const { ok } = await runProgram('sh', ['test/c/run.sh'],
    { NODE_INCLUDE: headers() });
  // It counts its checks, more than a million: as a test it is one.
  return { ok, passed: Number(ok), failed: Number(!ok) };
}

async function types() {
  const { ok } = await runNode(
    'node_modules/typescript/bin/tsc', '-p', 'test/types');
  return { ok, passed: Number(ok), failed: Number(!ok) };
}

async function nodeSuite() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-'));
  try {
    const file = path.join(folder, 'results.json');
    const { ok } = await runNode(
      'test/node/run.js', '--jobs', '2', '--json', file);
    if (!fs.existsSync(file)) return { ok: false, passed: 0, failed: 0 };
    const { results } = JSON.parse(fs.readFileSync(file, 'utf8'));
    const passed = results.filter(({ status }) => status === 'pass').length;
    return { ok, passed, failed: ok ? 0 : results.length - passed };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const STEPS = {
  'behaviour, on core net and on uvnet (mocha)': () => behaviour({}),
  'behaviour, uvnet with a dispatch for each event (mocha)': () => behaviour(
    { UVNET_TEST_ONLY: 'uvnet', UVNET_NO_BATCHING: '1' }),
  'C units (test/c)': cUnits,
  'types (tsc)': types,
  'Node\'s own net tests (test/node)': nodeSuite,
};

// A step that fails before it can count is one failure.
async function runStep([name, run]) {
  step(name);
  try {
    const { ok, passed, failed } = await run();
    return { name, ok, passed, failed: ok ? failed : Math.max(failed, 1) };
  } catch (error) {
    console.error(error.stack);
    return { name, ok: false, passed: 0, failed: 1 };
  }
}

function sum(results, key) {
  return results.reduce((total, result) => total + result[key], 0);
}

async function main() {
  setup();
  const results = [];
  for (const one of Object.entries(STEPS)) results.push(await runStep(one));
  step('summary');
  for (const { name, ok, passed, failed } of results) {
    console.log(`${ok ? 'ok    ' : 'NOT ok'} ${name}: ` +
      `${passed} passed, ${failed} failed`);
  }
  console.log(`${sum(results, 'passed')} passed, ` +
    `${sum(results, 'failed')} failed`);
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
}

main();
