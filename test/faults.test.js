'use strict';

// Some of the system calls and allocations that test/faults/run.js makes fail,
// and what its table cannot have: a server that runs out of descriptors.

const assert = require('node:assert');
const { execFileSync, spawnSync } = require('node:child_process');
const net = require('node:net');
const path = require('node:path');
const {
  disposeAll, finished, once, spawnNode, startScript, track,
} = require('./helper');
const { whyNot } = require('./faults/execute');

const RUN = path.join(__dirname, 'faults', 'run.js');

async function run(...args) {
  const { code, stdout, stderr } = await finished(spawnNode([RUN, ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] }));
  assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
  return stdout;
}

describe('faults', function suite() {
  this.timeout(120000);
  afterEach(disposeAll);

  before(function linuxOnly() {
    const reason = whyNot();
    if (!reason) return;
    console.log(`      skipped: ${reason}`);
    this.skip();
  });

  // Fewer still where a run tries the other way to dispatch.
  const every = process.env.UVNET_TEST_ONLY ? '250' : '60';

  it(`one in ${every} of the table`, async () => {
    const stdout = await run('--every', every);
    console.log(stdout.replace(/^/gm, '      ').trimEnd());
    assert.match(stdout, / 0 findings/);
  });

  // A server keeps on accepting when a handle could not be had; what is ended in
  // the outbox and not sent is an error and no 'finish'; nothing is sent behind a
  // gap; connect() and listen() do not throw for want of memory.
  it('what failed once', () =>
    run('--only', 'burst unix malloc', '--only', 'named write EPIPE', '--only',
      'corked unix write EPIPE', '--only', 'echo tcp malloc'));

  it('finds a difference', async () => {
    const { code, stdout } = await finished(spawnNode(
      [RUN, '--only', 'echo tcp connect', '--sabotage'],
      { stdio: ['ignore', 'pipe', 'pipe'] }));
    assert.strictEqual(code, 1, stdout);
  });
});

describe('without a descriptor', function suite() {
  this.timeout(30000);
  afterEach(disposeAll);

  const SECOND = 1000;
  const clients = [];

  function limit(child, descriptors) {
    execFileSync('prlimit', ['--pid', child.pid, `--nofile=${descriptors}:`]);
  }

  // A process that prints a line to begin with, and others when told to.
  async function start(name, source) {
    const child = startScript(name, source,
      { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.setEncoding('utf8');
    const heard = [];
    child.stdout.on('data', (text) => heard.push(...text.trim().split('\n')));
    await once(child.stdout, 'data');
    return { child, heard, port: Number(heard.shift()) };
  }

  async function ask({ child, heard }, prefix) {
    child.kill('SIGUSR2');
    for (;;) {
      const at = heard.findIndex((line) => line.startsWith(prefix));
      if (at >= 0) return heard.splice(at, 1)[0].slice(prefix.length);
      await once(child.stdout, 'data');
    }
  }

  const SERVER = `
    const server = net.createServer((socket) => socket.on('data',
      (chunk) => socket.write(chunk))).listen(0, '127.0.0.1', () =>
      console.log(server.address().port));
    process.on('warning', ({ code }) => console.log(code));
    process.on('SIGUSR2', () => {
      const { user, system } = process.cpuUsage();
      console.log('cpu ' + Math.round((user + system) / 1000));
    });`;

  const CLIENT = `
    const addresses = [{ address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 }];
    process.on('SIGUSR2', () => {
      const socket = net.connect({ host: 'a.test', port: 1,
        autoSelectFamily: true,
        lookup: (host, options, callback) => callback(null, addresses) });
      socket.on('error', ({ code }) => console.log('error ' + code));
    });
    process.on('uncaughtException', ({ stack }) => console.log(stack));
    setInterval(() => {}, 1000);
    console.log('0');`;

  function connect(port, count) {
    for (let i = 0; i < count; i++) {
      const client = track(net.connect(port, '127.0.0.1'));
      client.on('error', () => {});
      client.write('x');
      clients.push(once(client, 'data'));
    }
  }

  function wait(ms) {
    return new Promise((resolve) => { setTimeout(resolve, ms); });
  }

  before(function prlimitOnly() {
    if (process.platform !== 'linux' || spawnSync('prlimit', ['-V']).error) {
      console.log('      skipped: needs prlimit(1)');
      this.skip();
    }
  });

  for (const name of ['core', 'uvnet']) {
    it(`a connection to a name fails, on ${name}`, async () => {
      const client = await start(name, CLIENT);
      limit(client.child, 5);
      assert.strictEqual(await ask(client, 'error '), 'EMFILE');
      assert.deepStrictEqual(client.heard, []);
    });
  }

  it('a server does not turn round, says so, and accepts again', async () => {
    const server = await start('uvnet', SERVER);
    limit(server.child, 5);
    connect(server.port, 5);
    await wait(SECOND / 2);
    const before = Number(await ask(server, 'cpu '));
    await wait(SECOND);
    const spent = Number(await ask(server, 'cpu ')) - before;
    assert.deepStrictEqual(server.heard, ['UVNET_ACCEPT_EMFILE']);
    // Core's takes all of it.
    assert.ok(spent < SECOND / 10, `${spent} ms of processor time in a second`);
    limit(server.child, 500);
    await Promise.all(clients);
    connect(server.port, 1);
    await clients.at(-1);
  });
});
