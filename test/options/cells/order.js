'use strict';

// What comes first: which of two wrong options is refused, what a getter that
// destroys does, connect() and listen() again, answers of the resolver to
// listen(), channels.

const diagnostics = require('node:diagnostics_channel');
const dns = require('node:dns');
const { describe, outcome } = require('../describe');
const { ALL, plain } = require('../values');
const { note, observeServer, observeSocket, observe, stateOf, turns, until } =
  require('../world');

const LOCAL = '127.0.0.1';

const BAD = {
  port: 70000,
  'port type': ['port', {}],
  host: {},
  'host with NUL': ['host', 'a\0b'],
  localAddress: 'x',
  localPort: 'x',
  autoSelectFamily: 'x',
  autoSelectFamilyAttemptTimeout: 'x',
  lookup: 'x',
  keepAliveInitialDelay: 'x',
  objectMode: true,
  writableObjectMode: true,
  typeOfService: 256,
  blockList: { no: 'list' },
  signal: { no: 'signal' },
  fd: -1,
  path: {},
  highWaterMark: -1,
  encoding: 'nope',
  timeout: 'x',
  onread: { get buffer() { throw new Error('buffer'); } },
};

const BAD_SERVER = {
  keepAliveInitialDelay: 'x',
  highWaterMark: 'x',
  blockList: { no: 'list' },
};

const BAD_LISTEN = {
  port: 70000,
  'port type': ['port', {}],
  path: {},
  'abstract path': ['path', '\0x'],
  readableAll: true,
  signal: { no: 'signal' },
  fd: 9999,
  host: {},
  backlog: 1n,
};

function* pairsOf(table) {
  const entries = Object.entries(table).map(([name, value]) =>
    [name, ...(Array.isArray(value) ? value : [name, value])]);
  for (const [name, key, value] of entries) {
    for (const [other, otherKey, otherValue] of entries) {
      if (name >= other || key === otherKey) continue;
      yield [`${name} and ${other}`, { [key]: value, [otherKey]: otherValue }];
    }
  }
}

function* pairs() {
  for (const [names, options] of pairsOf(BAD)) {
    yield [`connect, both wrong: ${names}`, (sut, { port }) =>
      observeSocket(() => sut.connect({ port, host: 'localhost', ...options }))];
    yield [`new Socket, both wrong: ${names}`, (sut) =>
      observeSocket(() => new sut.Socket(options), { settled: () => true })];
    yield [`socket.connect, both wrong: ${names}`, (sut, { port }) =>
      onSocket(new sut.Socket(), (socket) =>
        socket.connect({ port, host: 'localhost', ...options }))];
  }
  for (const [names, options] of pairsOf(BAD_SERVER)) {
    yield [`createServer, both wrong: ${names}`, (sut) =>
      observeServer(() => sut.createServer(options))];
  }
  for (const [names, options] of pairsOf(BAD_LISTEN)) {
    yield [`listen, both wrong: ${names}`, (sut) =>
      observeServer(() => sut.createServer().listen(options))];
  }
}

// What becomes of the socket, also when the call throws. Its handle is not
// compared: core leaves one behind that nothing closes.
async function onSocket(socket, act) {
  const call = outcome(() => act(socket) === socket);
  const { now, then } = await observeSocket(() => socket);
  if (call.threw) {
    for (const state of [now, then]) delete state.handle;
  }
  return { call, now, then };
}

const READ = ['port', 'host', 'localAddress', 'localPort', 'autoSelectFamily',
  'autoSelectFamilyAttemptTimeout', 'lookup', 'family', 'hints', 'path'];

