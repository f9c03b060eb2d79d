'use strict';

// Finds Node's own test suite: a directory the user names, or the cache, or
// Debian's source package, or Node's git repository, in this order; for a major
// version that none of them has, that of an earlier one.

const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { PARTS, fetchFromApt, run } = require('./apt.js');
const { majorsWithSets } = require('./sets.js');

const GIT = 'https://github.com/nodejs/node.git';
const MARKER = '.uvnet-suite';

function cacheRoot() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(base, 'uvnet');
}

function isSuite(dir) {
  return fs.existsSync(path.join(dir, 'test', 'common', 'index.js'));
}

/** The root of a suite the user named, which may also be its test/ folder. */
function namedSuite(name) {
  const dir = path.resolve(name);
  if (isSuite(dir)) return dir;
  if (path.basename(dir) === 'test' && isSuite(path.dirname(dir))) {
    return path.dirname(dir);
  }
  throw new Error(`${name} holds no test/common/index.js`);
}

/** Paths of all files below `dir`, relative to it. */
function walk(dir, prefix = '') {
  const files = [];
  const entries = fs.readdirSync(path.join(dir, prefix),
                                 { withFileTypes: true });
  for (const entry of entries) {
    const name = path.join(prefix, entry.name);
    if (entry.isDirectory()) files.push(...walk(dir, name));
    else files.push(name);
  }
  return files.sort();
}

function sha256(text) {
  return crypto.createHash('sha256').update(text).digest('hex');
}

/** The marker: a hash, then the size and the name of each file. */
function writeMarker(root) {
  const lines = walk(root).map((name) => {
    return `${fs.lstatSync(path.join(root, name)).size} ${name}\n`;
  });
  const list = lines.join('');
  fs.writeFileSync(path.join(root, MARKER), `${sha256(list)}\n${list}`);
}

function sizeIs(file, size) {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  return stat !== undefined && stat.size === size;
}

/**
 * Whether all parts and all files of the marker are there; a test may have
 * added others.
 */
function isIntact(root) {
  const marker = path.join(root, MARKER);
  const has = (part) => fs.existsSync(path.join(root, 'test', part));
  if (!fs.existsSync(marker) || !PARTS.every(has)) return false;
  const text = fs.readFileSync(marker, 'utf8');
  const end = text.indexOf('\n');
  const list = text.slice(end + 1);
  if (sha256(list) !== text.slice(0, end)) return false;
  return list.trimEnd().split('\n').every((line) => {
    const blank = line.indexOf(' ');
    return sizeIs(path.join(root, line.slice(blank + 1)),
                  Number(line.slice(0, blank)));
  });
}

/** By number, the newest first. */
function compareVersions(a, b) {
  return b.localeCompare(a, 'en', { numeric: true });
}

function majorOf(version) {
  return version.split('.')[0];
}

/**
 * Versions in the order in which their tests suit `version`: those that are not
 * newer from the newest on, then the newer ones from the oldest on.
 */
function byFitness(versions, version) {
  const sorted = [...versions].sort(compareVersions);
  const isNewer = (one) => compareVersions(one, version) < 0;
  return [...sorted.filter((one) => !isNewer(one)),
          ...sorted.filter(isNewer).reverse()];
}

/** The same, without those of another major version. */
function ofSameMajor(versions, version) {
  return byFitness(versions, version)
    .filter((one) => majorOf(one) === majorOf(version));
}

function cachedVersions() {
  const root = cacheRoot();
  if (!fs.existsSync(root)) return [];
  return fs.readdirSync(root).filter((name) => /^node-\d/.test(name))
    .map((name) => name.slice('node-'.length));
}

/** The cached suite of the same major version that suits best. */
function cachedSuite(version, log) {
  const [found] = ofSameMajor(cachedVersions(), version);
  if (!found) return null;
  const dir = path.join(cacheRoot(), `node-${found}`);
  if (isIntact(dir)) return dir;
  log(`${dir} is not complete and will be fetched again`);
  fs.rmSync(dir, { recursive: true, force: true });
  return cachedSuite(version, log);
}

