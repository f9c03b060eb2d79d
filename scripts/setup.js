'use strict';

// Brings a fresh clone to the point where it runs: installs what
// package-lock.json pins, and builds the addon. Does nothing when both are
// there already.

const fs = require('node:fs');
const path = require('node:path');
const { build } = require('./build');
const { root, run, step } = require('./tools');

function isInstalled() {
  const stamp = path.join(root, 'node_modules/.package-lock.json');
  const lock = path.join(root, 'package-lock.json');
  return fs.existsSync(stamp) &&
    fs.statSync(stamp).mtimeMs >= fs.statSync(lock).mtimeMs;
}

function setup() {
  if (!isInstalled()) {
    step('installing what package-lock.json pins');
    // The addon is built below, where its progress shows.
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
      { shell: process.platform === 'win32' });
  }
  build();
}

if (require.main === module) setup();

module.exports = { setup };
