'use strict';

// The processes of a measurement, and what the kernel knows of them.

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const TIMEOUT = 20000;

// Nanoseconds of processor time of all threads of a process, proc(5). A thread
// may end while they are counted.
function cpuTime(pid) {
  const folder = `/proc/${pid}/task`;
  let sum = 0;
  for (const task of fs.readdirSync(folder)) {
    try {
      const text = fs.readFileSync(`${folder}/${task}/schedstat`, 'utf8');
      sum += Number(text.split(' ')[0]);
    } catch (err) {
      if (err.code !== 'ENOENT' && err.code !== 'ESRCH') throw err;
    }
  }
  return sum;
}

// Jiffies of the whole machine: busy, stolen by the hypervisor, and all.
function machineTime() {
  const [line] = fs.readFileSync('/proc/stat', 'utf8').split('\n');
  const [user, nice, system, idle, wait, irq, softirq, steal] =
    line.trim().split(/\s+/).slice(1).map(Number);
  const busy = user + nice + system + irq + softirq;
  return { busy, steal, all: busy + idle + wait + steal };
}

function openFilesLimit(pid) {
  const text = fs.readFileSync(`/proc/${pid}/limits`, 'utf8');
  return Number(text.match(/Max open files +(\d+)/)[1]);
}

function withTimeout(promise, what, limit = TIMEOUT) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function lines(stream) {
  return readline.createInterface({ input: stream })[Symbol.asyncIterator]();
}

// A child with line by line output; `files` is how many descriptors it wants,
// which it gets where that is allowed.
function start(command, args, { ipc = false, files } = {}) {
  const stdio = ['pipe', 'pipe', 'inherit'];
  if (ipc) stdio.push('ipc');
  const raise = `ulimit -n ${files} 2>/dev/null; exec "$0" "$@"`;
  const child = files ? spawn('sh', ['-c', raise, command, ...args],
    { stdio }) : spawn(command, args, { stdio });
  const output = lines(child.stdout);
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  child.stdin.on('error', () => {});
  const readLine = async () => {
    const { value, done } = await withTimeout(output.next(), args.join(' '));
    if (done) throw new Error(`${args.join(' ')} ended`);
    return value;
  };
  return { child, pid: child.pid, readLine, ended };
}

// `prefix` are words to go before the command, `files` as in start(). A subject
// that is a list of words is a program of its own, and ends with its input.
function startSubject(subject, scenario, options, { prefix = [], files }) {
  if (Array.isArray(subject)) {
    const [program, ...words] = subject;
    return start(program, [...words, scenario, JSON.stringify(options)]);
  }
  const [command, ...args] = [...prefix, process.execPath, '--expose-gc',
    path.join(__dirname, 'subject.js'), subject, scenario,
    JSON.stringify(options)];
  return start(command, args, { ipc: true, files });
}

// Puts all threads of a process on the first processor that this one may use,
// taskset(1).
function pin({ pid }) {
  const text = fs.readFileSync('/proc/self/status', 'utf8');
  const [, processor] = text.match(/Cpus_allowed_list:\s*(\d+)/);
  execFileSync('taskset', ['-acp', processor, String(pid)]);
}

// Sends a request to a subject and returns its answer; `limit` is how many
// milliseconds that may take.
function ask(subject, request, limit) {
  const answer = new Promise((resolve, reject) => {
    subject.child.once('message', resolve);
    subject.ended.then(() => reject(new Error('the subject ended')));
  });
  subject.child.send(request);
  return withTimeout(answer, JSON.stringify(request), limit);
}

// Ends what start() returned, and waits until it is gone.
async function stop({ child, ended }) {
  child.stdin.end();
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(timer);
}

// A folder that is gone when this process ends, also by an interrupt.
function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-bench-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => process.exit(1));
  }
  return folder;
}

module.exports = { ask, cpuTime, machineTime, openFilesLimit, pin, start,
  startSubject, stop, temporaryFolder };
