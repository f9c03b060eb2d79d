'use strict';

const assert = require('node:assert');
const coreNet = require('node:net');
const { MAJOR, closedPort, forEachNet, once, outcome, tmpPath, track } =
  require('./helper');

const LOCAL = '127.0.0.1';
const INTERNAL = /^v20\./.test(process.version);

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';
const PORT = 'ERR_SOCKET_BAD_PORT';
const MISSING = 'ERR_MISSING_ARGS';

// [value, how the message names it]
const BAD_PORTS = [
  [-1, 'type number (-1)'], [65536, 'type number (65536)'],
  [NaN, 'type number (NaN)'], [1.5, 'type number (1.5)'],
  [Infinity, 'type number (Infinity)'], ['', 'type string (\'\')'],
  [' ', 'type string (\' \')'],
];
const NO_PORTS = [
  [{}, 'an instance of Object'], [true, 'type boolean (true)'],
  [[], 'an instance of Array'], [null, 'null'],
];
const NO_STRINGS = [
  [5, 'type number (5)'], [{}, 'an instance of Object'],
  [true, 'type boolean (true)'],
];
const NO_FUNCTIONS = [
  ['x', 'type string (\'x\')'], [5, 'type number (5)'],
  [{}, 'an instance of Object'],
];
const NO_NUMBERS = [['x', 'type string (\'x\')'],
  [{}, 'an instance of Object']];

function argument(name, type) {
  return `The "${name}" argument must be ${type}. Received %`;
}

function property(name, type) {
  return `The "${name}" property must be ${type}. Received %`;
}

function range(name, rule) {
  return `The value of "${name}" is out of range. It must be ${rule}. ` +
    'Received %';
}

const BUFFER = 'of type string or an instance of Buffer, TypedArray, or ' +
  'DataView';
const SIGNAL = 'an instance of AbortSignal';
const PORT_TYPE = 'one of type number or string';
const TIMEOUT = '>= 1 && <= 2147483647';
const OPTIONS = 'The argument \'options\' is invalid. Received %';
const NEITHER = 'The argument \'options\' must have the property "port" or ' +
  '"path". Received %';

const listen = (options) => (net, value) =>
  track(net.createServer()).listen(options(value));
const connect = (options) => (net, value) =>
  track(new net.Socket()).connect(options(value));
const target = (name) => connect((value) =>
  ({ port: 9, host: 'localhost', autoSelectFamily: true, [name]: value }));

