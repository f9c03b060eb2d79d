'use strict';

// Builds an addon that is no part of the product, into the build/ of its own
// folder, when a source is newer than it.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { isCurrent, nodeGyp } = require('./tools');

function sources(folder) {
  return fs.readdirSync(folder)
    .filter((name) => /\.(c|h|gyp)$/.test(name))
    .map((name) => path.join(folder, name));
}

/**
 * @param {string} folder with a binding.gyp, whose target has the folder's name
 * @returns {string|undefined} the binary; undefined where it cannot be built,
 *   and then node-gyp has said why
 */
function buildAddon(folder) {
  const binary = path.join(folder, 'build/Release',
    `${path.basename(folder)}.node`);
  if (isCurrent(binary, sources(folder))) return binary;
  const result = spawnSync(process.execPath, nodeGyp(),
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return result.status === 0 ? binary : undefined;
}

module.exports = { buildAddon };
