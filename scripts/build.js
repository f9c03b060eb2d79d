'use strict';

// Builds the addon when a source is newer than it, or always with --force.
// --sanitize builds it into build-asan/ with AddressSanitizer and
// UndefinedBehaviorSanitizer.

const fs = require('node:fs');
const path = require('node:path');
const { isCurrent, nodeGyp, root, run, step } = require('./tools');

function sources() {
  const folder = path.join(root, 'src');
  return fs.readdirSync(folder)
    .map((name) => path.join(folder, name))
    .concat(path.join(root, 'binding.gyp'));
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
  if (!force && isCurrent(binary, sources())) return binary;
  step(`building the addon${sanitize ? ' with sanitizers' : ''}`);
  if (sanitize) copySources(folder);
  const args = nodeGyp();
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
