'use strict';

// What the built addon is like as a file: what it exports, and how it is
// hardened. SECURITY.md promises that.

const assert = require('node:assert');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('./helper');

// The one that was built here, and the package's, where somebody has made them.
const BINARIES = [
  'build/Release',
  ...['x64-glibc', 'x64-musl', 'arm64-glibc', 'arm64-musl']
    .map((name) => `prebuilds/linux-${name}`),
].filter((folder) => fs.existsSync(path.join(ROOT, folder, 'uvnet.node')));

function isMissing(program) {
  return Boolean(spawnSync(program, ['--version']).error);
}

for (const folder of BINARIES) {
  describe(`the binary in ${folder}`, () => {
    function read(program, ...args) {
      return execFileSync(program, [...args, path.join(ROOT, folder, 'uvnet.node')],
        { encoding: 'utf8' });
    }

    before(function linuxOnly() {
      // The options are those of GNU ld, and only it has been tried.
      if (process.platform !== 'linux') this.skip();
      // Of binutils, which every compiler here brings along.
      if (isMissing('readelf') || isMissing('nm')) this.skip();
    });

    it('exports Node-API\'s two entry points alone', () => {
      const names = read('nm', '-D', '--defined-only')
        .match(/\S+$/gm)
        .filter((name) => !name.startsWith('_'));
      assert.deepStrictEqual(names.sort(), ['napi_register_module_v1',
        'node_api_module_get_api_version_v1']);
    });

    it('has no writable pages with code or relocations', () => {
      const segments = read('readelf', '-lW');
      assert.match(segments, /GNU_RELRO/);
      assert.match(segments, /GNU_STACK .* RW /);
      assert.match(read('readelf', '-dW'), /\bBIND_NOW\b/);
    });

    it('has stack protectors and checked functions of libc', () => {
      const used = read('nm', '-D', '--undefined-only');
      assert.match(used, /__stack_chk_fail/);
      // musl has no checked functions.
      if (/GLIBC/.test(used)) assert.match(used, /_chk@/);
    });
  });
}