function* getters() {
  for (const option of READ) {
    for (const action of ['destroy', 'end', 'pause', 'unref']) {
      // It is read twice, and to end a socket twice is no matter of options.
      if (option === 'port' && action === 'end') continue;
      yield [`a getter of ${option} calls ${action}()`, (sut, { port }) =>
        onSocket(new sut.Socket(), (socket) => {
          const options = { port, host: 'localhost' };
          const value = options[option];
          return socket.connect(Object.defineProperty(options, option, {
            get() {
              socket[action]();
              return value;
            }, enumerable: true }));
        })];
    }
    yield [`a getter of ${option} looks`, (sut, { port }) =>
      onSocket(new sut.Socket(), (socket) => {
        const options = { port, host: 'localhost' };
        const value = options[option];
        return socket.connect(Object.defineProperty(options, option, {
          get() {
            note('look', socket.connecting, socket.destroyed,
              socket.listenerCount('connect'));
            return value;
          }, enumerable: true }), () => {});
      })];
  }
}

const AGAIN = {
  'connect twice': (socket, { port }) => {
    socket.connect(port, LOCAL);
    socket.connect(port, LOCAL);
  },
  'connect, connect by name': (socket, { port }) => {
    socket.connect(port, LOCAL);
    socket.connect(port, 'localhost');
  },
  'by name twice': (socket, { port }) => {
    socket.connect(port, 'localhost');
    socket.connect(port, 'localhost');
  },
  'refused, again': (socket, { port }) => {
    note('threw', outcome(() => socket.connect(70000)));
    socket.connect(port, LOCAL);
  },
  'connect, refused': (socket, { port }) => {
    socket.connect(port, LOCAL);
    note('threw', outcome(() => socket.connect(70000)));
  },
  'connected, refused': (socket, { port }) => {
    socket.connect(port, LOCAL, () => {
      note('threw', outcome(() => socket.connect(70000)));
      socket.end('x', () => note('sent'));
    });
  },
  'destroy, connect': (socket, { port }) => {
    socket.destroy();
    socket.connect(port, LOCAL);
  },
  'connect, destroy': (socket, { port }) => {
    socket.connect(port, LOCAL);
    socket.destroy();
  },
  'connect by name, destroy': (socket, { port }) => {
    socket.connect(port, 'localhost');
    socket.destroy();
  },
  'end, connect': (socket, { port }) => {
    socket.end();
    socket.connect(port, LOCAL);
  },
  'write, connect': (socket, { port }) => {
    socket.write('x', (error) => note('written', error));
    socket.connect(port, LOCAL);
  },
  'connect, end': (socket, { port }) => {
    socket.connect(port, LOCAL);
    socket.end('x');
  },
  'bad path, again': (socket, { port }) => {
    socket.once('close', () => socket.connect(port, LOCAL));
    socket.connect('/nope/socket');
  },
};

function* again() {
  for (const [name, act] of Object.entries(AGAIN)) {
    yield [`again: ${name}`, (sut, world) =>
      onSocket(new sut.Socket(), (socket) => {
        act(socket, world);
        return socket;
      })];
  }
}

const v4 = (address) => ({ address, family: 4 });
const v6 = (address) => ({ address, family: 6 });

const ANSWERS = [
  ['one', () => [v4(LOCAL)]],
  ['link-local, one', () => [v6('fe80::1'), v4(LOCAL)]],
  ['link-local of the end, one', () => [v6('febf::1'), v4(LOCAL)]],
  ['site-local, one', () => [v6('fec0::1'), v4(LOCAL)]],
  ['three digits, one', () => [v6('fe8::1'), v4(LOCAL)]],
  ['long link-local, one', () => [v6('fe80:0:0:0:0:0:0:1'), v4(LOCAL)]],
  ['five digits, one', () => [v6('fe800::1'), v4(LOCAL)]],
  ['zone, one', () => [v6('fe80::1%lo'), v4(LOCAL)]],
  ['upper case, one', () => [v6('FE80::1'), v4(LOCAL)]],
  ['IPv6, one', () => [v6('::1'), v4(LOCAL)]],
  ['only link-local', () => [v6('fe80::1')]],
  ['wrong family', () => [v6(LOCAL)]],
  ['fe80 as IPv4', () => [v4('fe80::1'), v4(LOCAL)]],
  ['169.254', () => [v4('169.254.0.1'), v4(LOCAL)]],
  ['no family', () => [{ address: LOCAL }]],
  ['empty address', () => [v4('')]],
  ['no IP', () => [v4('x')]],
  ...ALL,
  ...ALL.map(([name, make]) => [`only element ${name}`, () => [make()]]),
];

