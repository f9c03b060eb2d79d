'use strict';

// What the addon does with arguments that lib/ would never give it.

const assert = require('node:assert');
const os = require('node:os');
const binding = require('../lib/binding');
const { BlockList } = require('../lib/blocklist');

describe('BlockList in the addon', () => {
  const methods = [
    'blockListAddAddress', 'blockListAddRange', 'blockListAddSubnet',
    'blockListCheck',
  ];

  it('refuses objects that are no list of its own', () => {
    const others = [
      undefined, null, 1, 'x', Symbol('x'), {}, [], () => {},
      new BlockList(), Object.create(binding.blockListCreate()),
      new Proxy(binding.blockListCreate(), {}),
    ];
    for (const method of methods) {
      for (const other of others) {
        assert.throws(() => binding[method](other, 4, '::1', 4, '::1'),
          { name: 'TypeError', message: 'Illegal invocation' });
      }
    }
  });

  it('refuses arguments of other types', () => {
    const list = binding.blockListCreate();
    for (const method of methods) {
      assert.throws(() => binding[method](list), TypeError);
      assert.throws(() => binding[method](list, '4', '1.1.1.1'), TypeError);
      assert.throws(() => binding[method](list, 4, 1), TypeError);
    }
    assert.throws(
      () => binding.blockListAddSubnet(list, 4, '1.1.1.1', '8'), TypeError);
    assert.throws(
      () => binding.blockListAddRange(list, 4, '1.1.1.1', 4), TypeError);
  });

  it('returns an error for what is no rule', () => {
    const EINVAL = -os.constants.errno.EINVAL;
    const list = binding.blockListCreate();
    const results = [
      binding.blockListAddAddress(list, 4, '::1'),
      binding.blockListAddAddress(list, 5, '::1'),
      binding.blockListAddRange(list, 4, '1.1.1.2', 4, '1.1.1.1'),
      binding.blockListAddRange(list, 4, '1.1.1.2', 4, 'x'),
      binding.blockListAddRange(list, 4, 'x', 4, '1.1.1.2'),
      binding.blockListAddSubnet(list, 4, '1.1.1.1', 33),
      binding.blockListAddSubnet(list, 6, '::1', -1),
      binding.blockListCheck(list, 4, '1.1.1.1\0'),
    ];
    for (const result of results) assert.strictEqual(result, EINVAL);
    assert.strictEqual(binding.blockListCheck(list, 4, '1.1.1.1'), 0);
  });
});
