'use strict';

// Measures one scenario: a process per side, all alive together, and windows
// of load on one after the other, round by round; and all that anew with fresh
// processes, launch by launch.

const path = require('node:path');
const { ask, cpuTime, machineTime, pin, start, startSubject, stop } =
  require('./processes');
const { countSyscalls } = require('./syscalls');

let sockets = 0;

// Arguments of the load generator.
function loadArguments(scenario, target) {
  const { mode, connections, size, reply, depth, client } = scenario;
  if (mode === 'paced' && size) return [mode, target, connections, size, reply];
  if (mode !== 'exchange') return [mode, target, connections];
  const rest = client ? ['listen'] : [];
  return [mode, target, connections, size, reply, depth, ...rest];
}

function startLoad(context, args) {
  return start(context.load, args.map(String));
}

function newPath({ folder }) {
  return path.join(folder, `${++sockets}.sock`);
}

// An echo server for subjects that connect to one.
async function startFar(context, { far }) {
  if (!far) return undefined;
  const load = startLoad(context,
    ['answer', 0, ...(far === 'once' ? ['once'] : [])]);
  return { load, target: await load.readLine() };
}

// The load is there first: the subject connects to it.
async function startClientSide(context, subject, scenario, side) {
  side.driver = startLoad(context, loadArguments(scenario, 0));
  const peer = await side.driver.readLine();
  side.subject = startSubject(subject.net, scenario.handler,
    { peer, connections: scenario.connections }, context);
  await side.driver.readLine();
}

async function startServerSide(context, subject, scenario, side) {
  side.subject = startSubject(subject.net, scenario.handler, {
    path: scenario.unix ? newPath(context) : undefined,
    peer: side.far?.target,
  }, context);
  const target = await side.subject.readLine();
  side.driver = startLoad(context, loadArguments(scenario, target));
  await side.driver.readLine();
}

// Starts what one subject needs, and puts it into `sides`: `{ subject, driver,
// far }`, where the latter two may be missing. `context` is as in measure(); its
// `prefix` are the first words of the subject's command.
async function startSide(context, subject, scenario, sides) {
  const side = { name: subject.name, costs: [], p50: [], p99: [], operations: 0,
    far: await startFar(context, scenario) };
  sides.push(side);
  if (scenario.mode === 'self') {
    side.subject = startSubject(subject.net, scenario.handler,
      { peer: side.far?.target, connections: scenario.connections }, context);
  } else if (scenario.client) {
    await startClientSide(context, subject, scenario, side);
  } else {
    await startServerSide(context, subject, scenario, side);
  }
}

function processesOf({ subject, driver, far }) {
  return [subject, driver, far?.load].filter(Boolean);
}

// `window` is a number of milliseconds, or more words for the load generator.
async function runWindow({ subject, driver }, window) {
  if (!driver) return ask(subject, { window });
  driver.child.stdin.write(`${window}\n`);
  return JSON.parse(await driver.readLine());
}

async function measureWindow(side, milliseconds, weight) {
  const before = cpuTime(side.subject.pid);
  const result = await runWindow(side, milliseconds);
  const operations = result.operations * weight;
  return { ...result, operations,
    cost: (cpuTime(side.subject.pid) - before) / operations };
}

async function measureRound(sides, milliseconds, weight) {
  for (const side of sides) {
    const result = await measureWindow(side, milliseconds, weight);
    side.costs.push(result.cost);
    side.p50.push(result.p50);
    side.p99.push(result.p99);
    side.operations += result.operations;
  }
}

function ownTime(sides) {
  const own = process.cpuUsage();
  return sides.flatMap(processesOf).reduce((sum, { pid }) => sum + cpuTime(pid),
    (own.user + own.system) * 1000);
}

// Watches the machine until the function it returns is called: that gives the
// jiffies that others used, that the hypervisor took, and all.
function watchMachine(sides) {
  const before = { ...machineTime(), own: ownTime(sides) };
  return () => {
    const after = { ...machineTime(), own: ownTime(sides) };
    // A jiffy is 10 ms.
    const own = (after.own - before.own) / 1e7;
    return {
      foreign: Math.max(0, after.busy - before.busy - own),
      steal: after.steal - before.steal,
      all: after.all - before.all,
    };
  };
}

async function runRounds(sides, scenario, plan) {
  const { weight = 1 } = scenario;
  // Compiles the hot functions.
  for (const side of sides) await measureWindow(side, plan.warmup, weight);
  const finish = watchMachine(sides);
  for (let round = 0; round < plan.windows; round++) {
    const order = round % 2 === 0 ? sides : sides.toReversed();
    await measureRound(order, plan.window, weight);
  }
  return finish();
}

async function countAll(sides, scenario) {
  for (const side of sides) {
    side.syscalls = await countSyscalls(side.subject.pid,
      () => measureWindow(side, 200, scenario.weight ?? 1));
  }
}

// Fresh processes of all subjects, and all windows of them. System calls are
// the same in each launch; the first counts them.
async function launchOnce(context, subjects, scenario, plan, isFirst) {
  const sides = [];
  try {
    for (const subject of subjects) {
      await startSide(context, subject, scenario, sides);
    }
    if (scenario.oneProcessor) sides.flatMap(processesOf).forEach(pin);
    const machine = await runRounds(sides, scenario, plan);
    if (isFirst && plan.syscalls) await countAll(sides, scenario);
    return { sides, machine };
  } finally {
    await Promise.all(sides.flatMap(processesOf).map(stop));
  }
}

// One side of all launches.
function joinSides(sides) {
  const [{ name, syscalls }] = sides;
  return {
    name,
    syscalls,
    costs: sides.map(({ costs }) => costs),
    p50: sides.flatMap(({ p50 }) => p50),
    p99: sides.flatMap(({ p99 }) => p99),
    operations: sides.reduce((sum, { operations }) => sum + operations, 0),
  };
}

/**
 * @param {object} context
 * @param {string} context.load the load generator
 * @param {string} context.folder for Unix sockets
 * @param {object[]} subjects `{ name, net }` each; `net` as in subject.js
 * @param {object} scenario an entry of scenarios.js
 * @param {object} plan `{ launches, windows, window, warmup, syscalls }`:
 *   windows of each launch, milliseconds of each
 * @returns {Promise<object>} `{ sides, machine }`; the costs of a side are
 *   nanoseconds per operation of each window, by launch
 */
async function measure(context, subjects, scenario, plan) {
  const launches = [];
  for (let i = 0; i < plan.launches; i++) {
    launches.push(await launchOnce(context, subjects, scenario, plan, i === 0));
  }
  const sum = (key) => launches
    .reduce((total, { machine }) => total + machine[key], 0);
  return {
    sides: subjects.map((subject, k) =>
      joinSides(launches.map(({ sides }) => sides[k]))),
    machine: { foreign: sum('foreign') / sum('all'),
      steal: sum('steal') / sum('all') },
  };
}

module.exports = { measure, processesOf, runWindow, startSide, watchMachine };
