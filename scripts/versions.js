'use strict';

// npm run test:versions: the addon as it is built, on other versions of Node:
// own tests, files of that version's own suite, of which uvnet must pass what
// that version's core passes, and the clients.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { cacheRoot } = require('../test/node/suite');
const { buildAddon } = require('./addon');
const { setup } = require('./setup');
const { mocha, root, run, step } = require('./tools');

const HELP = `Usage: npm run test:versions -- [options] [MAJORS...]

  --sets NAME,...  sets of Node's tests, see test/node/README.md (default: net)

MAJORS are versions of Node such as 22; without any, all others than this one.
`;
const MAJORS = ['20', '22', '24', '26'];
const STEP_LIMIT_MS = 15 * 60 * 1000;
// The set `net` takes two minutes, all sets twenty.
const SETS_LIMIT_MS = 60 * 60 * 1000;

function majorOf(version) {
  return version.split('.')[0];
}

function versionOf(binary) {
  return execFileSync(binary, ['-p', 'process.versions.node'],
    { encoding: 'utf8' }).trim();
}

// A version of Node, or the newest of a major version, installed into the cache
// folder once.
function nodeOf(major) {
  const folder = path.join(cacheRoot(), `npm-node-${major}`);
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const binary = path.join(folder, 'node_modules/node/bin', name);
  if (!fs.existsSync(binary)) {
    step(`installing node@${major}`);
    fs.mkdirSync(folder, { recursive: true });
    run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund',
      '--no-save', `node@${major}`], { shell: process.platform === 'win32' });
  }
  return binary;
}

function steps(binary, sets) {
  return {
    'own tests': [binary, ...mocha],
    [`Node's tests (${sets})`]: [process.execPath, 'test/node/run.js',
      '--like-core', '--set', sets, '--node', binary, '--jobs', '2'],
    'clients': [process.execPath, 'test/clients/run.js', '--node', binary],
  };
}

function passes([program, ...args], limit) {
  const { status, error } = spawnSync(program, args,
    { cwd: root, stdio: 'inherit', timeout: limit });
  if (error) console.error(error.message);
  return status === 0;
}

// What fails on one version of Node.
function failures(major, sets) {
  const binary = nodeOf(major);
  const version = versionOf(binary);
  const limit = sets === 'net' ? STEP_LIMIT_MS : SETS_LIMIT_MS;
  return Object.entries(steps(binary, sets)).map(([name, command]) => {
    const title = `${name} on Node ${version}`;
    step(title);
    return passes(command, limit) ? null : title;
  }).filter(Boolean);
}

function commandLine() {
  const { values, positionals } = parseArgs({
    options: {
      sets: { type: 'string', default: 'net' },
      help: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  const own = majorOf(process.versions.node);
  const others = MAJORS.filter((major) => major !== own);
  return { ...values, majors: positionals.length > 0 ? positionals : others };
}

function main() {
  const { help, sets, majors } = commandLine();
  if (help) {
    process.stdout.write(HELP);
    return;
  }
  setup();
  // The headers at hand are those of this Node.
  buildAddon(path.join(root, 'test', 'loop'));
  const failed = majors.flatMap((major) => failures(major, sets));
  if (failed.length > 0) process.exitCode = 1;
  step(failed.length === 0 ? `no failure on Node ${majors.join(', ')}` :
    `failed: ${failed.join(', ')}`);
}

if (require.main === module) main();

module.exports = { nodeOf };
