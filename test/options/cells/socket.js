'use strict';

// new net.Socket(options), and what the methods of a socket take.

const fs = require('node:fs');
const { describe, outcome } = require('../describe');
const { ALL, FEW, fromRealm, plain, waysOf } = require('../values');
const { kernelOptions, note, observeSocket, stateOf, turns, withPair } =
  require('../world');
const { OPTIONS, SIGNALS } = require('./connect');

const never = () => true;

function* constructorOptions() {
  for (const [name, make] of ALL) {
    if (name === '1' || name === '0') continue;
    yield [`new Socket(${name})`, (sut) =>
      observeSocket(() => new sut.Socket(make()), { settled: never })];
    yield [`Socket(${name})`, (sut) =>
      observeSocket(() => sut.Socket(make()), { settled: never })];
  }
  for (const [option, extra, inherited] of OPTIONS) {
    for (const [name, make] of waysOf(option, [...ALL, ...extra], inherited)) {
      yield [`new Socket ${option}: ${name}`, (sut) =>
        observeSocket(() => new sut.Socket(make({})), { settled: never })];
    }
  }
  yield* descriptors();
  yield* handles();
}

function* descriptors() {
  const isOpen = (name) => ['0', '1', '-0'].includes(name);
  for (const [name, make] of waysOf('fd',
    [...ALL, ...plain(9999, 2 ** 31 - 1, '9999')], plain(9999))) {
    if (isOpen(name)) continue;
    yield [`new Socket fd: ${name}`, (sut) =>
      observeSocket(() => new sut.Socket(make({})), { settled: never })];
  }
  yield ['new Socket fd: a file', (sut) => {
    const fd = fs.openSync(__filename);
    return observeSocket(() => new sut.Socket({ fd }), { settled: never })
      .finally(() => fs.closeSync(fd));
  }];
  yield ['new Socket fd: a folder', (sut) => {
    const fd = fs.openSync(__dirname);
    return observeSocket(() => new sut.Socket({ fd }), { settled: never })
      .finally(() => fs.closeSync(fd));
  }];
}

function* handles() {
  for (const [name, make] of ALL) {
    if (typeof make() === 'object' && make()) continue;
    yield [`new Socket handle: ${name}`, (sut) =>
      observeSocket(() => new sut.Socket({ handle: make() }),
        { settled: never })];
  }
}

// [method, positions of arguments: what stands before, values]
const METHODS = [
  ['setTimeout', [[[], plain(1000, '1000', 2 ** 31 - 1)], [[1000], []],
    [[0], []]]],
  ['setNoDelay', [[[], []]]],
  ['setKeepAlive', [[[], []], [[true], plain(1000, 1999, '1000', -1000)],
    [[false], plain(1000)], [[true, 1000], plain(1000, 1999, 500, '2000', 4e7)],
    [[true, 1000, 4e7], plain(5)], [[true, 0, 2000], plain(5)],
    [[true, 1000, 1000], plain(3, 1.9, '3', 127, 200)]]],
  ['setEncoding', [[[], plain('utf8', 'hex', 'base64', 'nope', 'UCS2')]]],
  ['setDefaultEncoding', [[[], plain('utf8', 'hex', 'nope', 'UCS2')]]],
  ['setTypeOfService', [[[], plain(16, 255, 256, '16')]]],
  ['getTypeOfService', [[[], []]]],
  ['ref', [[[], []]]],
  ['unref', [[[], []]]],
  ['address', [[[], []]]],
  ['destroy', [[[], []], [[undefined], []]]],
  ['destroySoon', [[[], []]]],
  ['resetAndDestroy', [[[], []]]],
  ['pause', [[[], []]]],
  ['resume', [[[], []]]],
  ['cork', [[[], []]]],
  ['read', [[[], plain(10)]]],
  ['write', [[[], bytes()], [['x'], encodings()], [['x', 'utf8'], []],
    [[Buffer.from('x')], encodings()], [['é'], encodings()]]],
  ['end', [[[], bytes()], [['x'], encodings()], [['x', 'utf8'], []],
    [[Buffer.from('x')], encodings()]]],
];

function encodings() {
  return plain('utf8', 'hex', 'latin1', 'buffer', 'UTF-8', 'nope', 'ucs2',
    'base64', 'binary', 'ascii', 'BUFFER');
}

