'use strict';

// Builds the addon when a source is newer than it, or always with --force. Its
// variants have folders of their own: --sanitize builds it into build-asan/ with
// AddressSanitizer and UndefinedBehaviorSanitizer, --coverage into
// build-coverage/ with counters of the lines that run, --as-windows into
// build-windows/ without what Windows lacks, and --portable into build-portable/
// without what Linux alone has.

const fs = require('node:fs');
const path = require('node:path');
const { install } = require('./install');
const { isCurrent, nodeGyp, root, run, step } = require('./tools');

function sources() {
  const folder = path.join(root, 'src');
  return fs.readdirSync(folder)
    .filter((name) => /\.[ch]$/.test(name))
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

// Folder, variable of binding.gyp and compiler, where it is not the usual one:
// only clang maps its counters to lines exactly.
const VARIANTS = {
  asan: { define: '-Dsanitize=1', env: {} },
  windows: { define: '-Das_windows=1', env: {} },
  portable: { define: '-Dportable=1', env: {} },
  coverage: { define: '-Dcount_lines=1', env: { CC: 'clang', CXX: 'clang++' } },
};

function build({ force = false, variant } = {}) {
  const folder = variant ? path.join(root, `build-${variant}`) : root;
  const binary = path.join(folder, 'build/Release/uvnet.node');
  if (!force && isCurrent(binary, sources())) return binary;
  step(`building the addon${variant ? ` (${variant})` : ''}`);
  if (variant) copySources(folder);
  const { define, env } = VARIANTS[variant] ?? {};
  run(process.execPath, [...nodeGyp(), ...define ? ['--', define] : []], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return binary;
}

function variantOf(args) {
  if (args.includes('--sanitize')) return 'asan';
  if (args.includes('--as-windows')) return 'windows';
  if (args.includes('--portable')) return 'portable';
  return args.includes('--coverage') ? 'coverage' : undefined;
}

if (require.main === module) {
  install();
  build({
    force: process.argv.includes('--force'),
    variant: variantOf(process.argv),
  });
}

module.exports = { build, sources };
