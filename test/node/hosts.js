'use strict';

// Node's tests take it for granted that `localhost` has an IPv6 address too.
// Where it has none, the runner starts itself again in a mount namespace of
// its own, with another /etc/hosts there; the system's file stays as it is.

const { spawn, spawnSync } = require('child_process');
const dns = require('dns');
const fs = require('fs');
const os = require('os');
const path = require('path');

const HOSTS = '/etc/hosts';
const INSIDE = 'UVNET_SUITE_NAMESPACE';
const UNSHARE = ['--mount', '--propagation', 'private', '--', 'sh', '-c',
                 'mount --bind "$1" "$2" && shift 2 && exec "$@"', 'sh'];

function hasLoopback6() {
  const all = Object.values(os.networkInterfaces()).flat();
  return all.some((entry) => entry.address === '::1');
}

async function localhostHas6() {
  try {
    const found = await dns.promises.lookup('localhost', { all: true });
    return found.some((entry) => entry.address === '::1');
  } catch {
    return false;
  }
}

function canUnshare(hosts) {
  if (process.platform !== 'linux' || process.getuid() !== 0) return false;
  const probe = spawnSync('unshare', [...UNSHARE, hosts, HOSTS, 'true'],
                          { stdio: 'ignore' });
  return probe.status === 0;
}

function writeHosts(dir) {
  const file = path.join(dir, 'hosts');
  const text = fs.readFileSync(HOSTS, 'utf8');
  fs.writeFileSync(file, `${text.trimEnd()}\n::1 localhost\n`,
                   { mode: 0o644 });
  return file;
}

/** Runs this command line again inside; resolves to its exit code. */
function runInside(hosts) {
  return new Promise((resolve, reject) => {
    const command = [process.execPath, ...process.execArgv,
                     ...process.argv.slice(1)];
    const child = spawn('unshare', [...UNSHARE, hosts, HOSTS, ...command], {
      stdio: 'inherit',
      env: { ...process.env, [INSIDE]: '1' },
    });
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.on(signal, () => child.kill(signal));
    }
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(signal ? 128 + os.constants.signals[signal] : code);
    });
  });
}

/**
 * Sees to it that `localhost` resolves to ::1.
 * @returns {Promise<object>} exitCode if the run took place inside a
 *   namespace and is over; else note, a text if `localhost` lacks IPv6
 */
async function ensureLocalhost6() {
  if (!hasLoopback6()) return { note: 'this machine has no IPv6 loopback' };
  if (await localhostHas6()) return { note: '' };
  const note = 'localhost has no IPv6 address here: ' +
    'tests that connect to it by name may fail';
  if (process.env[INSIDE]) return { note };
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'uvn-hosts-'));
  fs.chmodSync(dir, 0o755);
  try {
    const hosts = writeHosts(dir);
    if (!canUnshare(hosts)) return { note };
    return { exitCode: await runInside(hosts) };
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

module.exports = { ensureLocalhost6 };