function bytes() {
  return [
    ['Buffer', () => Buffer.from('hello')],
    ['Uint8Array', () => new Uint8Array([104, 105])],
    ['empty Buffer', () => Buffer.alloc(0)],
    ['realm Uint8Array', fromRealm('new Uint8Array([104, 105])')],
    ['DataView', () => new DataView(Uint8Array.of(104, 105).buffer)],
    ['Uint16Array', () => Uint16Array.of(26984)],
    ['Float64Array', () => Float64Array.of(1)],
    ['ArrayBuffer', () => new ArrayBuffer(2)],
    ['SharedArrayBuffer', () => new SharedArrayBuffer(2)],
    ['shared view', () => {
      const view = new Uint8Array(new SharedArrayBuffer(2));
      view.set([104, 105]);
      return view;
    }],
    ['resizable', () => {
      const view = new Uint8Array(new ArrayBuffer(2, { maxByteLength: 8 }));
      view.set([104, 105]);
      return view;
    }],
    ['detached', () => {
      const view = new Uint8Array(2);
      structuredClone(view.buffer, { transfer: [view.buffer] });
      return view;
    }],
    ['lone surrogate', () => '\ud800x'],
  ];
}

const KERNEL = ['setKeepAlive', 'setTypeOfService'];

function* methods() {
  for (const [method, positions] of METHODS) {
    for (const [before, extra] of positions) {
      const args = before.map((value) => `${String(value)}, `).join('');
      for (const [name, make] of [['nothing', null], ...ALL, ...extra]) {
        const given = () => (make ? [...before, make()] : before);
        yield [`${method}(${args}${name}) fresh`, (sut) =>
          onFresh(sut, method, given())];
        yield [`${method}(${args}${name}) connected`, (sut, world) =>
          onConnected(sut, world, method, given())];
      }
    }
  }
  yield* keepAliveObjects();
}

function call(socket, method, args) {
  if (typeof socket[method] !== 'function') return 'no such method';
  return outcome(() => {
    const value = socket[method](...args);
    return value === socket ? 'itself' : value;
  });
}

async function onFresh(sut, method, args) {
  const result = {};
  const { now, then } = await observeSocket(() => {
    const socket = new sut.Socket();
    result.call = call(socket, method, args);
    return socket;
  }, { settled: never });
  return { ...result, now, then };
}

function onConnected(sut, world, method, args) {
  return withPair(sut, world, async (socket) => {
    const result = { call: call(socket, method, args), now: stateOf(socket) };
    if (KERNEL.includes(method)) result.kernel = kernelOptions(socket);
    await turns(4);
    return result;
  });
}

function* keepAliveObjects() {
  for (const key of ['enable', 'initialDelay', 'interval', 'count']) {
    for (const [name, make] of waysOf(key, FEW, plain(true, 1000))) {
      const given = () =>
        [make({ enable: true, initialDelay: 2000, interval: 3000, count: 4 })];
      yield [`setKeepAlive({ ${key}: ${name} }) fresh`, (sut) =>
        onFresh(sut, 'setKeepAlive', given())];
      yield [`setKeepAlive({ ${key}: ${name} }) connected`, (sut, world) =>
        onConnected(sut, world, 'setKeepAlive', given())];
    }
  }
}

// What a lookup of the user's may answer.
const ANSWERS = plain('127.0.0.1', '::1', '::1%lo', 'a..b', '127.0.0.1\0', '127.1',
  '0.0.0.0');
const FAMILIES = plain(4, 6, '4', '6', 'IPv4', 'IPv6', 'ipv4', 5);
const ELEMENTS = ALL.concat([
  ['good', () => ({ address: '127.0.0.1', family: 4 })],
  ['no family', () => ({ address: '127.0.0.1' })],
  ['no address', () => ({ family: 4 })],
  ['address null', () => ({ address: null, family: 4 })],
  ['family text', () => ({ address: '127.0.0.1', family: 'IPv4' })],
  ['wrong family', () => ({ address: '127.0.0.1', family: 6 })],
  ['not an IP', () => ({ address: 'x', family: 4 })],
]);

function answer(...args) {
  return (host, options, callback) => {
    note('lookup', host, options);
    setImmediate(callback, ...args);
  };
}

