'use strict';

// Random scripts, the same on core's net and on uvnet, must leave the same log.
// They run in a child: what they throw is theirs. test/differential/run.js
// runs more of them.

const assert = require('node:assert');
const path = require('node:path');
const { disposeAll, finished, spawnNode } = require('./helper');

const RUN = path.join(__dirname, 'differential', 'run.js');

async function run(...args) {
  const { code, stdout, stderr } = await finished(spawnNode([RUN, ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] }));
  return { code, stdout, stderr };
}

describe('differential', function suite() {
  this.timeout(60000);
  afterEach(disposeAll);

  for (const seed of [1, 2, 3]) {
    it(`50 random scripts of seed ${seed}`, async () => {
      const { code, stdout, stderr } = await run('--scripts', '50',
        '--seed', String(seed));
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
    });
  }

  it('finds a difference', async () => {
    const { code, stdout } = await run('--scripts', '50', '--sabotage');
    assert.strictEqual(code, 1, stdout);
    assert.match(stdout, /1 different/);
  });
});
