'use strict';

// Finds a difference between two implementations and makes it small.

const { render } = require('./log');
const { runScript } = require('./world');

const BROKEN = /\b(?:EPIPE|ECONNRESET)\b/;
const REPEATS = 3;
const NO_REST = '-- The script does not come to rest';

// Index of the first line that differs, or -1.
function firstDifference(a, b) {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

// Connections that break, with the step in which they do, to `broken`.
function findBroken(entries, broken) {
  let step = 0;
  for (const { name, text, title } of entries) {
    if (title !== undefined) step++;
    if (!/^[cs]\d+$/.test(name) || !BROKEN.test(text)) continue;
    const connection = name.slice(1);
    broken.set(connection, Math.min(step, broken.get(connection) ?? step));
  }
}

function withoutBroken(entries, broken) {
  let step = 0;
  return entries.filter(({ name, title }) => {
    if (title !== undefined) step++;
    return !(broken.get(name?.slice(1)) <= step);
  });
}

// How a connection breaks, by an error or an end, at the write or at the next
// read, depends on which of two things that happened in one turn of the loop is
// seen first. From then on it is left out, with what hears of it.
function dropBroken(logs) {
  const broken = new Map();
  for (const entries of logs) findBroken(entries, broken);
  if (broken.size === 0) return logs;
  return logs.map((entries) => withoutBroken(entries, broken)
    .filter(({ name }) => !/^(?:server|process|sink)/.test(name)));
}

/**
 * Runs a script on both: null if the logs are equal, else { at, expected,
 * actual, unstable }. Unstable: one of the two does not repeat itself.
 * options.ordered compares the order of events across sockets too, .strict what
 * is known to differ.
 */
async function compare(nets, script, options) {
  const logs = async () => {
    const pair = [];
    for (const net of nets) {
      pair.push(await runScript(net, script, options.strict));
    }
    return (options.strict ? pair : dropBroken(pair))
      .map((entries) => render(entries, options.ordered));
  };
  const [expected, actual] = await logs();
  const at = firstDifference(expected, actual);
  if (at < 0) return null;
  let unstable = expected.includes(NO_REST) && actual.includes(NO_REST);
  for (let i = 0; i < REPEATS && !unstable; i++) {
    const [again, other] = await logs();
    unstable = firstDifference(expected, again) >= 0 ||
      firstDifference(actual, other) >= 0;
  }
  return { at, expected, actual, unstable };
}

function optional(options = {}) {
  return Object.keys(options).filter((key) => key !== 'noDelay');
}

// Every script that lacks one operation of the given one.
function* smaller(script) {
  const { steps } = script;
  for (let i = steps.length - 1; i >= 0; i--) {
    yield { ...script, steps: steps.toSpliced(i, 1) };
  }
  for (let i = steps.length - 1; i >= 0; i--) {
    for (const list of smallerLists(steps[i])) {
      yield { ...script, steps: steps.with(i, list) };
    }
  }
  for (const key of optional(script.server)) {
    const { [key]: dropped, ...server } = script.server;
    if (dropped) yield { ...script, server };
  }
}

function* smallerLists(list) {
  for (let i = 0; i < list.length; i++) {
    if (list.length > 1) yield list.toSpliced(i, 1);
    for (const key of ['then', 'early', 'accept']) {
      if (!list[i][key]?.length) continue;
      if (key !== 'then' || list[i].then.length > 1) {
        yield list.with(i, { ...list[i], [key]: [] });
      }
      for (const inner of smallerLists(list[i][key])) {
        yield list.with(i, { ...list[i], [key]: inner });
      }
    }
    for (const key of optional(list[i].options)) {
      const { [key]: dropped, ...options } = list[i].options;
      if (dropped) yield list.with(i, { ...list[i], options });
    }
  }
}

/** The smallest script found that still differs, with its difference. */
async function minimise(nets, script, difference, options) {
  let found = { script, difference };
  for (let changed = true; changed;) {
    changed = false;
    for (const candidate of smaller(found.script)) {
      const result = await compare(nets, candidate, options);
      if (result === null || result.unstable) continue;
      found = { script: candidate, difference: result };
      changed = true;
      break;
    }
  }
  return found;
}

module.exports = { compare, firstDifference, minimise };
