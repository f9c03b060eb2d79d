'use strict';

// Installs what package-lock.json pins, unless it is there already.

const fs = require('node:fs');
const path = require('node:path');
const { root, run, step } = require('./tools');

function isInstalled() {
  const stamp = path.join(root, 'node_modules/.package-lock.json');
  const lock = path.join(root, 'package-lock.json');
  return fs.existsSync(stamp) &&
    fs.statSync(stamp).mtimeMs >= fs.statSync(lock).mtimeMs;
}

function install() {
  if (isInstalled()) return;
  step('installing what package-lock.json pins');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
    { shell: process.platform === 'win32' });
}

module.exports = { install };
