'use strict';

// npm run lint: everything that can be said about the sources without running
// them. Runs all checks, also after one of them failed.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { headers, root, step } = require('./tools');

// The Debian package of each program that npm does not install.
const PACKAGES = {
  'clang-format': 'clang-format',
  'clang-tidy': 'clang-tidy',
  'cppcheck': 'cppcheck',
};

// Where C is compiled as part of an addon or a program.
const FOLDERS = ['src', 'test/loop', 'bench/load', 'bench/ceiling'];

function cFiles(folder, ends) {
  return fs.readdirSync(path.join(root, folder))
    .filter((name) => ends.includes(path.extname(name)))
    .map((name) => path.join(folder, name));
}

function isInstalled(program) {
  const result = spawnSync(program, ['--version'], { stdio: 'ignore' });
  return result.error?.code !== 'ENOENT';
}

// True if the program ended with exit code 0.
function passes(program, args, stdio = 'inherit') {
  const debianPackage = PACKAGES[program];
  if (debianPackage && !isInstalled(program)) {
    console.error(`${program} is not installed (Debian: ` +
      `apt-get install ${debianPackage})`);
    return false;
  }
  const result = spawnSync(program, args, { cwd: root, stdio });
  if (result.error) console.error(`${program}: ${result.error.message}`);
  return result.status === 0;
}

function eslint() {
  const tool = path.join(root, 'node_modules/eslint/bin/eslint.js');
  return passes(process.execPath, [tool, '--max-warnings=0', '.']);
}

function clangFormat() {
  const files = [...FOLDERS, 'test/c', 'test/faults', 'test/fuzz']
    .flatMap((name) => cFiles(name, ['.c', '.h']));
  return passes('clang-format', ['--dry-run', '-Werror', ...files]);
}

// The sources of this platform, as the compiler sees them.
function sources() {
  const other = process.platform === 'win32' ? 'os_posix.c' : 'os_win.c';
  return FOLDERS.flatMap((name) => cFiles(name, ['.c']))
    .filter((file) => !file.endsWith(other));
}

function clangTidy() {
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-DNAPI_VERSION=8',
    '-isystem', headers()];
  // On stderr it only counts the warnings in other people's headers.
  return passes('clang-tidy', ['--quiet', ...sources(), '--', ...flags],
    ['inherit', 'inherit', 'ignore']);
}

function cppcheck() {
  return passes('cppcheck', [
    '--quiet', '--std=c11', '--error-exitcode=1', '--inline-suppr',
    '--enable=warning,style,performance,portability',
    ...FOLDERS,
  ]);
}

function actionlint() {
  return passes(process.execPath, ['scripts/lint-workflows.js']);
}

const STEPS = {
  'eslint': eslint,
  'clang-format': clangFormat,
  'clang-tidy': clangTidy,
  'cppcheck': cppcheck,
  'actionlint': actionlint,
};

function main() {
  const failed = Object.keys(STEPS).filter((name) => {
    step(name);
    try {
      return !STEPS[name]();
    } catch (error) {
      console.error(error.message);
      return true;
    }
  });
  if (failed.length === 0) {
    step('no findings');
  } else {
    step(`failed: ${failed.join(', ')}`);
    process.exitCode = 1;
  }
}

main();
