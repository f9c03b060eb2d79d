'use strict';

// net.connect() and socket.connect(): options and positional arguments.

const { net } = require('../../../lib/builtin');
const { ALL, FEW, fromRealm, plain, waysOf } = require('../values');
const { note, observeSocket } = require('../world');

const LONG = `/nope/${'x'.repeat(200)}`;
const PORTS = plain('0x50', ' 80 ', '80x', '1e1', '-0', '1.0', ' ', 65535, 65536,
  '65536', 80, '0b1', '0o7');
const HOSTS = plain('127.0.0.1', '::1', '::1%lo', 'a..b', '127.1', '0177.0.0.1',
  '127.0.0.1 ', '[::1]', '::ffff:127.0.0.1', '::', '0.0.0.0', 'localhost',
  '127.0.0.1\0', 'a\0b', '256.0.0.1', '1.2.3');
const FAMILIES = plain('IPv4', 'IPv6', 'ipv4', 'ipv6', 'IPV4', 4, 6, '4', '6', 5);

function lists() {
  return [
    ['a list', (sut) => new sut.BlockList()],
    ['a list that blocks', (sut) => {
      const list = new sut.BlockList();
      list.addAddress('127.0.0.1');
      list.addAddress('::1', 'ipv6');
      return list;
    }],
    ['a list of core', () => new net.BlockList()],
  ];
}

const SIGNALS = [
  ['a signal', () => new AbortController().signal],
  ['an aborted signal', () => AbortSignal.abort()],
  ['aborted with a reason', () => AbortSignal.abort('why')],
  ['aborted: true', () => ({ aborted: true })],
  ['aborted: false', () => ({ aborted: false })],
];

const ONREADS = [
  ['buffer', () => ({ buffer: Buffer.alloc(4), callback: () => {} })],
  ['no callback', () => ({ buffer: Buffer.alloc(4) })],
  ['no buffer', () => ({ callback: () => {} })],
  ['function', () => ({ buffer: () => Buffer.alloc(4), callback: () => {} })],
  ['function gives null', () => ({ buffer: () => null, callback: () => {} })],
  ['function gives text', () => ({ buffer: () => 'x', callback: () => {} })],
  ['function throws', () => ({
    buffer() { throw new Error('buffer'); }, callback: () => {} })],
  ['DataView', () => ({ buffer: new DataView(new ArrayBuffer(4)),
    callback: () => {} })],
  ['Uint16Array', () => ({ buffer: new Uint16Array(4), callback: () => {} })],
  ['ArrayBuffer', () => ({ buffer: new ArrayBuffer(4), callback: () => {} })],
  ['empty', () => ({ buffer: new Uint8Array(0), callback: () => {} })],
  ['shared', () => ({ buffer: new Uint8Array(new SharedArrayBuffer(4)),
    callback: () => {} })],
  ['resizable', () => ({
    buffer: new Uint8Array(new ArrayBuffer(4, { maxByteLength: 8 })),
    callback: () => {} })],
  ['realm buffer', () => ({
    buffer: fromRealm('new Uint8Array(4)')(), callback: () => {} })],
  ['realm object', () => Object.assign(fromRealm('({})')(),
    { buffer: Buffer.alloc(4), callback: () => {} })],
  ['inherited', () => Object.create({ buffer: Buffer.alloc(4),
    callback: () => {} })],
  ['getter', () => ({ get buffer() { throw new Error('buffer'); } })],
];

// [option, values beside the common ones, values to inherit]
const OPTIONS = [
  ['port', PORTS, []],
  ['host', HOSTS, plain('127.0.0.1')],
  ['localAddress', HOSTS, plain('127.0.0.1')],
  ['localPort', PORTS, []],
  ['family', FAMILIES, plain(6)],
  ['hints', plain(32, 1024, 4, 'x', 1056), plain(32)],
  ['lookup', [], [['function', () => () => {}]]],
  ['noDelay', [], plain(true)],
  ['keepAlive', [], plain(true)],
  ['keepAliveInitialDelay', plain(1000, 1999, 999, -1000, '1000', 2e12),
    plain(1000)],
  ['autoSelectFamily', [], plain(true)],
  ['autoSelectFamilyAttemptTimeout', plain(10, 250, 2 ** 31 - 1), plain(0)],
  ['timeout', plain(1000, '1000', 2 ** 31 - 1), plain(1000)],
  ['allowHalfOpen', [], plain(true)],
  ['readable', [], plain(false)],
  ['writable', [], plain(false)],
  ['signal', SIGNALS, [SIGNALS[1]]],
  ['onread', ONREADS, [ONREADS[0]]],
  ['typeOfService', plain(0x10, 255, 256, '16'), plain(16)],
  ['highWaterMark', plain(1024, '1024'), plain(1024)],
  ['readableHighWaterMark', plain(1024, '1024'), plain(1024)],
  ['writableHighWaterMark', plain(1024, '1024'), plain(1024)],
  ['objectMode', [], plain(true)],
  ['readableObjectMode', [], plain(true)],
  ['writableObjectMode', [], plain(true)],
  ['encoding', plain('utf8', 'hex', 'UTF-8', 'nope'), plain('hex')],
  ['defaultEncoding', plain('utf8', 'hex', 'nope'), plain('hex')],
  ['decodeStrings', [], plain(true)],
  ['emitClose', [], plain(true)],
  ['autoDestroy', [], plain(false)],
  ['captureRejections', [], plain(true)],
  ['manualStart', [], plain(true)],
  ['pauseOnCreate', [], plain(true)],
  ['keepAliveInterval', plain(1000, 5000), plain(1000)],
  ['keepAliveProbes', plain(1, 10), []],
];
for (const name of ['read', 'write', 'writev', 'final', 'destroy',
  'construct']) {
  OPTIONS.push([name, [[`${name}()`, () => (...args) => {
    note(`${name}()`);
    const done = args.at(-1);
    if (typeof done === 'function') done();
  }]], []]);
}

