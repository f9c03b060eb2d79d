'use strict';

// Runs scripts in this thread, a main one or a worker's, and says how each ends.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');
const { Worker, isMainThread } = require('node:worker_threads');
const { Random } = require('../differential/random');
const { Canary } = require('./canary');
const { Raw } = require('./raw');
const { Script } = require('./script');
const { Stack } = require('./stack');
const { World, closeWorld } = require('./world');

const ROOT = process.env.UVNET_ROOT || path.join(__dirname, '..', '..');
// Of so many scripts one is of native functions and one of a full stack.
const KINDS = 5;
// Every so many one is a worker's, and one ends the process.
const WORKER = 50;
const EXIT = 100;

// What JavaScript says of a script's own value where core and uvnet need a number or a
// function.
const IS_CONVERSION =
  /^Cannot convert |^(number|string|boolean) .* is not a function$|^Class constructor Trap /;

function isStackOverflow(error) {
  return error instanceof RangeError && error.code === undefined;
}

// An error that comes from a line of uvnet's and has no code is its mistake. The
// others are answers to what a script did.
function isInternal(error) {
  if (!(error instanceof Error) || error.code !== undefined ||
      isStackOverflow(error) || IS_CONVERSION.test(error.message)) return false;
  const [frame] = /^ {4}at .*$/m.exec(error.stack) ?? [''];
  return frame.includes(path.join(ROOT, 'lib'));
}

function descriptors() {
  try {
    return fs.readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

function temporary() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-abuse-'));
}

class Runner {
  problems = [];
  current = null;
  raw = null;

  constructor(settings, say) {
    this.settings = settings;
    this.say = say;
    this.net = settings.core ? require('node:net') : require(ROOT);
    this.folder = temporary();
    this.canary = new Canary(this.net, this.folder);
    if (settings.core) return;
    this.binding = require(path.join(ROOT, 'lib/binding'));
    this.handles = require(path.join(ROOT, 'lib/dispatch')).handles;
    this.Handle = require(path.join(ROOT, 'lib/handle')).Handle;
  }

  // Node leaves the other ticks for later when one throws. Who calls methods that
  // are nobody's to call gets what they throw.
  onUncaught(error) {
    this.canary.tickIsDue = false;
    if (isInternal(error) && !this.current?.isTampered) {
      this.problems.push(`uncaught: ${error.stack}`);
    }
  }

  isOurs(value) {
    return this.Handle !== undefined && value instanceof this.Handle;
  }

  liveHandles() {
    return this.binding ? this.binding.liveHandles() - this.base : 0;
  }

  async start() {
    await this.canary.open();
    await this.canary.sing(new Random(0));
    this.base = this.binding?.liveHandles() ?? 0;
    this.own = new Set(this.handles);
    this.descriptors = descriptors();
  }

  async sockets(index, seed) {
    const folder = temporary();
    const world = new World(this.net, (value) => this.isOurs(value), folder);
    this.current = world;
    const isStack = index % KINDS === KINDS - 2;
    const script = new (isStack ? Stack : Script)(world, seed, this.settings.steps);
    if (this.settings.verbose) {
      world.caught = (error) => this.say('caught', index, `${error?.stack}`);
      script.log = (...what) => this.say('step', index, what);
    }
    // It ends in the middle of what it does.
    if (index % EXIT === EXIT - 5 && isMainThread) {
      script.exitAt = script.left >> 1;
      script.exit = () => { this.say('exit', index, script.done); process.exit(0); };
    }
    await script.run();
    script.isOver = true;
    const left = await closeWorld(world, () => this.liveHandles(), () =>
      this.handles.filter((one) => one !== undefined && !this.own.has(one)));
    if (left) this.problems.push(left);
    fs.rmSync(folder, { recursive: true, force: true });
    return script.done;
  }

  async natives(index, seed) {
    const { dlopen } = process;
    if (!this.raw || index % (KINDS * 10) === 0) {
      const file = process.env.UVNET_BINARY ||
        path.join(ROOT, 'build/Release/uvnet.node');
      const module = { exports: {} };
      dlopen.call(process, module, file);
      this.raw = new Raw(module.exports);
      this.raw.start(index % 2 === 0);
    }
    const { raw } = this;
    if (this.settings.verbose) {
      raw.caught = (error) => this.say('caught', index, `${error?.stack}`);
    }
    const before = raw.done;
    const left = await raw.run(seed, this.settings.steps);
    if (left) this.problems.push(left);
    return raw.done - before;
  }

  // Some of its scripts run until it is ended.
  async worker(index, seed) {
    const random = new Random(seed);
    const from = index * 1000;
    const workerData = { ...this.settings, from, to: from + 20 };
    const worker = new Worker(path.join(__dirname, 'worker.js'), { workerData });
    worker.on('message', (what) => this.problems.push(`in a worker: ${what}`));
    worker.on('error', (error) => this.onUncaught(error));
    const exit = new Promise((resolve) => { worker.once('exit', resolve); });
    const timer = setTimeout(() => worker.terminate(), 40 + random.below(150));
    await exit;
    clearTimeout(timer);
    return 20;
  }

  // The script with that index; the same as often as it is run.
  async run(index) {
    const { settings } = this;
    this.problems = [];
    this.current = null;
    const seed = settings.seed * 1e6 + index;
    let done;
    if (!settings.core && index % KINDS === KINDS - 1) done = await this.natives(index, seed);
    else if (isMainThread && index % WORKER === 1) done = await this.worker(index, seed);
    else done = await this.sockets(index, seed);
    await this.canary.sing(new Random(index));
    this.problems.push(...this.canary.problems);
    return done;
  }

  async runAll() {
    const { from, to } = this.settings;
    await this.start();
    for (let index = from; index < to; index++) {
      const done = await this.run(index);
      if (this.problems.length > 0) {
        this.say('bad', index, this.problems);
        process.exit(3);
      }
      this.say('ok', index, done);
    }
    const more = descriptors() - this.descriptors;
    if (isMainThread && more > 3) this.say('bad', to - 1, [`${more} descriptors are left`]);
    this.say('end', to, 0);
    process.exit(0);
  }
}

function startScripts(settings, say) {
  v8.setFlagsFromString('--expose-gc');
  globalThis.gc = vm.runInNewContext('gc');
  const runner = new Runner(settings, say);
  process.on('exit',
    () => fs.rmSync(runner.folder, { recursive: true, force: true }));
  process.on('uncaughtException', (error) => runner.onUncaught(error));
  process.on('unhandledRejection', (error) => runner.onUncaught(error));
  runner.runAll().catch((error) => {
    say('bad', -1, [error.stack]);
    process.exit(3);
  });
}

module.exports = { startScripts };
