'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT, finished, forEachNet, spawnNode } = require('./helper');
const { internals } = require('../lib/internals');

const SCRIPT = path.join(__dirname, 'internals', 'conversation.js');

const WHOLE = {
  tcp: 'hello world',
  name: 'hello world',
  unix: 'hello world',
  onread: 'hello',
  timeout: 'timeout',
  cut: 'cut',
  again: 'again',
  blockList: 'true false',
  http: 'hello hello',
  http2: 'hello',
  tls: 'hello world',
  tlsOverSocket: 'hello world',
  send: 'hello',
  cluster: 'hello',
};

const refused = 'ERR_INVALID_HANDLE_TYPE';
const cannotBecomeCores = { tlsOverSocket: refused, send: refused };

// What is refused, by the internal that is missing. All else works without it.
const REFUSED = {
  handle: cannotBecomeCores,
  ownerSymbol: cannotBecomeCores,
  onRead: cannotBecomeCores,
  undestroy: { again: 'ERR_SOCKET_CLOSED' },
};

async function converse(...args) {
  const { code, signal, stdout, stderr } =
    await finished(spawnNode([SCRIPT, ...args]));
  assert.deepStrictEqual({ code, signal, stderr },
    { code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

describe('internals of Node that uvnet uses', function() {
  this.timeout(60000);

  forEachNet((net, name) => {
    it('a conversation with all of them', async () => {
      assert.deepStrictEqual(
        await converse('nothing', ...(name === 'core' ? ['core'] : [])), WHOLE);
    });
  });

  forEachNet(() => {
    for (const missing of Object.keys(internals)) {
      it(`without ${missing}`, async () => {
        assert.deepStrictEqual(await converse(missing),
          { ...WHOLE, ...REFUSED[missing] });
      });
    }
  }, ['uvnet']);

  it('each says what it is for, how it is found and what happens without', () => {
    for (const [name, entry] of Object.entries(internals)) {
      for (const key of ['use', 'how', 'without']) {
        assert.strictEqual(typeof entry[key], 'string', `${name}.${key}`);
      }
      assert.strictEqual(typeof entry.find, 'function', name);
    }
  });

  it('no other file looks for any', () => {
    const words = new RegExp(['_tickCallback', 'process\\.moduleLoadList',
      '\\b_undestroy\\b', 'process\\.binding', 'internalBinding',
      '_http_common'].join('|'));
    for (const folder of ['lib', 'lib/interop']) {
      for (const name of fs.readdirSync(path.join(ROOT, folder))) {
        if (!name.endsWith('.js') || name === 'internals.js') continue;
        const text = fs.readFileSync(path.join(ROOT, folder, name), 'utf8');
        assert.ok(!words.test(text), `${folder}/${name}`);
      }
    }
  });
});
