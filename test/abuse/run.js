'use strict';

// node test/abuse/run.js [--seed N] [--scripts N] [--steps N] [--only N]
//   [--from N] [--total N] [--all] [--core] [--verbose] [--asan] [--batch N]
// Runs random scripts that do to sockets, servers, handles and native functions
// what no program should, in processes of their own, and ends with code 1 if one
// crashes, hangs, throws an error of uvnet's own, leaves a handle or descriptor,
// or hurts one of four sockets that it has nothing to do with. --only reruns one
// script; --total counts steps instead of scripts; --all goes on after a finding;
// SIGTERM ends it when the running process is done;
// --core tries core's net; --asan runs on the addon with sanitizers.

const { spawn } = require('node:child_process');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { parseArgs } = require('node:util');

const CHILD = path.join(__dirname, 'child.js');

const { values } = parseArgs({ options: {
  seed: { type: 'string', default: '1' },
  scripts: { type: 'string', default: '200' },
  steps: { type: 'string', default: '40' },
  from: { type: 'string', default: '0' },
  only: { type: 'string' },
  total: { type: 'string' },
  batch: { type: 'string', default: '500' },
  all: { type: 'boolean', default: false },
  core: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  asan: { type: 'boolean', default: false },
} });

const PATIENCE_MS = values.asan ? 120000 : 30000;

function print(line) {
  process.stdout.write(`${line}\n`);
}

// Runs scripts from `from` on in one process. Where it ended, the steps done, and
// what was wrong.
function runBatch(from, to, env) {
  const settings = JSON.stringify({ seed: Number(values.seed), from, to,
    steps: Number(values.steps), core: values.core, verbose: values.verbose });
  const child = spawn(process.execPath, ['--no-warnings', CHILD, settings],
    { stdio: ['ignore', 'pipe', 'pipe'], env });
  const result = { next: from, steps: 0, problem: null, isOver: false };
  let errors = '';
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      result.problem = 'hangs';
      child.kill('SIGKILL');
    }, PATIENCE_MS);
  };
  wait();
  child.stderr.on('data', (chunk) => { errors = `${errors}${chunk}`.slice(-4000); });
  createInterface({ input: child.stdout }).on('line', (line) => {
    wait();
    const [, kind, index, what] = /^(\w+) (-?\d+) (.*)$/.exec(line) ?? [];
    if (values.verbose) print(line);
    if (kind === 'ok' || kind === 'exit') {
      result.next = Number(index) + 1;
      result.steps += Number(what);
    }
    if (kind === 'bad') result.problem = JSON.parse(what).join('\n');
    if (kind === 'end' || kind === 'exit') result.isOver = true;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (!result.isOver) result.problem ??= `ends with ${signal ?? code}\n${errors}`;
      resolve(result);
    });
  });
}

// What the scripts run on; with sanitizers, the build and their environment.
function prepare() {
  if (!values.asan) return { env: process.env, finish: () => 0 };
  return require('../../scripts/asan').prepare();
}

async function main() {
  const { env, finish } = prepare();
  const start = Number(values.only ?? values.from);
  const wanted = values.total ? Number(values.total) : Infinity;
  const end = values.only ? start + 1 :
    values.total ? Infinity : start + Number(values.scripts);
  let next = start;
  let steps = 0;
  let findings = 0;
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  while (next < end && steps < wanted && !stop.signal.aborted) {
    const result = await runBatch(next, Math.min(next + Number(values.batch), end), env);
    steps += result.steps;
    next = result.next;
    if (result.problem === null) continue;
    findings++;
    print(`\nseed ${values.seed}, script ${next}: ${result.problem}`);
    print(`again: --seed ${values.seed} --only ${next} --steps ${values.steps}, ` +
      `or if it is of what went before --from ${next - next % Number(values.batch)}`);
    next++;
    if (!values.all) break;
  }
  findings += finish();
  print(`${next - start} scripts, ${steps} steps, ${findings} findings`);
  process.exitCode = findings > 0 ? 1 : 0;
}

main();
