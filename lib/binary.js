'use strict';

// Finds and loads the addon's binary: one that somebody has built here, else that
// of the package for this system. Says why uvnet cannot run where it cannot, in
// JavaScript that old versions of Node understand too.

const fs = require('fs');
const { createRequire } = require('module');
const path = require('path');
const process = require('process');
const { arch, platform } = require('process');

const { Buffer, Bun, Deno, Error } = globalThis;

// The first version of Node with all that uvnet uses of libuv and of net.
const OLDEST = [20, 9];

// A bundle of ES modules has no __dirname; a single executable's is this one.
const here = typeof __dirname === 'string' ? __dirname :
  path.dirname(process.execPath);
const root = path.join(here, '..');
// By node-gyp, in a checkout and in the package.
const built = ['build', 'src/build'].map((folder) =>
  path.join(root, folder, 'Release', 'uvnet.node'));

// The paths are literal, for bundlers copy what they see.
const prebuilt = {
  'darwin-arm64': () => require('../prebuilds/darwin-arm64/uvnet.node'),
  'darwin-x64': () => require('../prebuilds/darwin-x64/uvnet.node'),
  'linux-arm64-glibc': () => require('../prebuilds/linux-arm64-glibc/uvnet.node'),
  'linux-arm64-musl': () => require('../prebuilds/linux-arm64-musl/uvnet.node'),
  'linux-x64-glibc': () => require('../prebuilds/linux-x64-glibc/uvnet.node'),
  'linux-x64-musl': () => require('../prebuilds/linux-x64-musl/uvnet.node'),
  'win32-arm64': () => require('../prebuilds/win32-arm64/uvnet.node'),
  'win32-x64': () => require('../prebuilds/win32-x64/uvnet.node'),
};

function failure(code, reason, cause) {
  const error = new Error(`uvnet: ${reason}`, cause && { cause });
  error.code = code;
  return error;
}

// Why the addon must not be loaded here, or undefined. Bun aborts when it is,
// Deno lacks what it is linked to, and an old Node ends the process when the
// first function of libuv is called that it does not have.
function unsupported() {
  const { versions } = process;
  if (versions.bun || Bun) return 'Bun has no libuv for addons to use';
  if (versions.deno || Deno) return 'Deno has no libuv for addons to use';
  const [major, minor] = String(versions.node).split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  return isOld ? `Node.js ${versions.node} is too old` : undefined;
}

// The C library that Node itself is linked to, for a system may have both: the
// start of an ELF file has the path of its dynamic linker.
function libc() {
  const bytes = Buffer.alloc(4096);
  let fd = -1;
  try {
    fd = fs.openSync(process.execPath, 'r');
    fs.readSync(fd, bytes, 0, bytes.length, 0);
  } catch {
    return 'glibc';
  } finally {
    if (fd >= 0) fs.closeSync(fd);
  }
  return bytes.includes('/ld-musl-') ? 'musl' : 'glibc';
}

// A snapshot cannot hold an addon. Node itself skips -r when it makes one.
function isForSnapshot() {
  return process.execArgv.some((flag) => flag.startsWith('--build-snapshot'));
}

function systemName() {
  const name = `${platform}-${arch}`;
  return platform === 'linux' ? `${name}-${libc()}` : name;
}

function disabledBy() {
  return process.permission ?
    'the permission model is on, and --allow-addons is not among its flags' :
    'addons are turned off (--no-addons)';
}

// What gives a binary to whoever has none.
function advice() {
  if (fs.existsSync(path.join(root, 'scripts', 'build.js'))) {
    return 'Run "npm run build"; it needs a C compiler, make and Python.';
  }
  if (/\.zip[\\/]/.test(here)) return 'Run "yarn unplug uvnet".';
  if (!/[\\/]node_modules[\\/]/.test(here)) {
    return 'A bundle has to leave uvnet out (mark it as external), take its ' +
      '.node files along, or get the path of one in the environment variable ' +
      'UVNET_BINARY.';
  }
  return `Run "npx node-gyp rebuild -C ${path.join(root, 'src')}"; it needs a C ` +
    'compiler, make and Python.';
}

// Node's own words for a binary that does not load, with what to do about it.
// `files` are those that were looked for.
function loadFailure(cause, files) {
  if (cause.code === 'ERR_DLOPEN_DISABLED') {
    return `the native addon does not load: ${disabledBy()}.`;
  }
  const what = cause.code === 'MODULE_NOT_FOUND' ?
    `is not there (${files.join(', ')})` :
    `does not load: ${cause.message} (${files.at(-1)})`;
  return `the native addon ${what}. ${advice()}`;
}

// Bundlers want each file that require() names to be there when they run, and make
// errors of calls with other names; so does a single executable.
function requireFile(file) {
  return createRequire(file)(file);
}

// UVNET_BINARY names another build of the addon, such as one with sanitizers.
function open(files) {
  const { UVNET_BINARY: named } = process.env;
  if (named) {
    files.push(path.resolve(named));
    return requireFile(files[0]);
  }
  const own = built.find((file) => fs.existsSync(file));
  files.push(...own ? [own] : built);
  if (own) return requireFile(own);
  const name = systemName();
  files.push(path.join(root, 'prebuilds', name, 'uvnet.node'));
  if (!Object.hasOwn(prebuilt, name)) {
    throw Object.assign(new Error(`There is no binary for ${name}`),
      { code: 'MODULE_NOT_FOUND' });
  }
  return prebuilt[name]();
}

// Some bundlers' loaders make the path of a file of it, or its bytes.
function addonOf(exported) {
  if (typeof exported.instance === 'function') return exported;
  throw new Error(`It is a ${typeof exported}, not an addon.`);
}

/**
 * The addon's exports. Throws ERR_FEATURE_UNAVAILABLE_ON_PLATFORM where uvnet
 * cannot run, and ERR_DLOPEN_FAILED where its binary is not there or does not
 * load, with the error of that as the cause.
 */
function load() {
  const reason = unsupported();
  if (reason !== undefined) {
    throw failure('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      `${reason}. uvnet needs Node.js ${OLDEST.join('.')} or later.`);
  }
  if (isForSnapshot()) {
    throw failure('ERR_DLOPEN_FAILED', 'a startup snapshot cannot have native ' +
      'addons in it. Leave uvnet out, and run the snapshot with -r uvnet/register.');
  }
  const files = [];
  try {
    return addonOf(open(files));
  } catch (cause) {
    throw failure('ERR_DLOPEN_FAILED', loadFailure(cause, files), cause);
  }
}

module.exports = { load };
