'use strict';

// The functions and small classes of the module.

const { net } = require('../../../lib/builtin');
const { outcome } = require('../describe');
const { ALL, FEW, plain, waysOf } = require('../values');
const { discard, turns } = require('../world');

const ADDRESSES = plain('127.0.0.1', '::1', '::1%lo', '::ffff:1.2.3.4', '1.2.3',
  '01.2.3.4', '256.1.1.1', '1.2.3.4 ', ' 1.2.3.4', '1.2.3.4\n', '::1\n', '1::2::3',
  ':::', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8:9', '::1%', '::1%a b', 'fe80::1%eth0',
  '1:2:3:4:5:6:1.2.3.4', '12345::', '::g', '1.2.3.4\0', '::1\0', '0:0:0:0:0:0:0:0');

async function soon(result) {
  await turns(1);
  return result;
}

function* defaults() {
  for (const name of ['AutoSelectFamily', 'AutoSelectFamilyAttemptTimeout']) {
    for (const [value, make] of [...ALL, ...plain(10, 9, 2 ** 31 - 1)]) {
      yield [`setDefault${name}(${value})`, (sut) => {
        const before = sut[`getDefault${name}`]();
        const set = outcome(() => sut[`setDefault${name}`](make()));
        const after = sut[`getDefault${name}`]();
        sut[`setDefault${name}`](before);
        return soon({ before, set, after });
      }];
    }
    yield [`setDefault${name}()`, (sut) =>
      soon(outcome(() => sut[`setDefault${name}`]()))];
  }
}

function* isIP() {
  for (const [value, make] of [...ALL, ...ADDRESSES]) {
    yield [`isIP(${value})`, async (sut) => ({
      isIP: outcome(() => sut.isIP(make())),
      isIPv4: outcome(() => sut.isIPv4(make())),
      isIPv6: outcome(() => sut.isIPv6(make())),
    })];
  }
}

function onList(sut, act) {
  const list = new sut.BlockList();
  list.addAddress('10.0.0.1');
  list.addSubnet('10.1.0.0', 16);
  list.addAddress('fe80::5', 'ipv6');
  const call = outcome(() => act(list));
  return soon({ call, rules: list.rules, size: list.size });
}

function* onLists(method, before, values) {
  for (const [value, make] of values) {
    // Core 20 to 26 abort the process over it.
    if (method === 'addSubnet' && value === '-0') continue;
    yield [`${method}(${[...before, value].join(', ')})`, (sut) =>
      onList(sut, (list) => (list[method] ?
        list[method](...before, make(sut)) : 'no such method'))];
  }
}

const FAMILIES = plain('ipv4', 'ipv6', 'IPv4', 'IPV6', 'ipv5', 4, 6);
const instances = [
  ['SocketAddress', (sut) => new sut.SocketAddress({ address: '10.0.0.1' })],
  ['SocketAddress of core', () => new net.SocketAddress({ address: '10.0.0.1' })],
  ['IPv6 SocketAddress', (sut) =>
    new sut.SocketAddress({ address: 'fe80::5', family: 'ipv6' })],
];

function* blockList() {
  const addresses = [...ALL, ...ADDRESSES, ...instances];
  const positions = {
    addAddress: [[[], addresses], [['10.0.0.9'], [...ALL, ...FAMILIES]]],
    addRange: [[[], addresses], [['10.0.0.2'], addresses],
      [['10.0.0.2', '10.0.0.5'], [...ALL, ...FAMILIES]]],
    addSubnet: [[[], addresses], [['10.0.0.2'], [...ALL, ...plain(32, 33, 128)]],
      [['10.0.0.2', 8], [...ALL, ...FAMILIES]]],
    check: [[[], addresses], [['10.0.0.1'], [...ALL, ...FAMILIES]],
      [['fe80::5'], [...FEW, ...FAMILIES]]],
    removeAddress: [[[], addresses], [['10.0.0.1'], FAMILIES]],
    removeSubnet: [[['10.1.0.0'], FEW]],
    removeCIDR: [[[], addresses]],
    addCIDR: [[[], [...addresses, ...plain('10.0.0.0/8', '::/0', '10.0.0.0/33')]]],
    addAddresses: [[[], FEW]],
    fromJSON: [[[], FEW]],
    clear: [[[], FEW]],
    toJSON: [[[], FEW]],
  };
  for (const [method, all] of Object.entries(positions)) {
    for (const [before, values] of all) yield* onLists(method, before, values);
  }
  for (const [value, make] of [...ALL, ...instances,
    ['a list', (sut) => new sut.BlockList()]]) {
    yield [`isBlockList(${value})`, async (sut) =>
      outcome(() => sut.BlockList.isBlockList?.(make(sut)))];
    yield [`new BlockList(${value})`, async (sut) =>
      outcome(() => new sut.BlockList(make(sut)).rules)];
  }
}

