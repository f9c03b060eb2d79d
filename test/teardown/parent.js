'use strict';

// Starts what is ended, in threads of its own or in processes, and tells what
// came of it.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { Worker } = require('node:worker_threads');
const { ROOT, serve } = require('../agent');
const { measure } = require('../load/measure');
const { Random } = require('../differential/random');
const { tmpPath } = require('../helper');
const { Peers } = require('./peers');
const states = require('./states');

const SUBJECT = path.join(__dirname, 'subject.js');
const LIMIT_MS = 60000;
const { UVNET_TEST_NET: specifier } = process.env;
let peers;

// { code, error } or { code, signal } once it has ended.
const KINDS = {
  thread(settings, onMessage) {
    const worker = new Worker(SUBJECT, { workerData: settings });
    let error = null;
    worker.on('error', ({ message }) => { error = message; });
    worker.on('message', onMessage(() => worker.terminate()));
    return new Promise((resolve) => {
      worker.on('exit', (code) => resolve({ code, error }));
    });
  },

  process(settings, onMessage) {
    const child = spawn(process.execPath,
      [...process.execArgv, SUBJECT, JSON.stringify(settings)],
      { stdio: ['ignore', 'pipe', 'pipe'] });
    const answer = onMessage(() => child.kill('SIGKILL'));
    const lines = createInterface(child.stdout);
    lines.on('line', (line) => answer(JSON.parse(line)));
    let text = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (data) => { text += data; });
    return new Promise((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal,
        error: /^Error: end$/m.test(text) ? 'end' : text || null }));
    });
  },
};

async function run(kind, ending, state) {
  const settings = { specifier, state, ending, ports: peers.ports,
    path: tmpPath() };
  let stop;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, LIMIT_MS);
  const end = await KINDS[kind](settings, (terminate) => {
    stop = terminate;
    return (message) => {
      if (message.terminate) terminate();
      if (message.come) peers.come(message.come);
    };
  });
  clearTimeout(timer);
  fs.rmSync(path.dirname(settings.path), { recursive: true, force: true });
  const { isLoud, loudFor = [] } = states[state];
  const others = await peers.settle(isLoud || loudFor.includes(ending));
  return { ...end, ...others, ...(isLate ? { isLate } : {}) };
}

serve({
  measure,
  async open() { peers = await new Peers().open(); },
  run,
  // Threads in a row, by a seed; gives how often each way was taken.
  async many(count, seed, endings) {
    const random = new Random(seed);
    const sums = {};
    for (let i = 0; i < count; i++) {
      const ending = random.pick(endings);
      const names = Object.keys(states).filter(
        (name) => ending !== 'natural' || !states[name].keeps);
      const { code, error, isLate } =
        await run('thread', ending, random.pick(names));
      const key = `${ending}: ${isLate ? 'late' : error ?? code}`;
      sums[key] = (sums[key] ?? 0) + 1;
    }
    return sums;
  },
  threads: () => fs.readdirSync('/proc/self/task').length,
  // Only if uvnet is loaded in this thread.
  live: () => require.cache[path.join(ROOT, 'lib/binding.js')]?.exports
    .liveHandles() ?? 0,
  close: () => peers.close(),
});
