'use strict';

// The programs that the scenarios need, from Debian's packages.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const POSTGRES = '/usr/lib/postgresql';

function newestFirst(a, b) {
  return b.localeCompare(a, 'en', { numeric: true });
}

/** Folders to look into: PATH, and where Debian keeps PostgreSQL's own. */
function folders() {
  const versions = fs.existsSync(POSTGRES) ?
    fs.readdirSync(POSTGRES).sort(newestFirst) : [];
  return [
    ...(process.env.PATH || '').split(path.delimiter).filter(Boolean),
    ...versions.map((version) => path.join(POSTGRES, version, 'bin')),
  ];
}

function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The path of a program, or undefined. */
function find(name) {
  return folders().map((folder) => path.join(folder, name)).find(isProgram);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    const text = `${result.stdout}${result.stderr}`.trim();
    throw new Error(`${command} failed: ${text.split('\n').slice(-6).join('\n')}`);
  }
  return result.stdout;
}

/** Debian starts a service when it installs it; here each run has its own. */
function stopService(name) {
  spawnSync('service', [name, 'stop'], { stdio: 'ignore', timeout: 30000 });
}

function install(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update'], { env });
  run('apt-get',
    ['install', '--yes', '--no-install-recommends', ...packages], { env });
  packages.forEach(stopService);
}

/**
 * Finds programs, and as root installs what is missing.
 * @param {object} wanted the Debian package of each program
 * @param {function(string)} log
 * @returns {object} the path of each program
 */
function ensurePrograms(wanted, log) {
  const missing = Object.keys(wanted).filter((name) => !find(name));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((name) => wanted[name]))];
    if (process.getuid?.() !== 0 || !find('apt-get')) {
      throw new Error(`missing: ${missing.join(', ')} ` +
        `(Debian: apt-get install ${packages.join(' ')})`);
    }
    log(`installing ${packages.join(', ')}`);
    install(packages);
  }
  return Object.fromEntries(Object.keys(wanted).map((name) => {
    const file = find(name);
    if (!file) throw new Error(`${wanted[name]} has brought no ${name}`);
    return [name, file];
  }));
}

module.exports = { ensurePrograms, run };
