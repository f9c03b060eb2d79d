'use strict';

// The servers behind the scenarios: each a process of ours, in a folder of its
// own, on the loopback interface and on a Unix socket.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { closedPort } = require('../helper');
const { run } = require('./programs');

const ATTEMPTS = 3;
const READY_MS = 30000;
const STOP_MS = 10000;
const POLL_MS = 20;

function accepts(target) {
  return new Promise((resolve) => {
    const socket = net.connect(target);
    socket.once('connect', () => socket.destroy());
    socket.once('error', () => {});
    socket.once('close', (hadError) => resolve(!hadError));
  });
}

/** One server program. Subclasses say how it starts and how it is asked. */
class ServerProcess {
  constructor(folder, owner) {
    this.folder = folder;
    this.owner = owner;
    this.child = null;
    this.output = path.join(folder, 'output');
    fs.mkdirSync(folder);
    if (owner) fs.chownSync(folder, owner.uid, owner.gid);
  }

  get isRunning() {
    return this.child !== null && this.child.exitCode === null &&
      this.child.signalCode === null;
  }

  /** Starts it on a free port, or on the one it had. */
  async start() {
    for (let left = ATTEMPTS; ; left--) {
      // These servers do not take port 0.
      this.port ??= await closedPort(net);
      if (await this.tryStart()) return;
      if (left === 1) throw new Error(this.failure());
      if (!this.hasStarted) this.port = undefined;
    }
  }

  async tryStart() {
    const fd = fs.openSync(this.output, 'a');
    this.child = spawn(...this.command(), {
      ...this.owner, cwd: this.folder, stdio: ['ignore', fd, fd],
    });
    fs.closeSync(fd);
    this.child.on('error', (error) => fs.appendFileSync(this.output, `${error}\n`));
    const deadline = Date.now() + READY_MS;
    while (this.isRunning && this.child.pid && Date.now() < deadline) {
      if (await this.isReady()) {
        this.hasStarted = true;
        return true;
      }
      await sleep(POLL_MS);
    }
    await this.stop();
    return false;
  }

  failure() {
    const lines = fs.readFileSync(this.output, 'utf8').trimEnd().split('\n');
    return `${this.command()[0]} does not start:\n${lines.slice(-10).join('\n')}`;
  }

  async isReady() {
    return await accepts({ port: this.port, host: '127.0.0.1' }) &&
      accepts({ path: this.socketPath() });
  }

  /** Ends the process as a crash would and waits until it is gone. */
  async kill(signal = 'SIGKILL') {
    if (!this.isRunning || !this.child.pid) return;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    await gone;
  }

  /** Asks it to end, ever less politely, and waits until it is gone. */
  async stop() {
    for (const signal of this.stopSignals) {
      if (!this.isRunning || !this.child.pid) return;
      const gone = once(this.child, 'exit');
      const inTime = new AbortController();
      const late = sleep(STOP_MS, null, { signal: inTime.signal });
      late.catch(() => {});
      this.child.kill(signal);
      await Promise.race([gone, late]);
      inTime.abort();
    }
  }

  /** For the runner's own end, when nothing can be waited for any more. */
  killNow() {
    if (this.isRunning && this.child.pid) this.child.kill(this.abruptSignal);
  }
}

class Redis extends ServerProcess {
  stopSignals = ['SIGTERM', 'SIGKILL'];
  abruptSignal = 'SIGKILL';

  constructor(programs, folder) {
    super(folder);
    this.program = programs['redis-server'];
  }

  socketPath() {
    return path.join(this.folder, 'socket');
  }

  command() {
    return [this.program, [
      '--port', String(this.port), '--bind', '127.0.0.1',
      '--unixsocket', this.socketPath(), '--dir', this.folder,
      '--appendonly', 'yes', '--appendfsync', 'always', '--save', '',
    ]];
  }

  target() {
    return { port: this.port, host: '127.0.0.1', path: this.socketPath() };
  }
}

class Postgres extends ServerProcess {
  // Fast shutdown; immediate shutdown. Both wait for PostgreSQL's children,
  // and these end by themselves if their parent is killed.
  stopSignals = ['SIGINT', 'SIGQUIT', 'SIGKILL'];
  abruptSignal = 'SIGQUIT';

  constructor(programs, folder, certificate) {
    super(folder, Postgres.owner());
    this.programs = programs;
    this.data = path.join(folder, 'data');
    this.initialize(certificate);
  }

  /** PostgreSQL refuses to run as root: then it runs as its own user. */
  static owner() {
    if (process.getuid() !== 0) return undefined;
    const id = (flag) => Number(run('id', [flag, 'postgres']));
    return { uid: id('-u'), gid: id('-g') };
  }

  initialize({ key, cert }) {
    run(this.programs.initdb, [
      '--pgdata', this.data, '--auth=trust', '--username=postgres',
      '--encoding=UTF8', '--no-locale', '--no-sync',
    ], { ...this.owner, cwd: this.folder });
    for (const [name, text] of [['key', key], ['cert', cert]]) {
      const file = path.join(this.folder, `${name}.pem`);
      fs.writeFileSync(file, text, { mode: 0o600 });
      if (this.owner) fs.chownSync(file, this.owner.uid, this.owner.gid);
    }
  }

  socketPath() {
    return path.join(this.folder, `.s.PGSQL.${this.port}`);
  }

  command() {
    const settings = {
      port: this.port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: this.folder,
      ssl: 'on',
      ssl_cert_file: path.join(this.folder, 'cert.pem'),
      ssl_key_file: path.join(this.folder, 'key.pem'),
      fsync: 'off',
      // A scan that joins another one in the middle has another order.
      synchronize_seqscans: 'off',
    };
    const flags = Object.entries(settings)
      .flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return [this.programs.postgres, ['-D', this.data, ...flags]];
  }

  /** It accepts connections before it serves them; this asks it. */
  async isReady() {
    if (!await super.isReady()) return false;
    const { Client } = require('pg');
    const client = new Client({ ...this.target(), user: 'postgres' });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => {});
    }
  }

  target() {
    return { port: this.port, host: '127.0.0.1', folder: this.folder };
  }
}

module.exports = { Postgres, Redis };
