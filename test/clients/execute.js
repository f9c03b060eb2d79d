'use strict';

// Runs one scenario on one net, in a child process.

const { spawn } = require('node:child_process');
const path = require('node:path');

const REGISTER = path.join(__dirname, '../../lib/register.js');
const groups = new Set();

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** For the runner's own end. */
function killAll() {
  groups.forEach(killGroup);
}

function start(node, file, name, setting) {
  const preload = name === 'uvnet' ? ['-r', REGISTER] : [];
  const env = { ...process.env };
  delete env.NODE_OPTIONS;
  return spawn(node,
    [...preload, file, JSON.stringify({ name, ...setting })],
    { env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
}

/** Does what the child asks of its server, and answers. */
async function answer(child, server, { call, id }) {
  let error;
  try {
    if (!['kill', 'start'].includes(call)) throw new Error(`no call ${call}`);
    await server[call]();
  } catch (reason) {
    error = reason.message;
  }
  if (child.connected) child.send({ id, error });
}

function reasonOf({ code, signal, timedOut, lanes, skipped }) {
  if (timedOut) return 'took too long';
  if (signal) return signal;
  if (code !== 0) return `exit code ${code}`;
  return lanes || skipped ? null : 'no report';
}

/** What the child writes, without what differs from process to process. */
function gather(child) {
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString()
    .replaceAll(`(node:${child.pid})`, '(node)');
}

/**
 * @param {string} file the scenario
 * @param {string} name 'core' or 'uvnet'
 * @param {object} options node (the binary), server (or undefined), key, cert,
 *   timeout in ms
 * @returns {Promise<object>} lanes, output, seconds, skipped: why it does not
 *   run on this Node, and reason: why it failed, or null
 */
function execute(file, name, { node, server, timeout, ...setting }) {
  const started = Date.now();
  const child = start(node, file, name, { ...setting, target: server?.target() });
  const output = gather(child);
  let lanes;
  let skipped;
  let timedOut = false;
  groups.add(child.pid);
  child.on('message', (message) => {
    if (message.lanes) ({ lanes } = message);
    else if (message.skipped) ({ skipped } = message);
    else answer(child, server, message);
  });
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, timeout);
  child.on('exit', () => killGroup(child.pid));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      groups.delete(child.pid);
      const reason = reasonOf({ code, signal, timedOut, lanes, skipped });
      const seconds = (Date.now() - started) / 1000;
      resolve({ lanes, output: output(), seconds, skipped, reason });
    });
  });
}

module.exports = { execute, killAll };
