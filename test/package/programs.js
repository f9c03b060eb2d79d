'use strict';

// The programs that the parts of this folder run: versions of Node, package
// managers and tools as tools/ pins them, and the package itself.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { root, step } = require('../../scripts/tools');
const { nodeOf } = require('../../scripts/versions');
const { makeFolder, must, temporary } = require('./harness');

// Of whoever runs this; the managers and some tools want a newer one.
const RUNNING = process.versions.node;
const OLDEST_OF_MANAGERS = 24;
const isWindows = process.platform === 'win32';

function read(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
}

// Copies tools/NAME to where it is installed. The managers have no lock file: they
// bring their dependencies along, and npm ci refuses one that lacks the binaries of
// pnpm for other systems, which the registry may not have.
function copyPins(source, folder) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.cpSync(source, folder, { recursive: true });
  return fs.existsSync(path.join(folder, 'package-lock.json')) ? ['ci'] :
    ['install', '--no-package-lock'];
}

/** node_modules of what tools/NAME pins, installed into build/ once. */
function toolsOf(name) {
  const source = path.join(__dirname, 'tools', name);
  const folder = path.join(root, 'build-tools', 'package', name);
  const modules = path.join(folder, 'node_modules');
  const isCurrent = fs.existsSync(modules) && ['package.json', 'package-lock.json']
    .every((file) => read(path.join(folder, file)) === read(path.join(source, file)));
  if (!isCurrent) {
    step(`installing test/package/tools/${name}`);
    const command = copyPins(source, folder);
    // Newer tools say that this Node is too old; they run on another.
    execFileSync('npm', [...command, '--prefix', folder, '--ignore-scripts',
      '--no-audit', '--no-fund', '--loglevel=error'],
    { stdio: ['ignore', 'ignore', 'inherit'], shell: isWindows });
  }
  return modules;
}

/** The path of a version of Node: 'running', a major version, or a full one. */
function node(version) {
  return version === 'running' || version === RUNNING ? process.execPath : nodeOf(version);
}

/** A Node that current tools run on. */
function newNode() {
  const isNew = Number(RUNNING.split('.')[0]) >= OLDEST_OF_MANAGERS;
  return node(isNew ? 'running' : String(OLDEST_OF_MANAGERS));
}

/** A folder for PATH with this Node, a shell and no compiler. */
function binFolder(version) {
  const folder = path.join(temporary(), 'bin', version);
  if (!fs.existsSync(folder)) {
    makeFolder(path.join('bin', version));
    fs.symlinkSync(node(version), path.join(folder, 'node'));
    fs.symlinkSync('/bin/sh', path.join(folder, 'sh'));
  }
  return folder;
}

// prebuilds/ as of the sources: all, or the one whose name is given.
function ensureBinaries(only) {
  const run = (...args) => spawnSync(process.execPath,
    [path.join(root, 'scripts/binaries.js'), ...args, only], { stdio: 'ignore' });
  if (run('--check').status === 0) return;
  step('building prebuilds/');
  if (run().status !== 0) throw new Error('npm run binaries has failed');
}

/** The package as it is published; if it is `quick`, perhaps with the binary for
 * Linux on x64 alone. */
function pack(quick) {
  ensureBinaries(quick ? 'linux-x64-glibc' : '');
  step('packing');
  const folder = makeFolder('package');
  // It would check for all binaries.
  const flags = quick ? ['--ignore-scripts'] : [];
  const output = execFileSync('npm',
    ['pack', '--pack-destination', folder, '--silent', ...flags],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], shell: isWindows });
  return path.join(folder, output.trim().split('\n').at(-1));
}

/** A new folder with the files of a fixture and uvnet. */
async function installInto(name, fixture, tarball) {
  const folder = makeFolder(name, fixture);
  const file = path.join(folder, 'package.json');
  if (!fs.existsSync(file)) fs.writeFileSync(file, '{"private": true}');
  await must([newNode(), path.join(toolsOf('managers'), 'npm-12', 'bin/npm-cli.js'),
    'install', '--no-save', '--no-audit', '--no-fund', tarball], { cwd: folder });
  return folder;
}

module.exports = { binFolder, installInto, newNode, node, pack, toolsOf };
