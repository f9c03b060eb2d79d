'use strict';

// Builds what the benchmarks need: the load generator, and the servers in C.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { buildAddon } = require('../scripts/addon');

// Into `folder`; returns the program's path. UVNET_BENCH_LOAD names one that is
// there already, for whoever starts several benchmarks.
function buildLoad(folder) {
  if (process.env.UVNET_BENCH_LOAD) return process.env.UVNET_BENCH_LOAD;
  const program = path.join(folder, 'load');
  const source = path.join(__dirname, 'load');
  const files = fs.readdirSync(source).filter((name) => name.endsWith('.c'));
  execFileSync(process.env.CC ?? 'cc', ['-std=c11', '-D_GNU_SOURCE', '-O2',
    '-o', program, ...files], { cwd: source, stdio: 'inherit' });
  return program;
}

// Returns false, and says why, where that addon cannot be built.
function buildCeiling() {
  if (buildAddon(path.join(__dirname, 'ceiling'))) return true;
  process.stderr.write('bench: no ceiling; its addon cannot be built\n');
  return false;
}

module.exports = { buildCeiling, buildLoad };
