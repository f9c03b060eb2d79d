'use strict';

// npm run test:versions: the addon as it is built, on other versions of Node:
// own tests, and the net files of this version's suite, of which uvnet must
// pass what that version's core passes.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { cacheRoot, getSuite } = require('../test/node/suite');
const { setup } = require('./setup');
const { root, run, step } = require('./tools');

const MAJORS = ['20', '22', '24'];
const STEP_LIMIT_MS = 15 * 60 * 1000;

function majorOf(version) {
  return version.split('.')[0];
}

function versionOf(binary) {
  return execFileSync(binary, ['-p', 'process.versions.node'],
    { encoding: 'utf8' }).trim();
}

// The newest Node of a major version, installed into the cache folder once.
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

function steps(binary, suite) {
  return {
    'own tests': [binary, 'node_modules/mocha/bin/mocha.js', 'test/*.test.js'],
    'Node\'s net tests': [process.execPath, 'test/node/run.js', '--like-core',
      '--node', binary, '--suite', suite, '--jobs', '2'],
  };
}

function passes([program, ...args]) {
  const { status, error } = spawnSync(program, args,
    { cwd: root, stdio: 'inherit', timeout: STEP_LIMIT_MS });
  if (error) console.error(error.message);
  return status === 0;
}

// What fails on one version of Node.
function failures(major, suite) {
  const binary = nodeOf(major);
  const version = versionOf(binary);
  return Object.entries(steps(binary, suite)).map(([name, command]) => {
    const title = `${name} on Node ${version}`;
    step(title);
    return passes(command) ? null : title;
  }).filter(Boolean);
}

function main() {
  setup();
  const own = process.versions.node;
  const majors = process.argv.length > 2 ? process.argv.slice(2) :
    MAJORS.filter((major) => major !== majorOf(own));
  const suite = getSuite({ version: own, log: step });
  const failed = majors.flatMap((major) => failures(major, suite));
  if (failed.length > 0) process.exitCode = 1;
  step(failed.length === 0 ? `no failure on Node ${majors.join(' and ')}` :
    `failed: ${failed.join(', ')}`);
}

main();
