'use strict';

const assert = require('node:assert');
const coreNet = require('node:net');
const { forEachNet } = require('./helper');

const V4 = ['0.0.0.0', '127.0.0.1', '255.255.255.255', '1.20.100.255'];

const V6 = [
  '::', '::1', '1::', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8',
  'ABCD:ef01::2', '0000:0000:0000:0000:0000:0000:0000:0000', '::1.2.3.4',
  '::ffff:1.2.3.4', '1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5::1.2.3.4',
  '::2:3:4:5:6:1.2.3.4', 'fe80::1%eth0', 'fe80::1%1', '::1%a.b:c-D',
  '::1.2.3.4%x', `::1%${'z'.repeat(100000)}`,
];

const NEITHER = [
  '', '0', '1.2.3', '1.2.3.', '.1.2.3.4', '1..2.3.4', '1.2.3.4.', '1.2.3.4.5',
  '1.2.3.256', '01.2.3.4', '1.2.3.00', '1.2.3.4 ', ' 1.2.3.4', '1.2.3.4\n',
  '1.2.3.4\0', '\0', '1.2.3.4%eth0', '0x1.2.3.4', '1.2.3.4/8', 'localhost',
  'example.com', 'feed', 'a.b.c.d', '１.2.3.4', '١.2.3.4',
  ':', ':::', '1:', ':1', '::1:', ':1::', '1::2::3', '12345::', '::00001',
  '::g', '::ı', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::',
  '1:2:3:4::5:6:7:8', '1:2:3:4:5:6::1.2.3.4', '1:2:3:4:5:6:7:1.2.3.4',
  '::1.2.3', '::1.2.3.04', '::1.2.3.4:5', '1.2.3.4::', '[::1]', '::1\n', '::1\0',
  '::1%', '::1%%', '::1%a%b', '::1%a_b', '::1%a/', '::1%a\n', '::1%é', '::1%Ł',
  '::1%\ud800', '%eth0', '9'.repeat(100000),
];

// A fixed sequence of numbers (mulberry32).
function generator(seed) {
  return function below(limit) {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

const ALPHABET = '0123456789abcdefABCDEF::::....%%-_ gzéŁ\0\n';

function mutate(text, below) {
  const characters = [...text];
  for (let n = below(4); n >= 0; n--) {
    const character = ALPHABET[below(ALPHABET.length)];
    characters.splice(
      below(characters.length + 1), below(3), ...(below(3) ? [character] : []));
  }
  return characters.join('');
}

forEachNet((net) => {
  describe('isIP', () => {
    it('knows IPv4', () => {
      for (const text of V4) {
        assert.strictEqual(net.isIP(text), 4, text);
        assert.strictEqual(net.isIPv4(text), true, text);
        assert.strictEqual(net.isIPv6(text), false, text);
      }
    });

    it('knows IPv6, with a zone as well', () => {
      for (const text of V6) {
        assert.strictEqual(net.isIP(text), 6, text);
        assert.strictEqual(net.isIPv4(text), false, text);
        assert.strictEqual(net.isIPv6(text), true, text);
      }
    });

    it('says no to anything else', () => {
      for (const text of NEITHER) {
        const shown = JSON.stringify(text.slice(0, 50));
        assert.strictEqual(net.isIP(text), 0, shown);
        assert.strictEqual(net.isIPv4(text), false, shown);
        assert.strictEqual(net.isIPv6(text), false, shown);
      }
    });

    it('says no to values whose text is no address', () => {
      const values = [
        undefined, null, 0, 1.5, NaN, true, 1n, {}, [], () => {}, new Date(0),
      ];
      for (const value of values) {
        assert.strictEqual(net.isIP(value), 0, String(value));
        assert.strictEqual(net.isIPv4(value), false, String(value));
        assert.strictEqual(net.isIPv6(value), false, String(value));
      }
      assert.strictEqual(net.isIP(), 0);
    });

    it('takes the text of an object', () => {
      const values = [
        [['1.2.3.4'], 4],
        [[['::1']], 6],
        [new String('::1'), 6],
        [Buffer.from('1.2.3.4'), 4],
        [{ toString: () => '::1' }, 6],
        [{ toString: null, valueOf: () => '1.2.3.4' }, 4],
        [{ [Symbol.toPrimitive]: (hint) => (hint === 'string' ? '::1' : '') }, 6],
      ];
      for (const [value, family] of values) {
        assert.strictEqual(net.isIP(value), family);
        assert.strictEqual(net.isIPv4(value), family === 4);
        assert.strictEqual(net.isIPv6(value), family === 6);
      }
    });

    it('throws for what has no text', () => {
      const noText = [
        [Symbol('x'), 'Cannot convert a Symbol value to a string'],
        [Object.create(null), 'Cannot convert object to primitive value'],
        [{ toString: () => ({}) }, 'Cannot convert object to primitive value'],
      ];
      for (const name of ['isIP', 'isIPv4', 'isIPv6']) {
        for (const [value, message] of noText) {
          assert.throws(() => net[name](value), { name: 'TypeError', message });
        }
        const error = new Error('from toString');
        const thrower = { toString() { throw error; } };
        assert.throws(() => net[name](thrower), error);
      }
    });

    it('converts an object once for each family it tries', () => {
      const count = (name, text) => {
        let calls = 0;
        net[name]({ toString() { calls++; return text; } });
        return calls;
      };
      assert.strictEqual(count('isIP', '1.2.3.4'), 1);
      assert.strictEqual(count('isIP', '::1'), 2);
      assert.strictEqual(count('isIP', 'x'), 2);
      assert.strictEqual(count('isIPv4', 'x'), 1);
      assert.strictEqual(count('isIPv6', 'x'), 1);
    });

    it('has functions of the same shape', () => {
      for (const name of ['isIP', 'isIPv4', 'isIPv6']) {
        assert.strictEqual(net[name].name, name);
        assert.strictEqual(net[name].length, 1);
        assert.deepStrictEqual(
          Reflect.ownKeys(net[name]), Reflect.ownKeys(coreNet[name]));
      }
    });

    it('agrees with core on mutated addresses', () => {
      const below = generator(20240229);
      const seeds = [...V4, ...V6.slice(0, -1)];
      const seen = { 0: 0, 4: 0, 6: 0 };
      for (let i = 0; i < 40000; i++) {
        const text = mutate(seeds[below(seeds.length)], below);
        const expected = coreNet.isIP(text);
        seen[expected]++;
        assert.strictEqual(net.isIP(text), expected, JSON.stringify(text));
      }
      // Otherwise the texts would prove little.
      for (const family of [0, 4, 6]) {
        assert.ok(seen[family] > 500, `${family}: ${seen[family]}`);
      }
    });
  });
});
