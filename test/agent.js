'use strict';

// A process with operations that another one calls, for tests whose two ends
// must not share a loop. The file that it runs hands its operations to serve();
// whoever starts it has an Agent, and calls them by name.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const REGISTER = path.join(ROOT, 'lib/register.js');

// How a process comes to its net: core's, the module, or the preload.
const MODES = {
  core: { flags: [], specifier: 'node:net' },
  uvnet: { flags: [], specifier: ROOT },
  preload: { flags: ['-r', REGISTER], specifier: 'node:net' },
};
const SPECIFIER = 'UVNET_TEST_NET';

const running = new Set();

class Agent {
  #child;
  #calls = new Map();
  #nextId = 0;
  #stderr = '';

  /**
   * options: flags for node; prefix, a command that runs node; env; onEvent,
   * called with what the agent sends by itself.
   */
  constructor(file, mode, options = {}) {
    const { flags = [], prefix = [], env = {}, onEvent = () => {} } = options;
    const { specifier, flags: own } = MODES[mode];
    const command = [...prefix, process.execPath, ...flags, ...own, file];
    this.#child = spawn(command[0], command.slice(1), {
      env: { ...process.env, ...env, [SPECIFIER]: specifier },
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    running.add(this.#child);
    this.#child.stderr.setEncoding('utf8');
    this.#child.stderr.on('data', (text) => { this.#stderr += text; });
    this.#child.on('message', (message) => {
      if (message.id === undefined) onEvent(message);
      else this.#answer(message);
    });
    const read = once(this.#child.stderr, 'close');
    this.ended = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve({ code: error.code }));
      // 'close' does not come where this end has closed the channel.
      this.#child.on('exit', (code, signal) =>
        read.then(() => resolve({ code, signal })));
    });
    this.ended.then((end) => this.#failAll(end));
  }

  get pid() { return this.#child.pid; }
  get stderr() { return this.#stderr; }

  #answer({ id, value, error }) {
    const { resolve, reject } = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  }

  #failAll(end) {
    running.delete(this.#child);
    for (const { name, reject } of this.#calls.values()) {
      reject(new Error(`${name}: the process has ended with ` +
        `${JSON.stringify(end)}\n${this.#stderr}`));
    }
    this.#calls.clear();
  }

  /** Runs an operation there and resolves to what it gives. */
  call(name, ...args) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { name, resolve, reject });
      this.#child.send({ id, name, args }, (error) => {
        if (error && this.#calls.delete(id)) reject(error);
      });
    });
  }

  kill(signal = 'SIGKILL') {
    this.#child.kill(signal);
  }

  /** Lets it end by itself: nothing but its channel may keep it alive. */
  async end(limit = 10000) {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.kill(), limit);
    const end = await this.ended;
    clearTimeout(timer);
    return { ...end, stderr: this.#stderr };
  }
}

function killAgents() {
  for (const child of running) {
    child.kill('SIGKILL');
    child.kill('SIGCONT');
  }
}

/** For a program that has agents: none of them outlives it. */
function endAgentsWithUs() {
  process.on('exit', killAgents);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => process.exit(1));
  }
}

/** In the agent: the net it shall use. */
function ownNet() {
  return require(process.env[SPECIFIER]);
}

/** In the agent: answers calls until the channel closes. */
function serve(operations) {
  process.on('message', async ({ id, name, args }) => {
    const answer = { id };
    try {
      answer.value = await operations[name](...args);
    } catch (error) {
      answer.error = error.stack;
    }
    if (process.connected) process.send(answer);
  });
}

module.exports = { Agent, MODES, ROOT, endAgentsWithUs, ownNet, serve };
