'use strict';

// The sets: which files of Node's suite there are for one of them, by rule (see
// select.js), and by the lists that came of it.

const fs = require('fs');
const path = require('path');

const FOLDER = path.join(__dirname, 'sets');
const LOADS_NET = loads('net');
const LOADS_HOOKED = loads('net|http|tls');

// What reaches net, or handles that net has a share in, by another module.
const FAMILIES = [
  'async-wrap-',
  'child-process-(exec-stdout|fork|ipc|pipe|send|spawn|stdin|stdio|stdout)',
  'cluster-',
  '((diagnostics-channel|gc|worker)-)?(http2?|https|tls)[-.]',
  'handle-wrap-', 'js-stream-', 'pipe-', 'process-get',
  'stdin-', 'stdio-', 'stdout-',
  'stream-base-', 'stream-preprocess', 'stream-wrap', 'wrap-js-stream',
  'tcp-', 'tty', 'worker-stdio',
];
const IN_FAMILY = new RegExp(
  `^(parallel|sequential)/test-(${FAMILIES.join('|')})`);

/** For each set: is a file of that name and text one of it? */
const RULES = {
  'net': isNet,
  'uses-net': (file, source) => !isNet(file) && LOADS_NET.test(source),
  'indirect': (file, source) => {
    return IN_FAMILY.test(file) && !isNet(file) && !LOADS_NET.test(source);
  },
  'async-hooks': (file, source) => file.startsWith('async-hooks/') &&
    (LOADS_HOOKED.test(source) || file.includes('pipe')),
};

function isNet(file) {
  return file.includes('/test-net-') && !file.startsWith('async-hooks/');
}

/** Matches the text of a file that loads one of these modules. */
function loads(names) {
  const name = `['"](node:)?(${names})['"]`;
  return new RegExp(`require\\(\\s*${name}|from\\s+${name}|import\\(${name}`);
}

/** The major version of a suite; `fallback` where nothing in it tells. */
function suiteMajor(root, fallback) {
  const name = /^node-v?(\d+)\./.exec(path.basename(root));
  if (name) return Number(name[1]);
  const header = path.join(root, 'src', 'node_version.h');
  if (!fs.existsSync(header)) return fallback;
  const text = fs.readFileSync(header, 'utf8');
  return Number(/NODE_MAJOR_VERSION (\d+)/.exec(text)?.[1] ?? fallback);
}

function listOf(name, major) {
  return path.join(FOLDER, String(major), `${path.basename(name)}.txt`);
}

/** The major versions that have lists, ascending. */
function majorsWithSets() {
  return fs.readdirSync(FOLDER).map(Number).sort((a, b) => a - b);
}

/**
 * The files of a set for a suite of a major version; for one without lists,
 * those of the newest version before it. Null if there is no such set.
 */
function readSet(name, major) {
  const majors = majorsWithSets();
  const file = listOf(name, majors.findLast((one) => one <= major) ?? majors[0]);
  if (!fs.existsSync(file)) return null;
  return fs.readFileSync(file, 'utf8').split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'));
}

module.exports = { RULES, listOf, majorsWithSets, readSet, suiteMajor };