// { call, code, message (% is what was received), bad: [[value, received]] }
const REFUSED = {
  'listen({ port })': {
    call: listen((port) => ({ port })), code: PORT, bad: BAD_PORTS,
    message: 'options.port should be >= 0 and < 65536. Received %.',
  },
  'listen(port)': {
    call: listen((port) => port), code: PORT, bad: BAD_PORTS.slice(0, 6),
    message: 'options.port should be >= 0 and < 65536. Received %.',
  },
  'listen({ port }) of other types': {
    call: listen((port) => ({ port })), code: VALUE, message: OPTIONS,
    bad: [[{}, '{ port: {} }'], [true, '{ port: true }'],
      [[], '{ port: [] }']],
  },
  'listen(options)': {
    call: listen((options) => options), code: VALUE, message: NEITHER,
    bad: [[{}, '{}'], [{ x: 1 }, '{ x: 1 }'], [{ fd: -1 }, '{ fd: -1 }'],
      [{ fd: 'x' }, '{ fd: \'x\' }'], [[], '[]'],
      [{ host: 'localhost' }, '{ host: \'localhost\' }']],
  },
  'listen({ path })': {
    call: listen((path) => ({ path })), code: VALUE, message: OPTIONS,
    bad: [[5, '{ path: 5 }'], [null, '{ path: null }'],
      [undefined, '{ path: undefined }'], ['', '{ path: \'\' }']],
  },
  'listen({ host })': {
    call: listen((host) => ({ port: 0, host })), code: TYPE,
    message: argument('hostname', 'of type string'), bad: NO_STRINGS,
  },
  'listen({ signal })': {
    call: listen((signal) => ({ port: 0, signal })), code: TYPE,
    message: property('options.signal', SIGNAL),
    bad: [...NO_FUNCTIONS, [null, 'null']],
  },
  'connect({ port })': {
    call: connect((port) => ({ port })), code: PORT, bad: BAD_PORTS,
    message: 'Port should be >= 0 and < 65536. Received %.',
  },
  'net.connect(port)': {
    call: (net, port) => net.connect(port), code: PORT,
    bad: BAD_PORTS.slice(0, 6),
    message: 'Port should be >= 0 and < 65536. Received %.',
  },
  'connect({ port }) of other types': {
    call: connect((port) => ({ port })), code: TYPE, bad: NO_PORTS,
    message: property('options.port', PORT_TYPE),
  },
  'connect(options)': {
    call: connect((options) => options), code: MISSING,
    message: 'The "options" or "port" or "path" argument must be specified',
    bad: [[{}], [undefined], [{ host: 'x' }], [{ port: undefined }]],
  },
  'connect({ host })': {
    call: connect((host) => ({ port: 9, host })), code: TYPE,
    message: argument('hostname', 'of type string'), bad: NO_STRINGS,
  },
  'connect({ path })': {
    call: connect((path) => ({ path })), code: TYPE, bad: NO_STRINGS,
    message: property('options.path', 'of type string'),
  },
  'connect({ localAddress })': {
    call: connect((localAddress) => ({ port: 9, host: LOCAL, localAddress })),
    code: 'ERR_INVALID_IP_ADDRESS', message: 'Invalid IP address: %',
    bad: [['junk', 'junk'], [5, '5'], [{}, '{}'], ['::1::', '::1::']],
  },
  'connect({ localPort })': {
    call: connect((localPort) => ({ port: 9, host: LOCAL, localPort })),
    code: TYPE, message: property('options.localPort', 'of type number'),
    bad: NO_NUMBERS,
  },
  'connect({ lookup })': {
    call: target('lookup'), code: TYPE, bad: NO_FUNCTIONS,
    message: property('options.lookup', 'of type function'),
  },
  'connect({ hints })': {
    call: target('hints'), code: VALUE, bad: [[12345, '12345'],
      [-1, '4294967295']],
    message: 'The argument \'hints\' is invalid. Received %',
  },
  'connect({ hints }) of other types': {
    call: target('hints'), code: TYPE, bad: [['x', 'type string (\'x\')']],
    message: property('options.hints', 'of type number'),
  },
  'connect({ family })': {
    call: connect((family) => ({ port: 9, host: 'localhost', family })),
    code: VALUE, bad: [[7, '7'], [-1, '-1'], ['IPv5', '\'IPv5\'']],
    message: 'The property \'options.family\' must be one of: 0, 4, 6. ' +
      'Received %',
  },
  'connect({ autoSelectFamily })': {
    call: target('autoSelectFamily'), code: TYPE,
    message: property('options.autoSelectFamily', 'of type boolean'),
    bad: [['x', 'type string (\'x\')'], [5, 'type number (5)']],
  },
  'connect({ autoSelectFamilyAttemptTimeout })': {
    call: target('autoSelectFamilyAttemptTimeout'), code: RANGE,
    message: range('options.autoSelectFamilyAttemptTimeout', TIMEOUT),
    bad: [[-1, '-1'], [0, '0'], [2 ** 31, '2147483648']],
  },
  'connect({ autoSelectFamilyAttemptTimeout }) of other types': {
    call: target('autoSelectFamilyAttemptTimeout'), code: TYPE,
    message: property('options.autoSelectFamilyAttemptTimeout',
      'of type number'),
    bad: NO_NUMBERS,
  },
  'net.connect({ signal })': {
    call: (net, signal) => net.connect({ port: 9, signal }), code: TYPE,
    message: argument('signal', SIGNAL), bad: NO_FUNCTIONS,
  },
  'new Socket({ signal })': {
    call: (net, signal) => new net.Socket({ signal }), code: TYPE,
    message: argument('signal', SIGNAL), bad: NO_FUNCTIONS,
  },
  'new Socket({ highWaterMark })': {
    call: (net, highWaterMark) => new net.Socket({ highWaterMark }),
    code: VALUE, bad: [['x', '\'x\''], [-1, '-1'], [NaN, 'NaN']],
    message: 'The property \'options.readableHighWaterMark\' is invalid. ' +
      'Received %',
  },
  'setTimeout(msecs)': {
    call: (net, value) => track(new net.Socket()).setTimeout(value), code: TYPE,
    message: argument('msecs', 'of type number'),
    bad: [...NO_NUMBERS, [null, 'null'], [undefined, 'undefined']],
  },
  'setTimeout(number)': {
    call: (net, value) => track(new net.Socket()).setTimeout(value), code: RANGE,
    message: range('msecs', 'a non-negative finite number'),
    bad: [[-1, '-1'], [NaN, 'NaN'], [Infinity, 'Infinity']],
  },
  'setTimeout(5, callback)': {
    call: (net, value) => track(new net.Socket()).setTimeout(5, value), code: TYPE,
    message: argument('callback', 'of type function'),
    bad: [...NO_FUNCTIONS, [null, 'null']],
  },
  'net.connect({ timeout })': {
    call: (net, timeout) => net.connect({ port: 9, timeout }), code: TYPE,
    message: argument('msecs', 'of type number'), bad: NO_NUMBERS,
  },
  'write(chunk)': {
    call: (net, value) => new net.Socket().write(value), code: TYPE,
    message: argument('chunk', BUFFER),
    bad: [...NO_STRINGS, [undefined, 'undefined'],
      [[], 'an instance of Array'], [Symbol('s'), 'type symbol (Symbol(s))'],
      [new ArrayBuffer(1), 'an instance of ArrayBuffer']],
  },
  'write(null)': {
    call: (net, value) => new net.Socket().write(value),
    code: 'ERR_STREAM_NULL_VALUES', bad: [[null]],
    message: 'May not write null values to stream',
  },
  'end(chunk)': {
    call: (net, value) => new net.Socket().end(value), code: TYPE,
    message: argument('chunk', BUFFER), bad: NO_STRINGS,
  },
  'write(text, encoding)': {
    call: (net, value) => new net.Socket().write('x', value),
    code: 'ERR_UNKNOWN_ENCODING', message: 'Unknown encoding: %',
    bad: [['bad', 'bad'], [5, '5']],
  },
  'setEncoding': {
    call: (net, value) => new net.Socket().setEncoding(value),
    code: 'ERR_UNKNOWN_ENCODING', message: 'Unknown encoding: %',
    bad: [['bad', 'bad'], [5, '5']],
  },
  'new Socket({ fd })': {
    call: (net, fd) => new net.Socket({ fd }), code: RANGE,
    message: range('fd', '>= 0 && <= 2147483647'), bad: [[-1, '-1']],
  },
  'new Socket({ fd: fraction })': {
    call: (net, fd) => new net.Socket({ fd }), code: RANGE,
    message: range('fd', 'an integer'),
    bad: [[NaN, 'NaN'], [1.5, '1.5'], [Infinity, 'Infinity']],
  },
  'new Socket({ fd }) of other types': {
    call: (net, fd) => new net.Socket({ fd }), code: TYPE,
    message: argument('fd', 'of type number'),
    bad: [['3', 'type string (\'3\')'], [true, 'type boolean (true)']],
  },
  'new Socket({ objectMode })': {
    call: (net, objectMode) => new net.Socket({ objectMode }), code: VALUE,
    message: 'The property \'options.objectMode\' is not supported. ' +
      'Received %', bad: [[true, 'true'], [1, '1']],
  },
  'createServer(options)': {
    call: (net, value) => net.createServer(value), code: TYPE,
    message: argument('options', 'of type object'),
    bad: [['x', 'type string (\'x\')'], [5, 'type number (5)'],
      [true, 'type boolean (true)']],
  },
  'createServer({ highWaterMark })': {
    call: (net, highWaterMark) => net.createServer({ highWaterMark }),
    code: TYPE, message: property('options.highWaterMark', 'of type number'),
    bad: NO_NUMBERS,
  },
  'getConnections(callback)': {
    call: (net, value) => net.createServer().getConnections(value),
    code: TYPE, message: argument('callback', 'of type function'),
    bad: [...NO_FUNCTIONS, [null, 'null'], [undefined, 'undefined']],
  },
  'setDefaultAutoSelectFamily': {
    call: (net, value) => net.setDefaultAutoSelectFamily(value), code: TYPE,
    message: argument('value', 'of type boolean'),
    bad: [...NO_FUNCTIONS, [null, 'null'], [undefined, 'undefined']],
  },
  'setDefaultAutoSelectFamilyAttemptTimeout(number)': {
    call: (net, value) =>
      net.setDefaultAutoSelectFamilyAttemptTimeout(value),
    code: RANGE, message: range('value', TIMEOUT),
    bad: [[-1, '-1'], [0, '0']],
  },
  'setDefaultAutoSelectFamilyAttemptTimeout': {
    call: (net, value) =>
      net.setDefaultAutoSelectFamilyAttemptTimeout(value),
    code: TYPE, message: argument('value', 'of type number'),
    bad: [...NO_NUMBERS, [null, 'null']],
  },
};

