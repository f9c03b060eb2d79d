'use strict';

// Programs, and above all their tests, fake timers and clocks, and delete or
// replace globals. Core's net does not notice, nor must uvnet: not as a module,
// and not with the preload, which loads most of it later than that.

const assert = require('node:assert');
const path = require('node:path');
const { SPECIFIERS, deafPort, finished, forEachNet, spawnNode } =
  require('./helper');
const { REGISTER } = require('./replaced');

const PROGRAM = path.join(__dirname, 'faked.js');

const WAYS = {
  core: [[], SPECIFIERS.core],
  module: [[], SPECIFIERS.uvnet],
  preload: [['-r', REGISTER], SPECIFIERS.core],
};

const FAKES = [
  'timers deleted', 'timers that throw', 'timers of node:test',
  'clocks that throw', 'performance deleted', 'Buffer deleted',
  'process deleted', 'Promise and errors deleted', 'what the web has deleted',
  'another platform',
];

/** What the program sees with a fake, by scene. */
async function run(way, fake, port) {
  const [flags, specifier] = WAYS[way];
  const { stdout, stderr } = await finished(spawnNode([...flags, PROGRAM,
    specifier, fake, String(port)], { env: { NODE_NO_WARNINGS: '1' } }));
  assert.strictEqual(stderr, '');
  return JSON.parse(stdout);
}

forEachNet((net, name) => {
  for (const way of name === 'core' ? ['core'] : ['module', 'preload']) {
    describe(`what a program fakes (${way})`, () => {
      for (const fake of FAKES) {
        it(fake, async () => {
          const port = await deafPort();
          const seen = await run(way, fake, port);
          assert.deepStrictEqual(seen, await run('core', 'nothing', port));
          const { thrown, ...logs } = seen;
          assert.deepStrictEqual(thrown, []);
          for (const [scene, log] of Object.entries(logs)) {
            assert.ok(log.includes('done'), scene);
          }
        });
      }

      it('ticks that never come hold up what waits for them', async () => {
        const fake = 'ticks that never come';
        const port = await deafPort();
        assert.deepStrictEqual(await run(way, fake, port),
          await run('core', fake, port));
      });
    });
  }
});
