'use strict';

// Where Bun and Deno are: a path that was named, or npm's packages in the cache
// folder. Those have the programs in packages of their own for each platform;
// the scripts that would fetch or link them are not run.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { cacheRoot } = require('../../test/node/suite');

// [a scope below node_modules, the program in each of its packages]
const places = { bun: ['@oven', 'bin/bun'], deno: ['@deno', 'deno'] };

const INSTALL_LIMIT_MS = 5 * 60 * 1000;
const VERSION_LIMIT_MS = 20 * 1000;

function versionOf(program) {
  const { status, stdout } = spawnSync(program, ['--version'],
    { encoding: 'utf8', timeout: VERSION_LIMIT_MS });
  return status === 0 ? /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] : undefined;
}

// The first program that runs on this machine; npm may have brought more.
function inFolder(name, folder) {
  const [scope, file] = places[name];
  const parent = path.join(folder, 'node_modules', scope);
  if (!fs.existsSync(parent)) return undefined;
  return fs.readdirSync(parent).map((entry) => path.join(parent, entry, file))
    .find((program) => {
      if (!fs.existsSync(program)) return false;
      fs.chmodSync(program, 0o755);
      return versionOf(program) !== undefined;
    });
}

function install(name, folder) {
  process.stderr.write(`bench: installing ${name} into the cache folder\n`);
  fs.mkdirSync(folder, { recursive: true });
  spawnSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund',
    '--no-save', '--ignore-scripts', name],
  { stdio: ['ignore', 'ignore', 'inherit'], timeout: INSTALL_LIMIT_MS });
}

/**
 * @param {string} name `bun` or `deno`
 * @param {object} options `named`, a path, and whether to stay `offline`
 * @returns {object} `{ program, version }`, or undefined, which is said
 */
function find(name, { named, offline }) {
  const folder = path.join(cacheRoot(), `npm-${name}`);
  let program = named ?? inFolder(name, folder);
  if (!program && !offline) {
    install(name, folder);
    program = inFolder(name, folder);
  }
  const version = program && versionOf(program);
  if (version) return { program, version };
  if (named) throw new Error(`${named} does not run`);
  process.stderr.write(`bench: ${name} is left out, for it is not there\n`);
  return undefined;
}

module.exports = { find };
