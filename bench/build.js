'use strict';

// Builds what the benchmarks need: the load generator, and the servers in C.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { nodeDirectory, root } = require('../scripts/tools');

// Into `folder`; returns the program's path.
function buildLoad(folder) {
  const program = path.join(folder, 'load');
  const source = path.join(__dirname, 'load');
  const files = fs.readdirSync(source).filter((name) => name.endsWith('.c'));
  execFileSync(process.env.CC ?? 'cc', ['-std=c11', '-D_GNU_SOURCE', '-O2',
    '-o', program, ...files], { cwd: source, stdio: 'inherit' });
  return program;
}

function isCurrent(binary, folder) {
  if (!fs.existsSync(binary)) return false;
  const built = fs.statSync(binary).mtimeMs;
  return fs.readdirSync(folder)
    .filter((name) => /\.(c|h|gyp)$/.test(name))
    .every((name) => fs.statSync(path.join(folder, name)).mtimeMs <= built);
}

// Returns false, and says why, where that addon cannot be built.
function buildCeiling() {
  const folder = path.join(__dirname, 'ceiling');
  const binary = path.join(folder, 'build/Release/ceiling.node');
  if (isCurrent(binary, folder)) return true;
  const args = [path.join(root, 'node_modules/node-gyp/bin/node-gyp.js'),
    'rebuild', '--loglevel=warn'];
  const headers = nodeDirectory();
  if (headers) args.push(`--nodedir=${headers}`);
  const result = spawnSync(process.execPath, args,
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status === 0) return true;
  process.stderr.write('bench: no ceiling; its addon cannot be built\n');
  return false;
}

module.exports = { buildCeiling, buildLoad };
