'use strict';

// Who hears of 'data': a short cut to the only listener must leave nobody out
// who stands between, and must not let answers wait for slow listeners.

const assert = require('node:assert');
const fs = require('node:fs');
const { eventually, forEachNet, inChild, once, pair, spawnScript,
  tmpPath } = require('./helper');

// A server that answers in capitals, and a client that logs all it is told.
const CLIENT = `
  const log = [];
  const server = net.createServer((peer) => {
    peer.on('error', () => {});
    peer.on('data', (data) => peer.end(String(data).toUpperCase()));
  }).listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    start(net.connect({ port, host: '127.0.0.1', ...options() }));
  });
  function finish() {
    server.close();
    console.log(log.join('|'));
  }
  process.on('unhandledRejection', (error) => log.push('unhandled ' +
    error.message));
`;

const COUNT_DATA = `
  const { EventEmitter } = require('node:events');
  const { emit } = EventEmitter.prototype;
  let seen = 0;
  EventEmitter.prototype.emit = function(event, ...rest) {
    if (event === 'data') seen++;
    return emit.call(this, event, ...rest);
  };
  globalThis.dataSeen = () => seen;
`;

const LOAD_DOMAIN = 'require("node:domain");';

/** A file for node's flag -r. */
function preload(source) {
  const file = tmpPath('preload.js');
  fs.writeFileSync(file, source);
  return ['-r', file];
}

forEachNet((net, name) => {
  describe('emit() of all emitters', () => {
    const script = `${CLIENT}
      function options() {}
      function start(client) {
        client.on('data', (data) => log.push(String(data)));
        client.on('close', () => {
          log.push(dataSeen());
          finish();
        });
        client.write('abc');
      }`;
    it('replaced before net is loaded', async () => {
      const { stdout } = await spawnScript(name, script,
        { flags: preload(COUNT_DATA) });
      assert.strictEqual(stdout.trim(), 'ABC|2');
    });

    it('replaced after net was loaded', async () => {
      const { stdout } = await spawnScript(name, `${COUNT_DATA} ${script}`);
      assert.strictEqual(stdout.trim(), 'ABC|2');
    });
  });

  describe('domains', () => {
    const script = `
      const domain = require('node:domain').create();
      domain.on('error', (error) => {
        log.push('domain ' + error.message, process.domain === domain);
        finish();
      });
      ${CLIENT}
      function options() {}
      function start(client) {
        domain.add(client);
        client.on('data', () => {
          log.push(process.domain === domain);
          throw new Error('thrown');
        });
        client.write('abc');
      }`;
    for (const title of ['before', 'after']) {
      it(`loaded ${title} net: what a listener throws`, async () => {
        const flags = title === 'before' ? preload(LOAD_DOMAIN) : [];
        const { stdout } = await spawnScript(name, script, { flags });
        const expected = await spawnScript('core', script, { flags });
        assert.match(stdout, /^true\|domain thrown/);
        assert.strictEqual(stdout, expected.stdout);
      });
    }
  });

  describe('an async listener that rejects', () => {
    const script = (options) => `${CLIENT}
      function options() { return ${options}; }
      function start(client) {
        client.on('data', async () => { throw new Error('rejected'); });
        client.on('error', (error) => log.push('error ' + error.message));
        client.on('close', () => setImmediate(finish));
        client.write('abc');
      }`;
    it('with captureRejections', async () => {
      const { stdout } = await spawnScript(name,
        script('{ captureRejections: true }'));
      assert.strictEqual(stdout.trim(), 'error rejected');
    });

    it('with captureRejections of all emitters', async () => {
      const { stdout } = await spawnScript(name, `
        require('node:events').EventEmitter.captureRejections = true;
        ${script('{}')}`);
      assert.strictEqual(stdout.trim(), 'error rejected');
    });

    it('without', async () => {
      const { stdout } = await spawnScript(name, script('{}'));
      assert.strictEqual(stdout.trim(), 'unhandled rejected');
    });
  });

  it('listeners that come and go', async () => {
    const { client, peer } = await pair(net);
    const log = [];
    function last(data) { log.push(`last ${data} ${this === client}`); }
    client.once('data', function first(data) {
      log.push(`first ${data} ${this === client} ${arguments.length}`);
      client.on('data', last);
      client.prependListener('data', () => log.push('before'));
    });
    peer.write('1');
    await eventually(() => log.length === 1);
    peer.write('2');
    await eventually(() => log.length === 3);
    client.removeAllListeners('data');
    client.on('data', last);
    peer.end('3');
    await once(client, 'end');
    assert.deepStrictEqual(log, ['first 1 true 1', 'before', 'last 2 true',
      'last 3 true']);
  });

  it('answers do not wait for all slow listeners of a turn', async () => {
    const isAnswered = await inChild(name, async (net, helper) => {
      const { Worker } = require('node:worker_threads');
      const COUNT = 12;
      const [SENT, ANSWERED, NEVER] = [0, 1, 2];
      const flags = new Int32Array(new SharedArrayBuffer(12));
      const peers = [];
      const server = await helper.listen(net.createServer((peer) => {
        peers.push(peer);
      }));
      // The senders live in a thread of their own, on core's net.
      const worker = helper.track(new Worker(`
        const { workerData: { port, flags }, parentPort } =
          require('worker_threads');
        const net = require('net');
        const set = (index) => {
          Atomics.store(flags, index, 1);
          Atomics.notify(flags, index);
        };
        const sockets = Array.from({ length: ${COUNT} },
          () => net.connect(port, '127.0.0.1', () => {}));
        for (const socket of sockets) socket.on('data', () => set(${ANSWERED}));
        parentPort.on('message', () => {
          for (const socket of sockets) socket.write('question');
          setImmediate(() => set(${SENT}));
        });`, { eval: true,
        workerData: { port: server.address().port, flags } }));
      await helper.eventually(() => peers.length === COUNT, 1e6);
      const seen = new Promise((resolve) => {
        let left = COUNT;
        function answer() {
          // For the last one it ends at once if the first's answer is there.
          if (--left === 0) {
            resolve(Atomics.wait(flags, ANSWERED, 0, 5000) !== 'timed-out');
          }
          this.write('answer');
          Atomics.wait(flags, NEVER, 0, 2);
        }
        for (const peer of peers) {
          peer.on('error', () => {});
          peer.on('data', answer);
        }
      });
      await helper.turn();
      worker.postMessage('go');
      Atomics.wait(flags, SENT, 0);
      const result = await seen;
      await worker.terminate();
      return result;
    });
    assert.strictEqual(isAnswered, true);
  });
});