// What dns.lookup() answers to listen().
async function listenWith(sut, answer) {
  const { lookup } = dns;
  dns.lookup = (host, ...rest) => {
    note('dns.lookup', host, ...rest);
    const callback = rest.pop();
    setImmediate(() => {
      if (rest[0]?.all || !Array.isArray(answer)) callback(null, answer, 4);
      else callback(null, answer[0]?.address, answer[0]?.family);
    });
  };
  try {
    return await observeServer(() => sut.createServer().listen(0, 'some.name'));
  } finally {
    dns.lookup = lookup;
  }
}

function* listenByName() {
  for (const [name, make] of ANSWERS) {
    yield [`listen by name, answer: ${name}`, (sut) => listenWith(sut, make())];
  }
  for (const [name, make] of plain('Error', null, 0, '')) {
    yield [`listen by name, error: ${name}`, async (sut) => {
      const { lookup } = dns;
      dns.lookup = (host, ...rest) => setImmediate(rest.at(-1),
        name === '\'Error\'' ? new Error('e') : make());
      try {
        return await observeServer(() =>
          sut.createServer().listen(0, 'some.name'));
      } finally {
        dns.lookup = lookup;
      }
    }];
  }
}

const CHANNELS = ['net.client.socket', 'net.server.socket',
  'tracing:net.server.listen:asyncStart', 'tracing:net.server.listen:asyncEnd',
  'tracing:net.server.listen:error', 'tracing:net.client.connect:start'];

async function withChannels(run) {
  const heard = CHANNELS.map((name) => [name, (message) =>
    note(name, Object.keys(message), message.error)]);
  for (const [name, listener] of heard) diagnostics.subscribe(name, listener);
  try {
    return await run();
  } finally {
    for (const [name, listener] of heard) {
      diagnostics.unsubscribe(name, listener);
    }
  }
}

function* channels() {
  const where = { address: [0, LOCAL], any: [0], name: [0, 'localhost'],
    'unknown name': [0, 'no.such.name'], 'bad path': ['/nope/socket'],
    'bad port': [70000], 'bad options': [{}], 'bad fd': [{ fd: 9999 }] };
  for (const [name, args] of Object.entries(where)) {
    yield [`channels of listen: ${name}`, (sut) => withChannels(() =>
      observeServer(() => sut.createServer().listen(...args)))];
  }
  yield ['channels of connect', (sut, { port }) => withChannels(() =>
    observeSocket(() => sut.connect(port, LOCAL)))];
  yield ['channels of socket.connect', (sut, { port }) => withChannels(() =>
    observeSocket(() => new sut.Socket().connect(port, LOCAL)))];
  yield ['channels of connect by name', (sut, { port }) => withChannels(() =>
    observeSocket(() => sut.connect(port, 'localhost')))];
  yield ['channels of connect to a path', (sut, { file }) => withChannels(() =>
    observeSocket(() => sut.connect(file)))];
  yield ['channels of new Socket', (sut) => withChannels(() =>
    observeSocket(() => new sut.Socket()))];
  yield ['channels of a wrong connect', (sut) => withChannels(() =>
    observeSocket(() => sut.connect(70000)))];
  yield ['channels of a connection', (sut, world) =>
    withChannels(() => connection(sut, world))];
}

async function connection(sut) {
  const server = sut.createServer().listen(0, LOCAL);
  observe(server, ['listening', 'connection']);
  await until(() => server.listening);
  const client = sut.connect(server.address().port, LOCAL);
  observe(client, ['connect', 'error']);
  await turns(6);
  const state = describe(stateOf(client));
  client.destroy();
  server.close();
  await turns(3);
  return { state };
}

module.exports = { groups: { pairs, getters, again, listenByName, channels } };
