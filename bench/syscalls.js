'use strict';

// System calls per operation, counted by strace in a window of its own: the
// tracing slows the process down, so its times are not used.

const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const readline = require('node:readline');

const hasStrace = () => !spawnSync('strace', ['-V'], { stdio: 'ignore' }).error;

// Calls that only wait or keep time are those of the idle threads.
const IGNORED = new Set(['futex', 'restart_syscall', 'total']);

// "% time  seconds  usecs/call  calls  errors  syscall"; errors may be blank.
function sumCalls(text) {
  let sum = 0;
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    const name = words.at(-1);
    if (!/^[\d.]+$/.test(words[0]) || IGNORED.has(name)) continue;
    sum += Number(words[3]);
  }
  return sum;
}

/**
 * @param {number} pid
 * @param {function} run does work while the calls are counted; its result's
 *   `operations` divides them
 * @returns {Promise<number|undefined>} undefined where strace cannot attach
 */
async function countSyscalls(pid, run) {
  const tracer = spawn('strace', ['-c', '-f', '-p', String(pid)],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(tracer, 'close');
  const lines = readline.createInterface({ input: tracer.stderr });
  let text = '';
  lines.on('line', (line) => { text += `${line}\n`; });
  const [first = ''] = await Promise.race([once(lines, 'line'), ended]);
  if (!String(first).includes('attached')) return undefined;
  const { operations } = await run();
  tracer.kill('SIGINT');
  await ended;
  return sumCalls(text) / operations;
}

module.exports = { countSyscalls, hasStrace };