const ODD = ['x', 5, {}];
const onServer = (use) => (net, value) => {
  const server = net.createServer();
  use(server, value);
  return server;
};
const onSocket = (use) => (net, value) => {
  const socket = new net.Socket();
  use(socket, value);
  return socket;
};

// Odd, but nothing throws.
const TOLERATED = {
  'listen({ backlog })': [
    listen((backlog) => ({ port: 0, backlog })), ['x', -1, {}, null]],
  'listen(port, host, 1, callback)': [
    onServer((s, value) => s.listen(0, LOCAL, 1, value)), ODD],
  'close(callback)': [onServer((s, value) => s.close(value)), ODD],
  'createServer({}, listener)': [
    (net, value) => net.createServer({}, value), ODD],
  'createServer({ noDelay })': [
    (net, noDelay) => net.createServer({ noDelay }), [...ODD, null]],
  'connect(port, host, callback)': [
    onSocket((s, value) => s.connect(9, LOCAL, value)), ODD],
  'setKeepAlive(true, delay)': [
    onSocket((s, value) => s.setKeepAlive(true, value)), [...ODD, -1]],
  'setNoDelay': [onSocket((s, value) => s.setNoDelay(value)), ODD],
  'new Socket(options)': [
    (net, value) => new net.Socket(value), ['x', true, [], null]],
  'new Socket({ onread })': [(net, onread) => new net.Socket({ onread }),
    ['x', 5, {}, { buffer: 5, callback: 5 },
      { buffer: Buffer.alloc(1), callback: 'x' }]],
  'connect({ timeout: NaN })': [
    connect((timeout) => ({ port: 9, host: LOCAL, timeout })), [NaN]],
};

