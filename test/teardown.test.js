'use strict';

// Threads and processes that end in some of the states that
// test/teardown/run.js knows, and why threads cannot meet in the addon.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT, disposeAll, finished, spawnNode } = require('./helper');

const RUN = path.join(__dirname, 'teardown', 'run.js');
const OBJECTS = path.join(ROOT, 'build/Release/obj.target/uvnet/src');
const STATEFUL = ['gethostby\\w+', 'gmtime', 'inet_ntoa', 'localtime', 'mallopt',
  'putenv', 'rand', 'setenv', 'setlocale', 'sigaction', 'signal', 'strerror',
  'strtok'];
const only = process.env.UVNET_TEST_ONLY;
const modes = (only ? [only] : ['core', 'uvnet', 'preload'])
  .flatMap((mode) => ['--mode', mode]);

async function run(...args) {
  const { code, stdout, stderr } = await finished(spawnNode(
    [RUN, ...modes, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }));
  assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
}

function output(program, args) {
  const { stdout, error } = spawnSync(program, args, { encoding: 'utf8' });
  return error ? undefined : stdout;
}

describe('teardown', function suite() {
  this.timeout(120000);
  afterEach(disposeAll);

  it('threads that end in many states', () => run('--short'));

  // The connections accepted ahead are reset, as core's queue is.
  it('threads that end in a listener of connection', () => run('--kind',
    'thread', '--filter', 'in a listener of connection', '--ending', 'ex'));

  it('a process that ends in a listener of connection', () => run('--kind',
    'process', '--filter', 'in a listener of connection', '--ending', 'ex'));

  it('the addon has no memory that threads share', function sections() {
    const names = fs.existsSync(OBJECTS) ? fs.readdirSync(OBJECTS) : [];
    const objects = names.filter((name) => name.endsWith('.o'))
      .map((name) => path.join(OBJECTS, name));
    const text = objects.length > 0 && output('objdump', ['-h', ...objects]);
    if (!text) this.skip();
    // Index, name, size. Only what is read-only once it is relocated may be.
    const writable = text.split('\n')
      .map((line) => /^ *\d+ (\.t?(?:data|bss)\S*) +([\da-f]+)/.exec(line))
      .filter((match) => match && !match[1].startsWith('.data.rel.ro') &&
        parseInt(match[2], 16) > 0);
    assert.deepStrictEqual(writable.map(([line]) => line), []);
    assert.match(text, /\.data\.rel\.ro/);
  });

  it('the addon calls nothing that keeps a state for all threads', function() {
    const names = output('nm', ['-D', '--undefined-only',
      path.join(ROOT, 'build/Release/uvnet.node')]);
    if (!names) this.skip();
    assert.doesNotMatch(names, new RegExp(`\\b(${STATEFUL.join('|')})(@|$)`, 'm'));
    assert.match(names, /\buv_close\b/);
  });
});
