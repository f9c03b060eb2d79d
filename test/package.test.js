'use strict';

// What npm would publish, as far as package.json says it. test/package installs
// it.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const packageJson = require('../package.json');
const version = require('../lib/version');
const { ROOT } = require('./helper');

const PLATFORMS = ['darwin-arm64', 'darwin-x64', 'linux-arm64-glibc', 'linux-arm64-musl',
  'linux-x64-glibc', 'linux-x64-musl', 'win32-arm64', 'win32-x64'];
const LARGEST = 600000;

function filesIn(folder, pattern) {
  return fs.readdirSync(path.join(ROOT, folder), { recursive: true })
    .map((name) => path.posix.join(folder, name.replaceAll('\\', '/')))
    .filter((name) => pattern.test(name));
}

function binaries() {
  return PLATFORMS.map((name) => `prebuilds/${name}/uvnet.node`)
    .filter((name) => fs.existsSync(path.join(ROOT, name)));
}

// All strings in it: the files that package.json names.
function leaves(value) {
  return typeof value === 'string' ? [value] : Object.values(value).flatMap(leaves);
}

describe('the package', () => {
  let packed;

  before(function pack() {
    this.timeout(30000);
    const output = execFileSync('npm',
      ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'],
      { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
        shell: process.platform === 'win32' });
    // An array, or since npm 12 an object by name.
    [packed] = Object.values(JSON.parse(output));
  });

  function paths() {
    return packed.files.map((file) => file.path).sort();
  }

  it('has what it needs, and nothing else', () => {
    const expected = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'bin/uvnet.js',
      'package.json', 'register.d.ts', 'register.js', ...filesIn('lib', /\.(?:js|d\.ts)$/),
      ...filesIn('src', /\.[ch]$/), ...binaries()];
    // Which npm pack writes; where it lies at the root, yarn 1 builds the addon.
    const gyp = 'src/binding.gyp';
    assert.deepStrictEqual(paths().filter((name) => name !== gyp), expected.sort());
  });

  it('has the files that package.json names', () => {
    const { bin, exports, main, types } = packageJson;
    for (const name of leaves([bin, exports, main, types])) {
      assert.ok(paths().includes(path.posix.normalize(name)), name);
    }
  });

  it('has no script that runs when it is installed, and no dependency', () => {
    const { dependencies, optionalDependencies, gypfile, scripts } = packageJson;
    assert.deepStrictEqual([dependencies, optionalDependencies, gypfile],
      [undefined, undefined, false]);
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
      assert.strictEqual(scripts[name], undefined, name);
    }
  });

  it('has one version', () => {
    assert.strictEqual(version, packageJson.version);
  });

  it('is small', function size() {
    if (binaries().length < PLATFORMS.length) this.skip();
    assert.ok(packed.size < LARGEST, `${packed.size} bytes`);
  });
});