function quietly(value) {
  if (value && typeof value.on === 'function') {
    track(value.on('error', () => {}));
  }
}

forEachNet((net) => {
  for (const [title, { call, code, message, bad }] of
    Object.entries(REFUSED)) {
    it(`${title} refuses`, () => {
      for (const [value, received] of bad) {
        const got = outcome(() => call(net, value));
        quietly(got.value);
        const text = INTERNAL ? message.replace('%', () => received) :
          outcome(() => call(coreNet, value)).message;
        assert.deepStrictEqual([got.code, got.message], [code, text]);
      }
    });
  }

  for (const [title, [call, values]] of Object.entries(TOLERATED)) {
    it(`${title} tolerates`, () => {
      for (const value of values) {
        const got = outcome(() => call(net, value));
        quietly(got.value);
        assert.strictEqual(got.message, undefined);
      }
    });
  }

  it('a refused call leaves the object usable', async () => {
    const server = track(net.createServer());
    assert.throws(() => server.listen({ port: -1 }), { code: PORT });
    assert.throws(() => server.listen({}), { code: VALUE });
    server.listen(0, LOCAL);
    await once(server, 'listening');
    const client = track(new net.Socket());
    assert.throws(() => client.connect({ port: -1 }), { code: PORT });
    const accepted = once(server, 'connection');
    client.connect(server.address().port, LOCAL);
    await once(client, 'connect');
    assert.throws(() => client.write(5), { code: TYPE });
    assert.throws(() => client.setTimeout('x'), { code: TYPE });
    const [peer] = await accepted;
    client.write('fine');
    assert.strictEqual(String((await once(peer, 'data'))[0]), 'fine');
  });

  describe('odd paths and ports give an error event', () => {
    async function errorOf(emitter) {
      track(emitter);
      return new Promise((resolve) => { emitter.once('error', resolve); });
    }

    it('connect to a path that is too long', async () => {
      const error = await errorOf(net.connect(tmpPath('x'.repeat(200))));
      const expected =
        await errorOf(coreNet.connect(tmpPath('x'.repeat(200))));
      assert.deepStrictEqual([error.code, error.syscall],
        [expected.code, 'connect']);
    });

    it('connect to a path with a zero byte', async () => {
      const error = await errorOf(net.connect(tmpPath('a\0b')));
      assert.deepStrictEqual([error.code, error.syscall],
        [MAJOR > 20 ? 'EINVAL' : 'ENOENT', 'connect']);
    });

    it('listen on a directory', async () => {
      const error =
        await errorOf(net.createServer().listen(require('os').tmpdir()));
      assert.strictEqual(error.code, 'EADDRINUSE');
    });

    it('listen({ fd }) of a number not open', async () => {
      const error = await errorOf(net.createServer().listen({ fd: 1e6 }));
      assert.deepStrictEqual([error.code, error.message],
        ['EINVAL', 'listen EINVAL: invalid argument']);
    });

    it('a host name that is too long', async () => {
      const error = await errorOf(
        net.connect({ port: 9, host: 'a'.repeat(300) }));
      assert.strictEqual(error.syscall, 'getaddrinfo');
    });

    for (const localPort of [-1, 65536, 1.5]) {
      it(`localPort ${localPort}`, async () => {
        const port = await closedPort(net);
        const options = { port, host: LOCAL, localPort };
        const error = await errorOf(net.connect(options));
        const expected = await errorOf(coreNet.connect(options));
        assert.deepStrictEqual([error.code, error.syscall],
          [expected.code, expected.syscall]);
      });
    }
  });
});
