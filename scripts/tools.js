'use strict';

// What the scripts of this folder share: finding the tools of this checkout
// and running them. Only Node's own modules, for nothing is installed yet when
// setup.js runs.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '..');

// Runs a program with its output passed through. Ends this process with the
// program's exit code if it fails.
function run(program, args, options = {}) {
  const result = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    ...options,
  });
  if (result.error) {
    console.error(`${program}: ${result.error.message}`);
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status || 1);
}

// Says what comes next, so that a long step is not silent.
function step(text) {
  process.stderr.write(`\u2014 ${text}\n`);
}

// Node's headers beside the running binary, if they are of its version; then
// node-gyp needs no download. Undefined otherwise.
function nodeDirectory() {
  const prefix = path.resolve(path.dirname(process.execPath), '..');
  const header = path.join(prefix, 'include', 'node', 'node_version.h');
  if (!fs.existsSync(header)) return undefined;
  const text = fs.readFileSync(header, 'utf8');
  const part = (name) => text.match(`NODE_${name}_VERSION (\\d+)`)?.[1];
  const version = `v${part('MAJOR')}.${part('MINOR')}.${part('PATCH')}`;
  return version === process.version ? prefix : undefined;
}

// Whether a binary is there and no source is newer.
function isCurrent(binary, sources) {
  if (!fs.existsSync(binary)) return false;
  const built = fs.statSync(binary).mtimeMs;
  return sources.every((file) => fs.statSync(file).mtimeMs <= built);
}

// What to run Node with to build the addon of the current folder.
function nodeGyp() {
  const args = [path.join(root, 'node_modules/node-gyp/bin/node-gyp.js'),
    'rebuild', '--jobs=2', '--loglevel=warn'];
  const folder = nodeDirectory();
  return folder ? [...args, `--nodedir=${folder}`] : args;
}

// Where node-gyp keeps the headers that it has downloaded.
function gypCache() {
  const home = os.homedir();
  const base = process.platform === 'darwin' ?
    path.join(home, 'Library/Caches') :
    process.env.XDG_CACHE_HOME || path.join(home, '.cache');
  return path.join(base, 'node-gyp', process.version.slice(1));
}

// The folder of node_api.h and uv.h. Throws if they are nowhere.
function headers() {
  const folder = path.join(nodeDirectory() ?? gypCache(), 'include', 'node');
  if (fs.existsSync(path.join(folder, 'node_api.h'))) return folder;
  throw new Error('Node\'s headers are missing; "npm run build" fetches them');
}

// All own tests, as arguments of node. One file at a time: some need a port on
// which nobody listens, and another file's server might take it.
const mocha = ['node_modules/mocha/bin/mocha.js', 'test/*.test.js'];

module.exports = { headers, isCurrent, mocha, nodeGyp, root, run, step };