function* lookups() {
  const modes = [['one', { family: 4 }], ['all', { autoSelectFamily: true }],
    ['off', { autoSelectFamily: false }]];
  for (const [mode, options] of modes) {
    const observe = (sut, { port }, lookup) => observeSocket(() =>
      sut.connect({ port, host: 'some.host', lookup, ...options }));
    for (const [name, make] of [...ALL, ...ANSWERS, ['Error',
      () => new Error('e')]]) {
      const each = {
        'error': () => answer(make()),
        'error with an address': () => answer(make(), '127.0.0.1', 4),
        'address': () => answer(null, make(), 4),
        'address, family 6': () => answer(null, make(), 6),
        'only address': () => answer(null, make()),
      };
      for (const [what, lookup] of Object.entries(each)) {
        yield [`lookup ${mode}, ${what}: ${name}`, (sut, world) =>
          observe(sut, world, lookup())];
      }
    }
    for (const [name, make] of [...ALL, ...FAMILIES]) {
      yield [`lookup ${mode}, family: ${name}`, (sut, world) =>
        observe(sut, world, answer(null, '127.0.0.1', make()))];
    }
    yield* elements(mode, observe);
    yield [`lookup ${mode}: throws`, (sut, world) =>
      observe(sut, world, () => { throw new Error('lookup'); })];
    yield [`lookup ${mode}: answers at once`, (sut, world) =>
      observe(sut, world, (host, { all }, callback) => callback(null,
        all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4))];
    yield [`lookup ${mode}: fails at once`, (sut, world) =>
      observe(sut, world, (host, query, callback) => callback(new Error('e')))];
    yield [`lookup ${mode}: answers twice`, (sut, world) =>
      observe(sut, world, (host, { all }, callback) => {
        const result = all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1';
        callback(null, result, 4);
        callback(null, result, 4);
      })];
  }
}

function* elements(mode, observe) {
  for (const [name, make] of ELEMENTS) {
    yield [`lookup ${mode}, only element: ${name}`, (sut, world) =>
      observe(sut, world, answer(null, [make()]))];
    yield [`lookup ${mode}, first element: ${name}`, (sut, world) =>
      observe(sut, world, answer(null,
        [make(), { address: '127.0.0.1', family: 4 }]))];
  }
}

const DATA = 'hello world';

// The onread option, with what it reads.
function* reads() {
  const buffers = {
    'Buffer': () => Buffer.alloc(4),
    'large': () => Buffer.alloc(64),
    'realm': fromRealm('new Uint8Array(4)'),
    'realm function': () => fromRealm('new Uint8Array(4)'),
    'function': () => () => Buffer.alloc(4),
    'function, then null': once(() => null),
    'function, then text': once(() => 'x'),
    'function, then undefined': once(() => undefined),
    'function, then DataView': once(() => new DataView(new ArrayBuffer(4))),
    'function, then Uint16Array': once(() => new Uint16Array(4)),
    'function, then shorter': once(() => Buffer.alloc(2)),
    'function, then it throws': once(() => { throw new Error('buffer'); }),
    'function, null first': () => () => null,
    'function, text first': () => () => 'x',
    'function, DataView first': () => () => new DataView(new ArrayBuffer(4)),
    'function, null, then good': () => {
      let count = 0;
      return () => (count++ === 0 ? null : Buffer.alloc(4));
    },
    'shared': () => new Uint8Array(new SharedArrayBuffer(4)),
    'resizable': () => new Uint8Array(new ArrayBuffer(4, { maxByteLength: 8 })),
    'subclass': () => new (class Bytes extends Uint8Array {})(4),
    'null': () => null,
    'empty': () => new Uint8Array(0),
  };
  for (const [name, make] of Object.entries(buffers)) {
    for (const [what, value] of plain(undefined, true, false, null, 0)) {
      yield [`onread ${name}, callback gives ${what}`, (sut, world) =>
        read(sut, world, make(), value)];
    }
  }
}

function once(later) {
  return () => {
    let isFirst = true;
    return () => {
      if (!isFirst) return later();
      isFirst = false;
      return Buffer.alloc(4);
    };
  };
}

function read(sut, world, buffer, value) {
  const callback = function(count, view) {
    note('onread', this.constructor.name, count, typeof view,
      view?.buffer &&
        Buffer.from(view.buffer, view.byteOffset, count).toString());
    return value();
  };
  return withPair(sut, world, async (socket, peer) => {
    socket.on('data', (data) => note('data', data.toString()));
    peer.end(DATA);
    await turns(10);
    return { now: stateOf(socket), described: describe(socket) };
  }, { onread: { buffer, callback } });
}

module.exports = {
  SIGNALS, groups: { constructorOptions, methods, lookups, reads },
};
