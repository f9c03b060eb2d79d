'use strict';

// What the parts need of Debian and of npm.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { run, step } = require('../../scripts/tools');
const { cacheRoot } = require('../node/suite');

function isThere(what) {
  if (what.startsWith('/')) return fs.existsSync(what);
  const { error } = spawnSync(what, ['--version'], { stdio: 'ignore' });
  return error?.code !== 'ENOENT';
}

/** Installs Debian's packages, given under a program or file of each. */
function installDebian(packages) {
  const missing = Object.keys(packages).filter((what) => !isThere(what))
    .map((what) => packages[what]);
  if (missing.length === 0) return;
  step(`installing ${missing.join(', ')}`);
  const options = { stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  run('apt-get', ['update'], options);
  run('apt-get', ['install', '--yes', '--no-install-recommends', ...missing],
    options);
}

/**
 * The newest Node of a major version for another system, from npm's package of
 * it, installed into the cache folder once.
 */
function nodeFor(name, major) {
  const folder = path.join(cacheRoot(), `npm-${name}-${major}`);
  const program = name.includes('-win-') ? 'node.exe' : 'node';
  const binary = path.join(folder, 'node_modules', name, 'bin', program);
  if (!fs.existsSync(binary)) {
    step(`installing ${name}@${major}`);
    fs.mkdirSync(folder, { recursive: true });
    // Forced, for npm refuses what is for another system.
    run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund',
      '--no-save', '--force', '--loglevel=error', '--ignore-scripts',
      `${name}@${major}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return binary;
}

module.exports = { installDebian, nodeFor };
