'use strict';

// Where uvnet cannot run it says why, in one error, before its binary is
// touched. Other runtimes are played by what they are known by.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { engines } = require('../package.json');
const { ROOT, disposeAll, finished, spawnNode, tmpPath } = require('./helper');
const { REGISTER } = require('./replaced');

const CLI = path.join(ROOT, 'bin', 'uvnet.js');
const load = `require(${JSON.stringify(ROOT)})`;

// The ways in, after a script that makes node another runtime.
const WAYS = {
  'require': (play) => ['-r', play, '-e', load],
  'register': (play) => ['-r', play, '-r', REGISTER, '-e', '1'],
  'the command': (play) => ['-r', play, CLI, '-e', '1'],
};

const RUNTIMES = {
  'an old Node': [`Object.defineProperty(process, 'versions',
    { value: { ...process.versions, node: '20.8.1' } })`,
  'uvnet: Node.js 20.8.1 is too old. uvnet needs Node.js 20.9 or later.'],
  'Bun': [`Object.defineProperty(process, 'versions',
    { value: { ...process.versions, bun: '1.2.3' } })`,
  'uvnet: Bun has no libuv for addons to use. uvnet needs Node.js 20.9 or later.'],
  'Deno': ['globalThis.Deno = {}',
    'uvnet: Deno has no libuv for addons to use. uvnet needs Node.js 20.9 or later.'],
};

function script(source) {
  const file = tmpPath('play.js');
  fs.writeFileSync(file, source);
  return file;
}

// The whole of what is printed where the error is one line, else that line.
function messageOf(stderr) {
  return /^(?:Error: )?(uvnet: .*)$/m.exec(stderr)?.[1];
}

describe('where uvnet cannot run', () => {
  afterEach(disposeAll);

  for (const [runtime, [play, message]] of Object.entries(RUNTIMES)) {
    for (const [way, args] of Object.entries(WAYS)) {
      it(`${runtime}: ${way}`, async () => {
        // A binary that would say so if it were touched.
        const env = { UVNET_BINARY: tmpPath('missing.node') };
        const { code, stdout, stderr } =
          await finished(spawnNode(args(script(play)), { env }));
        assert.deepStrictEqual([code, stdout, messageOf(stderr)],
          [1, '', message]);
        assert.strictEqual(stderr.match(/uvnet: /g).length, 1);
        if (way === 'the command') assert.strictEqual(stderr, `${message}\n`);
      });
    }
  }

  it('package.json names the same version', () => {
    assert.strictEqual(engines.node, '>=20.9.0');
  });
});

describe('a binary that does not load', () => {
  afterEach(disposeAll);

  async function failure(file, flags = []) {
    const { stdout, stderr } = await finished(spawnNode([...flags, '-e', `
      try {
        ${load};
      } catch ({ code, message, cause }) {
        console.log(JSON.stringify([code, message, cause.message]));
      }`], { env: { UVNET_BINARY: file } }));
    assert.strictEqual(stderr, '');
    return JSON.parse(stdout);
  }

  it('missing', async () => {
    const file = tmpPath('missing.node');
    const [code, message, cause] = await failure(file);
    assert.strictEqual(code, 'ERR_DLOPEN_FAILED');
    assert.ok(message.startsWith(
      `uvnet: the native addon is not there (${file}). Run `), message);
    assert.match(cause, /^Cannot find module/);
  });

  it('no binary: what the system says', async () => {
    const file = script('no binary').replace(/\.js$/, '.node');
    fs.writeFileSync(file, 'no binary');
    const [code, message, cause] = await failure(file);
    assert.strictEqual(code, 'ERR_DLOPEN_FAILED');
    assert.ok(message.startsWith(
      `uvnet: the native addon does not load: ${cause} (${file}). Run `), message);
  });

  it('--no-addons', async () => {
    const file = path.join(ROOT, 'build', 'Release', 'uvnet.node');
    const [code, message] = await failure(file, ['--no-addons']);
    assert.strictEqual(code, 'ERR_DLOPEN_FAILED');
    assert.strictEqual(message, 'uvnet: the native addon does not load: ' +
      'addons are turned off (--no-addons).');
  });
});
