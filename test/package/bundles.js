'use strict';

// Bundles: with uvnet left out, with its binaries taken along, and with none,
// which UVNET_BINARY names instead.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { environment, makeFolder, must, run } = require('./harness');
const { newNode } = require('./programs');

const BUNDLERS = ['esbuild', 'webpack', 'rollup'];
const ENTRIES = ['require.js', 'import.mjs', 'late.js'];

// Of this system, in the package.
function binaryOf(folder) {
  const prebuilds = path.join(folder, 'node_modules', 'uvnet', 'prebuilds');
  const { arch, platform, report } = process;
  const isGlibc = platform === 'linux' && report.getReport().header.glibcVersionRuntime;
  const name = platform !== 'linux' ? `${platform}-${arch}` :
    `${platform}-${arch}-${isGlibc ? 'glibc' : 'musl'}`;
  return path.join(prebuilds, name, 'uvnet.node');
}

// Outside of the project, but for what is left out.
function outputOf(folder, name, kind) {
  return kind === 'external' ? path.join(folder, 'dist', name) :
    makeFolder(path.join('bundles', name, 'dist'));
}

async function bundleOf(folder, bundler, kind, entry) {
  const output = outputOf(folder, `${bundler}-${kind}-${path.parse(entry).name}`, kind);
  await must([newNode(), path.join(__dirname, 'bundle.js'), bundler, kind, entry, output],
    { cwd: folder });
  const file = ['main.js', 'main.mjs'].map((name) => path.join(output, name))
    .find((name) => fs.existsSync(name));
  return [process.execPath, file];
}

async function withoutBinary(command, folder, wasCarried) {
  const { code, stderr } = await run(command);
  assert.strictEqual(code, 1);
  assert.match(stderr, /uvnet: the native addon .* A bundle has to leave uvnet out/);
  wasCarried(await must(command,
    { env: { ...environment(), UVNET_BINARY: binaryOf(folder) } }));
}

async function check(folder, bundler, kind, wasCarried) {
  for (const entry of ENTRIES) {
    const command = await bundleOf(folder, bundler, kind, entry);
    if (kind === 'named') await withoutBinary(command, folder, wasCarried);
    else wasCarried(await must(command));
  }
}

const TITLES = {
  external: 'uvnet left out',
  addon: 'binaries taken along',
  named: 'none, but UVNET_BINARY',
};

function cases(folder, wasCarried) {
  return Object.fromEntries(BUNDLERS.flatMap((bundler) =>
    Object.entries(TITLES).map(([kind, title]) => [`${bundler}: ${title}`,
      () => check(folder, bundler, kind, wasCarried)])));
}

module.exports = cases;
module.exports.binaryOf = binaryOf;
