'use strict';

// How a program tells that it is on uvnet, and what uvnet has done.

const assert = require('node:assert');
const { version } = require('../package.json');
const uvnet = require('..');
const {
  ROOT, disposeAll, eventually, finished, once, pair, spawnNode,
} = require('./helper');
const { REGISTER } = require('./replaced');

async function print(...args) {
  const { stdout, stderr } = await finished(spawnNode(args));
  assert.strictEqual(stderr, '');
  return JSON.parse(stdout);
}

describe('am I on uvnet?', () => {
  afterEach(disposeAll);

  it('uvnet.version is the package\'s', () => {
    assert.strictEqual(uvnet.version, version);
  });

  it('what core does not have is not copied with the rest', () => {
    const copy = Object.keys({ ...uvnet });
    assert.ok(!copy.includes('version') && !copy.includes('statistics'));
  });

  it('both can be imported by name', async () => {
    const source = `import { statistics, version } from '${ROOT}/lib/index.js';
      console.log(JSON.stringify([typeof statistics, version]));`;
    assert.deepStrictEqual(
      await print('--input-type=module', '-e', source), ['function', version]);
  });

  it('under the preload process.versions says it, in workers too', async () => {
    const worker = 'require("worker_threads").parentPort' +
      '.postMessage(process.versions.uvnet)';
    assert.deepStrictEqual(await print('-r', REGISTER, '-e', `
      const { Worker } = require('worker_threads');
      new Worker(${JSON.stringify(worker)}, { eval: true })
        .on('message', (value) => console.log(
          JSON.stringify([process.versions.uvnet, value])));`),
    [version, version]);
  });

  it('and without it nothing does', async () => {
    assert.strictEqual(await print('-e', `require(${JSON.stringify(ROOT)});
      console.log(JSON.stringify(process.versions.uvnet ?? null))`), null);
  });
});

describe('statistics()', () => {
  afterEach(disposeAll);

  it('counts what sockets read and write, and handles', async () => {
    const before = uvnet.statistics();
    const { client, peer, server } = await pair(uvnet);
    const closed = once(peer, 'close');
    peer.resume();
    client.end('some bytes');
    await closed;
    server.close();
    await once(server, 'close');
    assert.ok(await eventually(() =>
      uvnet.statistics().handlesClosed === before.handlesClosed + 3));
    const after = uvnet.statistics();
    const grown = Object.fromEntries(Object.entries(after)
      .map(([name, value]) => [name, value - before[name]]));
    const { dispatches, events, ...rest } = grown;
    assert.deepStrictEqual(rest, { bytesRead: 10, bytesWritten: 10,
      bytesRelayed: 0, handlesOpened: 3, handlesClosed: 3 });
    assert.ok(dispatches > 0 && events >= dispatches);
  });
});
