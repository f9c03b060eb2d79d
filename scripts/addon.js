'use strict';

// Builds an addon that is no part of the product, into the build/ of its own
// folder, when a source is newer than it.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { nodeDirectory, root } = require('./tools');

function isCurrent(binary, folder) {
  if (!fs.existsSync(binary)) return false;
  const built = fs.statSync(binary).mtimeMs;
  return fs.readdirSync(folder)
    .filter((name) => /\.(c|h|gyp)$/.test(name))
    .every((name) => fs.statSync(path.join(folder, name)).mtimeMs <= built);
}

/**
 * @param {string} folder with a binding.gyp, whose target has the folder's name
 * @returns {string|undefined} the binary; undefined where it cannot be built,
 *   and then node-gyp has said why
 */
function buildAddon(folder) {
  const binary = path.join(folder, 'build/Release',
    `${path.basename(folder)}.node`);
  if (isCurrent(binary, folder)) return binary;
  const args = [path.join(root, 'node_modules/node-gyp/bin/node-gyp.js'),
    'rebuild', '--loglevel=warn'];
  const headers = nodeDirectory();
  if (headers) args.push(`--nodedir=${headers}`);
  const result = spawnSync(process.execPath, args,
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return result.status === 0 ? binary : undefined;
}

module.exports = { buildAddon };
