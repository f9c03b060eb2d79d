'use strict';

// Connections over a network that loses packets, is cut, or ends them: the quick
// ones of test/network/run.js, which compares uvnet with core.

const assert = require('node:assert');
const path = require('node:path');
const { disposeAll, finished, spawnNode } = require('./helper');

const RUN = path.join(__dirname, 'network', 'run.js');
const PIPES = ['ignore', 'pipe', 'pipe'];

// Core is compared with anyway, so that once is enough.
(process.env.UVNET_TEST_ONLY ? describe.skip : describe)('network', function suite() {
  this.timeout(120000);
  afterEach(disposeAll);

  it('faults in namespaces of our own', async function faults() {
    const { code, stdout, stderr } = await finished(spawnNode(
      [RUN, '--short'], { stdio: PIPES }));
    if (stdout.startsWith('skipped')) {
      this.test.title += ` (${stdout.trim()})`;
      this.skip();
    }
    assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
  });
});
