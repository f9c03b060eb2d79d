'use strict';

// Which files are expected not to pass.

const fs = require('fs');
const path = require('path');

const FILE = path.join(__dirname, 'manifest.json');

/** The entries that hold on a major version of Node, by file. */
function readManifest(major) {
  const all = Object.entries(JSON.parse(fs.readFileSync(FILE, 'utf8')));
  return Object.fromEntries(
    all.filter(([, { node }]) => !node || node.includes(major)));
}

/** Why a result is not what the manifest says, or null if it is. */
function problemOf({ file, status }, manifest, mode) {
  const entry = manifest[file];
  // What core skips depends on the machine.
  if (entry?.core === 'skip' && status === 'pass') return null;
  if (mode === 'core') {
    const expected = entry?.core || 'pass';
    if (status === expected) return null;
    return `${file}: ${status}, expected of core: ${expected}`;
  }
  if (entry && status !== 'crash') {
    return status !== 'pass' || entry.mayPass ? null :
      `${file}: passes, but is in the manifest`;
  }
  return status === 'pass' ? null : `${file}: ${status}`;
}

function findProblems(results, mode, manifest) {
  const problems = results.map((result) => {
    return problemOf(result, manifest, mode);
  });
  return [...new Set(problems.filter(Boolean))];
}

module.exports = { findProblems, readManifest };
