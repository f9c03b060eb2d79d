'use strict';

// Every option and argument of every method, with good values and bad ones, must
// leave the same on core's net and on uvnet: test/options/run.js tries them, in
// two processes.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { disposeAll, once, spawnNode, tmpPath } = require('./helper');
const known = require('./options/known');

const RUN = path.join(__dirname, 'options', 'run.js');
const PARTS = 2;
const LEAST_CELLS = 15000;

// Cells open descriptors 0 and 1 among others: the child reports in a file.
async function runPart(part, ...args) {
  const out = tmpPath('cells');
  const errors = fs.openSync(`${out}.errors`, 'w');
  const child = spawnNode(['--no-warnings', RUN, '--part', `${part}/${PARTS}`,
    '--out', out, ...args], { stdio: ['ignore', 'ignore', errors] });
  fs.closeSync(errors);
  const [code] = await once(child, 'exit');
  assert.deepStrictEqual([code, fs.readFileSync(`${out}.errors`, 'utf8')],
    [0, '']);
  const lines = fs.readFileSync(out, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

async function run(...args) {
  const parts = [];
  for (let part = 1; part <= PARTS; part++) parts.push(runPart(part, ...args));
  const result = { cells: 0, differences: [] };
  for (const lines of await Promise.all(parts)) {
    result.cells += lines.pop().cells;
    result.differences.push(...lines);
  }
  return result;
}

describe('options and arguments', function suite() {
  this.timeout(300000);
  afterEach(disposeAll);

  it('are what they are on core', async () => {
    const { cells, differences } = await run();
    console.log(`      ${cells} cells, ${differences.length} known to differ`);
    assert.deepStrictEqual(
      differences.filter(({ name }) => !known.has(name)), []);
    const names = differences.map(({ name }) => name);
    assert.deepStrictEqual(
      [...known.keys()].filter((name) => !names.includes(name)), [],
      'these do not differ any more');
    assert.ok(cells >= LEAST_CELLS, `${cells} cells`);
  });

  it('finds a difference', async () => {
    const { differences } = await run('--only', 'isIP(', '--sabotage');
    assert.deepStrictEqual(differences.map(({ name }) => name),
      ['isIP(\'::1\')']);
  });
});