function shape(address) {
  const { address: text, family, port, flowlabel } = address;
  return { text, family, port, flowlabel };
}

// Values with which core aborts the process, or which it turns into another
// number; uvnet refuses or corrects them.
const REPAIRED = {
  address: [],
  family: [],
  port: ['-0', "'1'", "'80'", "'0x50'", "' 80 '"],
  flowlabel: ['-0', '2**31'],
};

function* socketAddress() {
  const options = {
    address: [ADDRESSES, plain('::1')],
    family: [FAMILIES, plain('ipv6')],
    port: [plain(80, 65535, 65536, '80', '0x50', ' 80 '), plain(80)],
    flowlabel: [plain(5, 0xfffff), plain(5)],
  };
  for (const [option, [extra, inherited]] of Object.entries(options)) {
    for (const [value, make] of waysOf(option, [...ALL, ...extra], inherited)) {
      if (REPAIRED[option].includes(value)) continue;
      yield [`new SocketAddress ipv4 ${option}: ${value}`, (sut) =>
        soon(outcome(() => shape(
          new sut.SocketAddress(make({ family: 'ipv4' })))))];
      yield [`new SocketAddress ipv6 ${option}: ${value}`, (sut) =>
        soon(outcome(() => shape(
          new sut.SocketAddress(make({ family: 'ipv6' })))))];
    }
  }
  for (const [value, make] of ALL) {
    yield [`new SocketAddress(${value})`, async (sut) =>
      outcome(() => shape(new sut.SocketAddress(make())))];
  }
  for (const [value, make] of [...ALL, ...ADDRESSES, ...plain('1.2.3.4:80',
    '[::1]:80', '[::1]', '1.2.3.4:65536', '1.2.3.4:', 'x:80', '[::1%lo]:1')]) {
    yield [`SocketAddress.parse(${value})`, async (sut) => outcome(() => {
      const parsed = sut.SocketAddress.parse?.(make());
      return parsed && shape(parsed);
    })];
    yield [`isSocketAddress(${value})`, async (sut) =>
      outcome(() => sut.SocketAddress.isSocketAddress?.(make()))];
  }
}

function* internals() {
  for (const [value, make] of [...ALL, ...plain('80', '80x', ' ')]) {
    yield [`_normalizeArgs([${value}])`, async (sut) =>
      outcome(() => sut._normalizeArgs([make()]))];
    yield [`_normalizeArgs([1, ${value}])`, async (sut) =>
      outcome(() => sut._normalizeArgs([1, make()]))];
    yield [`_normalizeArgs([1, 'x', ${value}])`, async (sut) =>
      outcome(() => sut._normalizeArgs([1, 'x', make()]))];
  }
}

// A socket that is bound before it listens or connects; core has made it.
function* boundSocket() {
  if (!net.BoundSocket) return;
  for (const option of ['host', 'port', 'ipv6Only', 'reusePort', 'path']) {
    for (const [value, make] of waysOf(option,
      option === 'path' ? FEW.filter(([name]) => !/^'/.test(name)) : FEW)) {
      yield [`new BoundSocket ${option}: ${value}`, async (sut) => {
        let bound;
        const call = outcome(() => {
          bound = new sut.BoundSocket(make(option === 'path' ? {} :
            { host: '127.0.0.1', port: 0 }));
          return bound.address();
        });
        bound?.close();
        return call;
      }];
    }
  }
  for (const way of ['listen(bound)', 'listen({ handle: bound })',
    'connect({ handle: bound })', 'new Socket({ handle: bound })']) {
    yield [way, (sut, world) => useBound(sut, world, way)];
  }
}

async function useBound(sut, { port }, way) {
  const bound = new sut.BoundSocket({ host: '127.0.0.1', port: 0 });
  let made;
  const call = outcome(() => {
    if (way === 'listen(bound)') made = sut.createServer().listen(bound);
    else if (way.startsWith('listen')) {
      made = sut.createServer().listen({ handle: bound });
    } else if (way.startsWith('connect')) {
      made = sut.connect({ handle: bound, port, host: '127.0.0.1' });
    } else {
      made = new sut.Socket({ handle: bound }).connect(port, '127.0.0.1');
    }
  });
  await turns(10);
  const result = { call, address: outcome(() => made.address()),
    used: outcome(() => bound.address()) };
  made?.on('error', () => {});
  if (made?.destroy) await discard(made);
  else made?.close();
  return result;
}

module.exports = {
  groups: { defaults, isIP, blockList, socketAddress, internals, boundSocket },
};
