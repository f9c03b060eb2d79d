'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const coreNet = require('node:net');
const util = require('node:util');
const { MessageChannel, Worker } = require('node:worker_threads');
const { forEachNet, track } = require('./helper');

const familyOf = (text) => (text.includes(':') ? 'ipv6' : 'ipv4');

// A list of rules given as ['Address', text], ['Range', start, end] or
// ['Subnet', text, prefix].
function listOf(net, ...rules) {
  const list = new net.BlockList();
  for (const [kind, ...args] of rules) {
    list[`add${kind}`](...args, familyOf(args[0]));
  }
  return list;
}

function assertChecks(list, expected) {
  for (const [text, result] of Object.entries(expected)) {
    assert.strictEqual(list.check(text, familyOf(text)), result, text);
  }
}

// A fixed sequence of numbers (mulberry32).
function generator(seed) {
  return function below(limit) {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

// Addresses that are often near each other: few bytes differ.
function randomAddress(below) {
  const byte = () => [0, 0, 1, 2, 127, 128, 255][below(7)];
  const v4 = () => [10, byte(), byte(), byte()].join('.');
  switch (below(6)) {
    case 0: return `::${v4()}`;
    case 1: return `::ffff:${v4()}`;
    case 2: return `2001:db8::${byte().toString(16)}:${byte().toString(16)}`;
    case 3: return `::${byte().toString(16)}%lo`;
    default: return v4();
  }
}

function randomRule(below, net) {
  const wrap = (text) => (below(2) ? text : new net.SocketAddress(
    { address: text, family: familyOf(text) }));
  const start = randomAddress(below);
  const family = familyOf(start);
  switch (below(3)) {
    case 0:
      return ['addAddress', wrap(start), family];
    case 1:
      return ['addSubnet', wrap(start),
        below(family === 'ipv4' ? 33 : 129), family];
    default:
      for (;;) {
        const end = randomAddress(below);
        // Strings of both families need a SocketAddress.
        const first = familyOf(end) === family ? wrap(start) :
          new net.SocketAddress({ address: start, family });
        const last = familyOf(end) === family ? wrap(end) :
          new net.SocketAddress({ address: end, family: familyOf(end) });
        if (comes(first, last, family)) {
          return ['addRange', first, last, family];
        }
      }
  }
}

// Whether core takes these as a range.
function comes(first, last, family) {
  try {
    new coreNet.BlockList().addRange(first, last, family);
    return true;
  } catch {
    return false;
  }
}

// What a port of a MessageChannel makes of a value.
async function received(value) {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value);
  const [message] = await once(port2, 'message');
  port1.close();
  return message;
}

forEachNet((net, name) => {
  const { BlockList, SocketAddress } = net;
  const six = (address) => new SocketAddress({ address, family: 'ipv6' });
  const four = (address) => new SocketAddress({ address });

  describe('BlockList matching', () => {
    it('finds nothing in an empty list', () => {
      assertChecks(new BlockList(), { '1.2.3.4': false, '::': false });
    });

    it('matches an address', () => {
      assertChecks(listOf(net, ['Address', '1.2.3.4']), {
        '1.2.3.4': true,
        '1.2.3.5': false,
        '::ffff:1.2.3.4': true,
        '::ffff:102:304': true,
        '::1.2.3.4': false,
        '64:ff9b::1.2.3.4': false,
      });
      assertChecks(listOf(net, ['Address', '::ffff:1.2.3.4']),
        { '1.2.3.4': true, '::ffff:1.2.3.4': true, '1.2.3.5': false });
    });

    it('matches a range', () => {
      assertChecks(listOf(net, ['Range', '1.2.3.4', '1.2.4.2']), {
        '1.2.3.3': false,
        '1.2.3.4': true,
        '1.2.3.255': true,
        '1.2.4.2': true,
        '1.2.4.3': false,
        '::ffff:1.2.4.1': true,
        '::ffff:1.2.4.3': false,
      });
      assertChecks(listOf(net, ['Range', '::ffff:1.2.3.4', '::ffff:1.2.3.9']),
        { '1.2.3.3': false, '1.2.3.4': true, '1.2.3.10': false });
    });

    it('gives IPv4 no place in a range of IPv6', () => {
      assertChecks(listOf(net, ['Range', '::1', '1::']), {
        '::': false,
        '::ffff:1.2.3.4': true,
        '1.2.3.4': false,
        '1::1': false,
      });
    });

    it('matches a range between families', () => {
      const list = new BlockList();
      list.addRange(four('1.2.3.4'), six('::ffff:1.2.3.9'));
      assertChecks(list, {
        '1.2.3.3': false,
        '1.2.3.9': true,
        '::ffff:1.2.3.4': true,
        '::ffff:1.2.3.10': false,
      });
      const other = new BlockList();
      other.addRange(six('::9'), four('1.2.3.4'));
      assertChecks(other, {
        '::ffff:1.2.3.4': true,
        '1.2.3.4': false,
        '::a': false,
      });
    });

    it('matches a subnet', () => {
      assertChecks(listOf(net, ['Subnet', '10.1.1.1', 27]),
        { '10.1.1.31': true, '10.1.1.32': false, '::ffff:10.1.1.2': true });
      assertChecks(listOf(net, ['Subnet', '10.1.1.1', 0]),
        { '255.0.0.1': true, '::ffff:9.9.9.9': true, '::1': false });
      assertChecks(listOf(net, ['Subnet', '10.1.1.1', 32]),
        { '10.1.1.1': true, '10.1.1.0': false });
      assertChecks(listOf(net, ['Subnet', 'fe80::', 13]),
        { 'fe87:ffff::': true, 'fe88::': false });
      assertChecks(listOf(net, ['Subnet', '::', 64]),
        { '1.2.3.4': true, '::ffff:1.2.3.4': true, '0:0:0:1::': false });
      assertChecks(listOf(net, ['Subnet', '::ffff:10.1.1.1', 104]),
        { '10.9.9.9': true, '11.0.0.0': false });
    });

    it('ignores zones', () => {
      const list = listOf(net, ['Address', 'fe80::1%lo']);
      assertChecks(list, {
        'fe80::1': true,
        'fe80::1%eth0': true,
        'fe80::1%': true,
        'fe80::1%é': true,
        [`fe80::1%${'z'.repeat(5000)}`]: true,
        'fe80::2%lo': false,
      });
    });

    it('takes a SocketAddress, and its family before another', () => {
      const list = new BlockList();
      list.addAddress(six('::1'), 'ipv4');
      list.addSubnet(six('1::'), 100, 'ipv4');
      list.addSubnet(four('1.0.0.0'), 8);
      assert.strictEqual(list.check(six('::1')), true);
      assert.strictEqual(list.check(six('::1'), 'junk'), true);
      assert.strictEqual(list.check(four('1.9.9.9')), true);
      assert.strictEqual(list.check(four('2.0.0.0')), false);
      assert.strictEqual(list.check(new coreNet.SocketAddress(
        { address: '1.2.3.4' })), true);
      assertChecks(list, { '::1': true, '1::1': true, '1.1.1.1': true });
    });

    it('takes families in any case', () => {
      const list = new BlockList();
      list.addAddress('::1', 'IPV6');
      list.addRange('1.1.1.1', '1.1.1.2', 'IPv4');
      assert.strictEqual(list.check('::1', 'IpV6'), true);
      assert.strictEqual(list.check('1.1.1.2', 'IPV4'), true);
    });

    it('finds no text that is no address of its family', () => {
      const list = listOf(net, ['Subnet', '0.0.0.0', 0], ['Subnet', '::', 0]);
      for (const args of [['x'], ['x', 'ipv6'], [''], ['1.1.1.1', 'ipv6'],
        ['::1'], ['1.1.1.1', 'ipv5'], ['1.1.1.1', ''], ['01.1.1.1'],
        ['1.1.1.1 '], ['1.1.1.1%lo']]) {
        assert.strictEqual(list.check(...args), false, args.join());
      }
    });

    it('ends an address at a NUL', () => {
      const list = new BlockList();
      list.addAddress('1.1.1.1');
      assert.strictEqual(list.check('1.1.1.1\0x'), true);
      list.addAddress('2.2.2.2\0x');
      list.addAddress('3.3.3.3');
      for (const text of ['1.1.1.1', '2.2.2.2', '3.3.3.3']) {
        assert.strictEqual(list.check(text), true, text);
      }
      assert.strictEqual(list.check('4.4.4.4'), false);
    });

    it('finds the last of many rules', () => {
      const list = new BlockList();
      for (let i = 0; i < 1000; i++) {
        list.addAddress(`10.0.${i >> 8}.${i & 255}`);
      }
      assertChecks(list, {
        '10.0.0.0': true,
        '10.0.3.231': true,
        '10.0.3.232': false,
      });
    });

    it('agrees with core on random rules and addresses', () => {
      const below = generator(4193);
      const seen = { true: 0, false: 0 };
      for (let round = 0; round < 400; round++) {
        const list = new BlockList();
        const coreList = new coreNet.BlockList();
        for (let n = below(4); n >= 0; n--) {
          const [method, ...args] = randomRule(below, net);
          list[method](...args);
          coreList[method](...args);
        }
        assert.deepStrictEqual(list.rules, coreList.rules);
        for (let n = 0; n < 50; n++) {
          const text = randomAddress(below);
          const expected = coreList.check(text, familyOf(text));
          seen[expected]++;
          assert.strictEqual(list.check(text, familyOf(text)), expected,
            `${text} in ${list.rules.join()}`);
        }
      }
      // Otherwise the addresses would prove little.
      assert.ok(seen.true > 2000 && seen.false > 2000, util.inspect(seen));
    });
  });

  describe('BlockList', () => {
    it('lists its rules', () => {
      const list = listOf(net, ['Address', '1.1.1.1'],
        ['Range', '10.0.0.1', '10.0.0.10'],
        ['Subnet', '8592:757c:efae:4e45::', 64]);
      assert.deepStrictEqual([...list.rules].sort(), [
        'Address: IPv4 1.1.1.1',
        'Range: IPv4 10.0.0.1-10.0.0.10',
        'Subnet: IPv6 8592:757c:efae:4e45::/64',
      ]);
      assert.notStrictEqual(list.rules, list.rules);
    });

    it('looks like core\'s to util.inspect and as JSON', () => {
      const list = new BlockList();
      const coreList = new coreNet.BlockList();
      list.addAddress('1.1.1.1');
      coreList.addAddress('1.1.1.1');
      assert.strictEqual(
        util.inspect(list), "BlockList { rules: [ 'Address: IPv4 1.1.1.1' ] }");
      assert.strictEqual(util.inspect(list, { depth: -1 }), '[BlockList]');
      assert.strictEqual(
        util.inspect([[[list]]]), '[ [ [ [BlockList] ] ] ]');
      assert.strictEqual(JSON.stringify(list), JSON.stringify(coreList));
      assert.deepStrictEqual(Reflect.ownKeys(list), Reflect.ownKeys(coreList));
    });

    it('is a class like core\'s', () => {
      assert.strictEqual(BlockList.name, 'BlockList');
      assert.strictEqual(BlockList.length, 0);
      assert.throws(() => BlockList(), {
        name: 'TypeError',
        message: "Class constructor BlockList cannot be invoked without 'new'",
      });
      const { prototype } = coreNet.BlockList;
      for (const key of Reflect.ownKeys(prototype)) {
        const descriptor = Object.getOwnPropertyDescriptor(prototype, key);
        assert.ok(key in BlockList.prototype, String(key));
        if (typeof descriptor.value !== 'function' || key === 'constructor') {
          continue;
        }
        assert.strictEqual(
          BlockList.prototype[key].name, descriptor.value.name);
        assert.strictEqual(
          BlockList.prototype[key].length, descriptor.value.length);
      }
      for (const key of Reflect.ownKeys(coreNet.BlockList)) {
        assert.ok(key in BlockList, String(key));
      }
    });

    it('can be subclassed', () => {
      class Derived extends BlockList { own = 1; }
      const list = new Derived();
      list.addAddress('1.1.1.1');
      assert.strictEqual(list.check('1.1.1.1'), true);
      assert.ok(list instanceof Derived && list instanceof BlockList);
      assert.ok(list instanceof coreNet.BlockList);
      assert.ok(!(new BlockList() instanceof Derived));
      assert.ok(!({} instanceof BlockList));
    });

    it('works behind a proxy and as a prototype', () => {
      const list = new BlockList();
      new Proxy(list, {}).addAddress('1.1.1.1');
      Object.create(list).addAddress('2.2.2.2');
      for (const each of [list, new Proxy(list, {}), Object.create(list)]) {
        assertChecks(each, { '1.1.1.1': true, '2.2.2.2': true, '3.3.3.3': false });
      }
    });

    it('throws for other receivers', () => {
      const { addAddress, check } = BlockList.prototype;
      for (const receiver of [undefined, null, {}, 1]) {
        assert.throws(() => addAddress.call(receiver, '1.1.1.1'), TypeError);
        assert.throws(() => check.call(receiver, '1.1.1.1'), TypeError);
      }
    });

    it('keeps its rules when a later one is refused', () => {
      const list = listOf(net, ['Address', '1.1.1.1']);
      assert.throws(() => list.addAddress('x'));
      assert.throws(() => list.addRange('2.2.2.2', '2.2.2.1'));
      assert.throws(() => list.addSubnet('3.3.3.3', 33));
      assert.strictEqual(list.rules.length, 1);
      assertChecks(list, { '1.1.1.1': true, '2.2.2.2': false, '3.3.3.3': false });
    });
  });

  const type = (what, value) => ['ERR_INVALID_ARG_TYPE',
    `The "${what}" argument must be of type ${value}`];
  const invalid = [
    ['addAddress', [], ...type('address', 'string. Received undefined')],
    ['addAddress', [1], ...type('address', 'string. Received type number (1)')],
    ['addAddress', ['1.1.1.1', null],
      ...type('family', 'string. Received null')],
    ['addAddress', ['1.1.1.1', 'foo'], 'ERR_INVALID_ARG_VALUE',
      "The property 'options.family' is invalid. Received 'foo'"],
    ['addAddress', ['::1'], 'ERR_INVALID_ADDRESS', 'Invalid socket address'],
    ['addAddress', ['1.1.1.1', 'ipv6'], 'ERR_INVALID_ADDRESS',
      'Invalid socket address'],
    ['addRange', [{}],
      ...type('start', 'string. Received an instance of Object')],
    ['addRange', ['1.1.1.1'], ...type('end', 'string. Received undefined')],
    ['addRange', ['1.1.1.1', '1.1.1.2', 1],
      ...type('family', 'string. Received type number (1)')],
    ['addRange', ['1.1.1.2', '1.1.1.1'], 'ERR_INVALID_ARG_VALUE',
      "The argument 'start' must come before end. Received SocketAddress " +
      "{ address: '1.1.1.2', port: 0, family: 'ipv4', flowlabel: 0 }"],
    ['addSubnet', [1], ...type('network', 'string. Received type number (1)')],
    ['addSubnet', ['1.1.1.1'],
      ...type('prefix', 'number. Received undefined')],
    ['addSubnet', ['1.1.1.1', '8'],
      ...type('prefix', "number. Received type string ('8')")],
    ['addSubnet', ['1.1.1.1', 33], 'ERR_OUT_OF_RANGE', 'The value of ' +
      '"prefix" is out of range. It must be >= 0 && <= 32. Received 33'],
    ['addSubnet', ['::1', 129, 'ipv6'], 'ERR_OUT_OF_RANGE', 'The value of ' +
      '"prefix" is out of range. It must be >= 0 && <= 128. Received 129'],
    ['addSubnet', ['1.1.1.1', 1.5], 'ERR_OUT_OF_RANGE', 'The value of ' +
      '"prefix" is out of range. It must be an integer. Received 1.5'],
    ['check', [], ...type('address', 'string. Received undefined')],
    ['check', [{ address: '1.1.1.1' }],
      ...type('address', 'string. Received an instance of Object')],
    ['check', [new String('1.1.1.1')],
      ...type('address', 'string. Received an instance of String')],
    ['check', ['1.1.1.1', null], ...type('family', 'string. Received null')],
    ['check', ['', 1],
      ...type('family', 'string. Received type number (1)')],
  ];
  describe('BlockList arguments', () => {
    for (const [method, args, code, message] of invalid) {
      const shown = args.map((each) => util.inspect(each)).join(', ');
      it(`${method}(${shown}) throws ${code}`, () => {
        const list = new BlockList();
        assert.throws(() => list[method](...args), { code, message });
      });
    }
  });

  describe('BlockList clones', () => {
    const clones = {
      postMessage: received,
      structuredClone: async (list) => structuredClone(list),
    };
    for (const [how, clone] of Object.entries(clones)) {
      it(`share rules from then on (${how})`, async () => {
        const list = listOf(net, ['Address', '1.1.1.1']);
        const other = await clone(list);
        assert.notStrictEqual(other, list);
        assert.ok(other instanceof BlockList);
        other.addAddress('2.2.2.2');
        list.addSubnet('3.3.3.0', 24);
        const again = await clone(other);
        again.addRange('::1', '::5', 'ipv6');
        for (const each of [list, other, again]) {
          assertChecks(each, {
            '1.1.1.1': true,
            '2.2.2.2': true,
            '3.3.3.3': true,
            '::3': true,
            '4.4.4.4': false,
          });
          assert.strictEqual(each.rules.length, 4);
        }
      });
    }

    it('share rules with a worker, both ways', async () => {
      const worker = track(new Worker(`
        const { parentPort } = require('node:worker_threads');
        const { BlockList } = require('node:net');
        parentPort.on('message', (list) => {
          list.addAddress('2.2.2.2');
          const own = new BlockList();
          own.addAddress('5.5.5.5');
          parentPort.postMessage({ found: list.check('1.1.1.1'), own });
        });`, { eval: true }));
      const list = listOf(net, ['Address', '1.1.1.1']);
      worker.postMessage(list);
      const [{ found, own }] = await once(worker, 'message');
      assert.strictEqual(found, true);
      assertChecks(list, { '1.1.1.1': true, '2.2.2.2': true, '3.3.3.3': false });
      assert.ok(own instanceof BlockList);
      own.addAddress('6.6.6.6');
      assertChecks(own, { '5.5.5.5': true, '6.6.6.6': true, '1.1.1.1': false });
    });
  });

  describe('BlockList of newer versions of Node', () => {
    const has = (method) => method in coreNet.BlockList.prototype;

    if (has('fromJSON')) {
      it('is made of JSON', () => {
        const list = new BlockList();
        list.addAddress('1.1.1.1');
        list.fromJSON(['Subnet: IPv4 2.0.0.0/8', 'Range: IPv6 ::1-::5']);
        assertChecks(list,
          { '1.1.1.1': true, '2.9.9.9': true, '::3': true, '::6': false });
        assert.strictEqual(list.toJSON().length, 3);
        assert.strictEqual(BlockList.isBlockList(list), true);
      });
    }

    if (has('removeAddress')) {
      it('forgets rules', () => {
        const list = listOf(net, ['Address', '1.1.1.1'], ['Address', '::1']);
        list.removeAddress('1.1.1.1');
        assertChecks(list, { '1.1.1.1': false, '::1': true });
        list.addAddress('2.2.2.2');
        assertChecks(list, { '2.2.2.2': true });
        list.clear();
        assertChecks(list, { '::1': false, '2.2.2.2': false });
      });
    }
  });

  if (name !== 'uvnet') {
    return;
  }

  // These end the process with core's own class.
  describe('BlockList, where core aborts', () => {
    it('takes a prefix of -0 as 0', () => {
      const list = new BlockList();
      list.addSubnet('1.1.1.1', -0);
      assertChecks(list, { '9.9.9.9': true, '::1': false });
    });
  });
});