function fetchFromGit(dest, version) {
  const url = process.env.UVNET_NODE_GIT || GIT;
  run('git', ['-c', 'advice.detachedHead=false', 'clone', '--quiet',
              '--depth=1', '--filter=blob:none', '--sparse',
              `--branch=v${version}`, url, dest],
      { env: { GIT_TERMINAL_PROMPT: '0' } });
  run('git', ['-C', dest, 'sparse-checkout', 'set',
              ...PARTS.map((part) => `test/${part}`), 'benchmark/net']);
  fs.rmSync(path.join(dest, '.git'), { recursive: true });
  return version;
}

/**
 * Fetches into `dest` by the first way that works; returns the version. The
 * error if none does says which versions there are, where that is known.
 */
function fetchTo(work, dest, version, log) {
  const choose = (all) => ofSameMajor(all, version);
  const ways = [
    ['Debian sources',
     () => fetchFromApt(path.join(work, 'apt'), dest, choose)],
    ['git', () => fetchFromGit(dest, version)],
  ];
  const errors = [];
  for (const [name, fetch] of ways) {
    log(`fetching the tests of Node ${version}: ${name}`);
    try {
      fs.rmSync(dest, { recursive: true, force: true });
      fs.mkdirSync(dest);
      const found = fetch();
      if (!isSuite(dest)) throw new Error('no test/common/index.js in it');
      return found;
    } catch (err) {
      log(`  ${err.message}`);
      errors.push(err);
    }
  }
  const lines = errors.map(({ message }, i) => `${ways[i][0]}: ${message}`);
  const message = 'cannot get Node\'s tests; name a copy with --suite';
  throw Object.assign(new Error([message, ...lines].join('\n')),
                      { available: errors[0].available ?? [] });
}

/** Moves a finished tree into place; another run may have been faster. */
function moveIntoCache(tree, version) {
  const target = path.join(cacheRoot(), `node-${version}`);
  try {
    fs.renameSync(tree, target);
  } catch (err) {
    if (!isIntact(target)) throw err;
  }
  return target;
}

/** Fetches the suite beside its place in the cache, then moves it there. */
function fetchSuite(version, log) {
  fs.mkdirSync(cacheRoot(), { recursive: true });
  const work = fs.mkdtempSync(path.join(cacheRoot(), '.fetch-'));
  const tidy = () => fs.rmSync(work, { recursive: true, force: true });
  process.on('exit', tidy);
  try {
    const tree = path.join(work, 'tree');
    const found = fetchTo(work, tree, version, log);
    writeMarker(tree);
    return moveIntoCache(tree, found);
  } finally {
    process.off('exit', tidy);
    tidy();
  }
}

function findSuite(version, log) {
  return cachedSuite(version, log) || fetchSuite(version, log);
}

/**
 * The newest version of which there is a suite, for one that is newer still.
 * A suite that is known of, for it or a later one, has no substitute where it
 * cannot be fetched.
 */
function earlierVersion(version, available) {
  const known = [...available, ...cachedVersions()];
  const majors = [...known.map((one) => Number(majorOf(one))),
                  ...majorsWithSets()];
  return Math.max(...majors) < Number(majorOf(version)) ?
    byFitness(known, version)[0] : undefined;
}

function findOrEarlier(version, log) {
  try {
    return findSuite(version, log);
  } catch (err) {
    const earlier = earlierVersion(version, err.available ?? []);
    if (!earlier) throw err;
    log(`instead those of Node ${majorOf(earlier)}`);
    return findSuite(earlier, log);
  }
}

/**
 * @param {object} options
 * @param {string} [options.path] a suite the user names
 * @param {string} options.version the version of Node under test, '20.19.2'
 * @param {function(string)} options.log
 * @returns {string} the directory that holds test/
 */
function getSuite({ path: name, version, log }) {
  const named = name || process.env.UVNET_NODE_SUITE;
  return named ? namedSuite(named) : findOrEarlier(version, log);
}

module.exports = { cacheRoot, getSuite, isIntact };
