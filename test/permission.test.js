'use strict';

// Node's permission model knows nothing of an addon's sockets: uvnet itself must
// refuse what core does, with core's errors, where core gives them.

const assert = require('node:assert');
const { MAJOR, ROOT, SPECIFIERS, finished, forEachNet, spawnNode, scriptFile } =
  require('./helper');
const { REGISTER } = require('./replaced');

const MODEL = [MAJOR < 22 ? '--experimental-permission' : '--permission',
  '--allow-fs-read=*', '--no-warnings'];
const ADDONS = '--allow-addons';
const hasNet = process.allowedNodeEnvironmentFlags.has('--allow-net');

const WAYS = {
  core: [[], SPECIFIERS.core],
  module: [[], SPECIFIERS.uvnet],
  preload: [['-r', REGISTER], SPECIFIERS.core],
};

// Runs in a child, with `net`. Prints what each call throws or emits.
function refused(net) {
  const { inspect } = require('node:util');
  const logs = { uncaught: [] };
  // Without the stack, which tells whose files it went through.
  const text = (value) => (value instanceof Error ?
    inspect({ ...value, name: value.name, message: value.message,
      errno: value.errno?.message ?? value.errno }, { depth: 3 }) :
    typeof value === 'object' ? 'object' : String(value));
  process.on('uncaughtException', (error) =>
    logs.uncaught.push(text(error)));
  const lookup = (host, options, callback) => setImmediate(callback, null,
    options.all ? [{ address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 }] : '127.0.0.1', 4);
  const connect = (options) => () => net.connect({ port: 1, ...options });
  const serve = (...args) => () => net.createServer().listen(...args);
  const calls = {
    ip: connect({ host: '127.0.0.1' }),
    ip6: connect({ host: '::1' }),
    name: connect({ host: 'localhost' }),
    family: connect({ host: 'x', lookup }),
    address: connect({ host: 'x', lookup, autoSelectFamily: false }),
    local: connect({ host: '127.0.0.1', localAddress: '127.0.0.1' }),
    path: () => net.connect('/nonexistent/s'),
    longPath: () => net.connect(`/tmp/${'x'.repeat(200)}`),
    badPort: connect({ port: 1e6 }),
    listen: serve(0),
    listenOnAddress: serve(0, '127.0.0.1'),
    listenOnName: serve(0, 'localhost'),
    listenOnPath: serve('/nonexistent/s'),
    listenOnHandle: () => net._createServerHandle('127.0.0.1', 0, 4),
    BoundSocket: () => net.BoundSocket && new net.BoundSocket({ port: 0 }),
    http: () => require('node:http').createServer().listen(0),
    get: () => require('node:http').get({ host: '127.0.0.1', port: 1 }),
    tls: () => require('node:tls').connect(1, '127.0.0.1'),
  };
  // Each call has a log of its own: which of two comes first does not matter.
  function start(name) {
    logs[name] = [];
    try {
      const emitter = calls[name]();
      const { emit } = emitter;
      emitter.emit = function(event, ...args) {
        logs[name].push(`${event} ${args.map(text).join(' ')}`);
        return emit.call(this, event, ...args);
      };
      emitter.on('error', () => {});
    } catch (error) {
      logs[name].push(`threw ${text(error)}`);
    }
  }
  for (const name of Object.keys(calls)) start(name);
  setTimeout(() => {
    console.log(JSON.stringify(logs, null, 1));
    process.exit();
  }, 1000);
}

// A program that gives up its permissions once it serves.
function dropped(net) {
  const server = net.createServer((socket) => socket.end('x'));
  server.listen(0, '127.0.0.1', () => {
    process.permission.drop('fs.read');
    const { port } = server.address();
    const lookup = (host, options, callback) => callback(null,
      [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }]);
    net.connect({ port, host: 'x', lookup }).on('data', () => {
      console.log('reads', new net.BlockList().rules.length);
      process.permission.drop('net');
      net.connect(port, '127.0.0.1').on('error', ({ code }) => {
        console.log(code);
        process.exit();
      });
    });
  });
}

async function run(way, body, flags = []) {
  const [preload, specifier] = WAYS[way];
  const file = scriptFile('core', `
    (${body})(require(${JSON.stringify(specifier)}));`);
  return finished(spawnNode([...MODEL, ...flags, ...preload, file]));
}

forEachNet((net, name) => {
  for (const way of name === 'core' ? ['core'] : ['module', 'preload']) {
    describe(`the permission model (${way})`, () => {
      it('without net nothing connects or listens', async function test() {
        if (!hasNet) this.skip();
        const { stdout, stderr } = await run(way, refused, [ADDONS]);
        assert.strictEqual(stderr, '');
        assert.match(stdout, /ERR_ACCESS_DENIED/);
        assert.strictEqual(stdout,
          (await run('core', refused, [ADDONS])).stdout);
      });

      it('is asked each time, and no file is read later', async function test() {
        if (!hasNet) this.skip();
        const { stdout, stderr } =
          await run(way, dropped, [ADDONS, '--allow-net']);
        assert.deepStrictEqual([stdout, stderr],
          ['reads 0\nERR_ACCESS_DENIED\n', '']);
      });

      it('a Node that has no permission for net refuses nothing', async function test() {
        if (hasNet) this.skip();
        const { stdout } = await run(way, (ours) => {
          const server = ours.createServer((socket) => socket.end('x'));
          server.listen(0, '127.0.0.1', () => {
            ours.connect(server.address().port, '127.0.0.1').on('data', () => {
              console.log('reads');
              process.exit();
            });
          });
        }, [ADDONS]);
        assert.strictEqual(stdout, 'reads\n');
      });
    });
  }

  it('without --allow-addons it says so at once', async function test() {
    if (name === 'core') this.skip();
    for (const args of [['-r', REGISTER, '-p', '1'],
      ['-p', `require(${JSON.stringify(ROOT)})`]]) {
      const { code, stderr } = await finished(spawnNode([...MODEL, ...args]));
      assert.strictEqual(code, 1);
      assert.match(stderr, /^Error: uvnet: .*--allow-addons/m);
    }
  });
});
