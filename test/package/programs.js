'use strict';

// The programs that the parts of this folder run: versions of Node, package
// managers and tools as tools/ pins them, and the package itself.

const { execFileSync } = require('node:child_process');
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

/** node_modules of what tools/NAME pins, installed into build/ once. */
function toolsOf(name) {
  const source = path.join(__dirname, 'tools', name);
  const folder = path.join(root, 'build', 'package-tools', name);
  const lock = read(path.join(source, 'package-lock.json'));
  const modules = path.join(folder, 'node_modules');
  if (!fs.existsSync(modules) || read(path.join(folder, 'package-lock.json')) !== lock) {
    step(`installing test/package/tools/${name}`);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    fs.copyFileSync(path.join(source, 'package.json'), path.join(folder, 'package.json'));
    fs.writeFileSync(path.join(folder, 'package-lock.json'), lock);
    // Newer tools say that this Node is too old; they run on another.
    execFileSync('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit',
      '--no-fund', '--loglevel=error'],
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

/** The package as it is published. */
function pack() {
  step('packing');
  const folder = makeFolder('package');
  const output = execFileSync('npm', ['pack', '--pack-destination', folder, '--silent'],
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
