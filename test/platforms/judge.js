'use strict';

// What is to be expected of a file's tests, from the lists beside this file:
// NAME.json has
//   reasons  why tests fail there, each under a short name
//   mayPass  those names whose tests pass at times
//   leaveOut files that are not run, with the reason
//   files    for each file, under the name of the reason, the titles

const fs = require('node:fs');
const path = require('node:path');
const { testFiles, titlesIn } = require('./mocha');

// Another test of the file has failed, and left open what it had.
const LEFT_OPEN = /"after all" hook: noLiveHandles/;

function readList(name) {
  const text = fs.readFileSync(path.join(__dirname, `${name}.json`), 'utf8');
  const { reasons, mayPass = [], leaveOut = {}, files = {} } = JSON.parse(text);
  return { reasons, mayPass, leaveOut, files };
}

/** Titles that are listed for a file, with the names of their reasons. */
function listedFor(list, file) {
  const titles = new Map();
  for (const [reason, names] of Object.entries(list.files[file] ?? {})) {
    if (!Object.hasOwn(list.reasons, reason)) {
      throw new Error(`${file}: no reason is named ${reason}`);
    }
    for (const title of names) titles.set(title, reason);
  }
  return titles;
}

/**
 * The files that are run, of those with `only` in their name; prints the others,
 * and why tests may fail.
 */
function chosenFiles(list, only) {
  const all = testFiles();
  for (const [file, why] of Object.entries(list.leaveOut)) {
    console.log(`  left out: ${file}: ${why}`);
  }
  for (const [name, text] of Object.entries(list.reasons)) {
    const count = Object.values(list.files)
      .reduce((sum, reasons) => sum + (reasons[name]?.length ?? 0), 0);
    if (count > 0) console.log(`  expected: ${count} tests fail: ${text}`);
  }
  const gone = Object.keys({ ...list.files, ...list.leaveOut })
    .filter((file) => !all.includes(file));
  if (gone.length > 0) throw new Error(`listed, but gone: ${gone.join(', ')}`);
  return all.filter((file) =>
    !Object.hasOwn(list.leaveOut, file) && file.includes(only));
}

function endProblem(result) {
  return { what: `ended early: ${result.ended}` };
}

/** What a run on uvnet alone did other than the list says. */
function unexpected(result, list, file) {
  const listed = listedFor(list, file);
  const problems = [];
  for (const [title, { state, error }] of result.tests) {
    if (state === 'fail' && !listed.has(title)) {
      if (LEFT_OPEN.test(title) && listed.size > 0) continue;
      problems.push({ what: title, error });
    }
  }
  for (const [title, reason] of listed) {
    const state = result.tests.get(title)?.state ?? 'is missing';
    if (state === 'fail' || list.mayPass.includes(reason)) continue;
    problems.push({ what: `${title}: listed as failing, but: ${state}` });
  }
  if (result.ended) problems.push(endProblem(result));
  return problems;
}

/** What passes on core and does not on uvnet, but for what is listed. */
function worse(core, uvnet, list, file) {
  const listed = listedFor(list, file);
  const problems = [];
  for (const title of titlesIn(core, 'pass')) {
    // Some tests are core's alone.
    if (!uvnet.tests.has(title) && !uvnet.ended) continue;
    const { state, error } = uvnet.tests.get(title) ?? { state: 'missing' };
    if (state === 'pass' || listed.has(title)) continue;
    problems.push({ what: title, error: error ?? state });
  }
  const failed = titlesIn(uvnet, 'fail');
  for (const title of failed) {
    if (core.tests.has(title) || !/" hook\b/.test(title)) continue;
    if (LEFT_OPEN.test(title) && failed.length > 1) continue;
    problems.push({ what: title, error: uvnet.tests.get(title).error });
  }
  if (uvnet.ended && !core.ended) problems.push(endProblem(uvnet));
  return problems;
}

module.exports = { chosenFiles, readList, unexpected, worse };
