'use strict';

// Whether the benchmarks that stand beside npm run bench still run: as little as
// they can be asked for, whose figures mean nothing.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { buildLoad } = require('../bench/build');
const { disposeAll, finished, spawnNode } = require('./helper');

const FOLDER = path.join(__dirname, '..', 'bench');
const PIPES = ['ignore', 'pipe', 'pipe'];

// [arguments, what is printed of the row]
const BENCHMARKS = {
  'first requests': [['young.js', '--quick', '--launches', '1', '--only',
    'POST of 50 KB'], /^ +first 1,000( +\d+\.\d+){3}/m],
  'latency at a fixed rate': [['latency.js', '--quick', '--rounds', '1',
    '--no-ceiling', '--only', 'http'], /^http hello.*\/s \(70%\)/m],
  // Node for Bun: it can run the first of the two servers there.
  'another runtime': [['peers.js', '--quick', '--bun', process.execPath,
    '--offline', '--no-ceiling', '--only', 'sink'], /^ +Bun, node:net +\d+/m],
};

const canRun = process.platform === 'linux' && !process.env.UVNET_TEST_ONLY &&
  spawnSync(process.env.CC ?? 'cc', ['--version']).status === 0;

(canRun ? describe : describe.skip)('benchmarks', function suite() {
  this.timeout(60000);
  const folder = path.join(os.tmpdir(), `uvnet-bench-test-${process.pid}`);
  // An empty cache: neither Bun nor Deno.
  const env = { XDG_CACHE_HOME: folder };
  before(() => {
    fs.mkdirSync(folder);
    env.UVNET_BENCH_LOAD = buildLoad(folder);
  });
  after(() => fs.rmSync(folder, { recursive: true }));
  afterEach(disposeAll);

  for (const [title, [[file, ...args], expected]] of
    Object.entries(BENCHMARKS)) {
    it(title, async () => {
      const { code, stdout, stderr } = await finished(spawnNode(
        [path.join(FOLDER, file), ...args], { stdio: PIPES, env }));
      assert.strictEqual(code, 0, stderr);
      assert.match(stdout, expected);
    });
  }
});
