'use strict';

// Many connections, and one for a while: what test/load/run.js does for long.

const assert = require('node:assert');
const path = require('node:path');
const { disposeAll, finished, spawnNode } = require('./helper');

const RUN = path.join(__dirname, 'load', 'run.js');
const PIPES = ['ignore', 'pipe', 'pipe'];

const LOADS = {
  'connections held and churned': ['hold', '--connections', '200', '--cycles',
    '2', '--rounds', '1', '--mode', 'core', '--mode', 'uvnet'],
  'connections opened and closed': ['churn', '--total', '2000', '--mode',
    'preload'],
  'one pair with pauses': ['pair', '--seconds', '1', '--mode', 'uvnet'],
};

// Memory is measured: not with sanitizers, and once is enough.
(process.env.UVNET_TEST_ONLY ? describe.skip : describe)('load', function suite() {
  this.timeout(60000);
  afterEach(disposeAll);

  for (const [title, args] of Object.entries(LOADS)) {
    it(title, async () => {
      const { code, stdout, stderr } = await finished(spawnNode(
        [RUN, ...args], { stdio: PIPES }));
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
    });
  }
});
