'use strict';

// Builds the addon when a source is newer than it, or always with --force.
// --sanitize builds it into build-asan/ with AddressSanitizer and
// UndefinedBehaviorSanitizer.

const fs = require('node:fs');
const path = require('node:path');
const { nodeDirectory, root, run, step } = require('./tools');

const nodeGyp = path.join(root, 'node_modules/node-gyp/bin/node-gyp.js');

function sources() {
  const folder = path.join(root, 'src');
  return fs.readdirSync(folder)
    .map((name) => path.join(folder, name))
    .concat(path.join(root, 'binding.gyp'));
}

function isCurrent(binary) {
  if (!fs.existsSync(binary)) return false;
  const built = fs.statSync(binary).mtimeMs;
  return sources().every((file) => fs.statSync(file).mtimeMs <= built);
}

// node-gyp has one build folder, so the sanitized build works on a copy.
function copySources(target) {
  fs.mkdirSync(target, { recursive: true });
  for (const name of ['src', 'binding.gyp', 'package.json']) {
    fs.cpSync(path.join(root, name), path.join(target, name),
      { recursive: true, preserveTimestamps: true });
  }
}

function build({ force = false, sanitize = false } = {}) {
  const folder = sanitize ? path.join(root, 'build-asan') : root;
  const binary = path.join(folder, 'build/Release/uvnet.node');
  if (!force && isCurrent(binary)) return binary;
  step(`building the addon${sanitize ? ' with sanitizers' : ''}`);
  if (sanitize) copySources(folder);
  const args = [nodeGyp, 'rebuild', '--jobs=2', '--loglevel=warn'];
  const headers = nodeDirectory();
  if (headers) args.push(`--nodedir=${headers}`);
  if (sanitize) args.push('--', '-Dsanitize=1');
  run(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return binary;
}

if (require.main === module) {
  build({
    force: process.argv.includes('--force'),
    sanitize: process.argv.includes('--sanitize'),
  });
}

module.exports = { build };