const PATHS = plain('/nope/socket', 'a\0b', '\0abstract', LONG, '0', '80',
  '0x50');

// To a port, and by name, where the resolver is asked.
function* overOptions(label, observe, names, values) {
  for (const [option, extra, inherited] of OPTIONS) {
    if (names && !names.includes(option)) continue;
    for (const [name, make] of waysOf(option, [...values, ...extra], inherited)) {
      yield [`${label} ${option}: ${name}`, (sut, world) =>
        observe(sut, option === 'localPort' ?
          { ...world, port: world.closedPort } : world, make)];
    }
  }
}

const RESOLVED = ['host', 'family', 'hints', 'lookup', 'localAddress',
  'localPort', 'autoSelectFamily', 'autoSelectFamilyAttemptTimeout'];

function* connectOptions() {
  yield* overOptions('connect', (sut, { port }, make) =>
    observeSocket(() => sut.connect(make({ port, host: '127.0.0.1' }))),
  null, ALL);
  yield* blockLists();
  for (const [name, make] of waysOf('keepAliveInitialDelay',
    [...ALL, ...plain(1000, 1999, 999, -1000, 2e12)], plain(1000))) {
    yield [`connect keepAlive and keepAliveInitialDelay: ${name}`,
      (sut, { port }) => observeSocket(() =>
        sut.connect(make({ port, host: '127.0.0.1', keepAlive: true })))];
  }
}

function* blockLists() {
  for (const [name, make] of [...lists(), ...ALL]) {
    for (const host of ['127.0.0.1', 'localhost']) {
      yield [`connect blockList: ${name}, ${host}`, (sut, { port }) =>
        observeSocket(() =>
          sut.connect({ port, host, blockList: make(sut) }))];
    }
    yield [`new Socket blockList: ${name}`, (sut, { port }) =>
      observeSocket(() => new sut.Socket({ blockList: make(sut) })
        .connect(port, '127.0.0.1'))];
  }
}

function* connectByName() {
  yield* overOptions('connect by name', (sut, { port }, make) =>
    observeSocket(() => sut.connect(make({ port, host: 'localhost' }))),
  RESOLVED, ALL);
  yield* overOptions('connect to IPv6', (sut, { port }, make) =>
    observeSocket(() => sut.connect(make({ port, host: '::1' }))),
  ['localAddress', 'localPort'], FEW);
}

function* connectPath() {
  for (const [name, make] of waysOf('path', [...ALL, ...PATHS],
    plain('/nope/socket'))) {
    yield [`connect path: ${name}`, (sut) =>
      observeSocket(() => sut.connect(make({})))];
    yield [`connect path and port: ${name}`, (sut, { port }) =>
      observeSocket(() => sut.connect(make({ port, host: '127.0.0.1' })))];
  }
  yield* overOptions('connect path and', (sut, { file }, make) =>
    observeSocket(() => sut.connect(make({ path: file }))), null, FEW);
}

function* socketConnect() {
  const known = ['port', 'host', ...RESOLVED, 'noDelay', 'keepAlive', 'timeout',
    'onread', 'allowHalfOpen', 'typeOfService', 'signal',
    'keepAliveInitialDelay'];
  yield* overOptions('socket.connect', (sut, { port }, make) =>
    observeSocket(() =>
      new sut.Socket().connect(make({ port, host: '127.0.0.1' }))), known, FEW);
}

function* positional() {
  const values = [...ALL, ...PORTS, ...HOSTS, ...PATHS];
  for (const [name, make] of values) {
    for (const [label, open] of [
      ['connect', (sut, ...args) => sut.connect(...args)],
      ['socket.connect', (sut, ...args) => new sut.Socket().connect(...args)],
      ['createConnection', (sut, ...args) => sut.createConnection(...args)]]) {
      const isAlias = label === 'createConnection';
      yield [`${label}(${name})`, (sut) =>
        observeSocket(() => open(sut, make()))];
      if (isAlias) continue;
      yield [`${label}(port, ${name})`, (sut, { port }) =>
        observeSocket(() => open(sut, port, make()))];
      yield [`${label}(port, host, ${name})`, (sut, { port }) =>
        observeSocket(() => open(sut, port, '127.0.0.1', make()))];
      yield [`${label}(path, ${name})`, (sut, { file }) =>
        observeSocket(() => open(sut, file, make()))];
      yield [`${label}(options, ${name})`, (sut, { port }) =>
        observeSocket(() => open(sut, { port, host: '127.0.0.1' }, make()))];
      yield [`${label}(${name}, host)`, (sut) =>
        observeSocket(() => open(sut, make(), '127.0.0.1'))];
    }
  }
}

module.exports = {
  FAMILIES, HOSTS, ONREADS, OPTIONS, PATHS, PORTS, SIGNALS, lists,
  groups: { connectOptions, connectByName, connectPath, socketConnect,
    positional },
};
