'use strict';

// createServer(), server.listen() and what else a server takes.

const { net } = require('../../../lib/builtin');
const { describe, outcome } = require('../describe');
const { ALL, FEW, plain, waysOf } = require('../values');
const { discard, note, observe, observeServer, turns, until, watchServer } =
  require('../world');
const { HOSTS, PATHS, PORTS, SIGNALS, lists } = require('./connect');

const LOCAL = '127.0.0.1';
const EVENTS = ['listening', 'connection', 'drop', 'error', 'close'];

// [option, values beside the common ones, values to inherit]
const CONSTRUCTOR = [
  ['allowHalfOpen', [], plain(true)],
  ['pauseOnConnect', [], plain(true)],
  ['noDelay', [], plain(true)],
  ['keepAlive', [], plain(true)],
  ['keepAliveInitialDelay', plain(1000, 1999, -1000, '1000'), plain(1000)],
  ['highWaterMark', plain(1024, '1024', 0.5), plain(1024)],
  ['captureRejections', [], plain(true)],
  ['blockList', [], []],
  ['maxConnections', plain(2), plain(2)],
  ['keepAliveInterval', plain(1000), []],
];

function* constructors() {
  for (const [name, make] of ALL) {
    yield [`createServer(${name})`, (sut) =>
      observeServer(() => sut.createServer(make()))];
    yield [`new Server(${name})`, (sut) =>
      observeServer(() => new sut.Server(make()))];
    yield [`Server(${name})`, (sut) => observeServer(() => sut.Server(make()))];
    yield [`createServer({}, ${name})`, (sut) =>
      observeServer(() => sut.createServer({}, make()))];
    yield [`createServer(undefined, ${name})`, (sut) =>
      observeServer(() => sut.createServer(undefined, make()))];
  }
  for (const [option, extra, inherited] of CONSTRUCTOR) {
    for (const [name, make] of waysOf(option, [...ALL, ...extra], inherited)) {
      yield [`createServer ${option}: ${name}`, (sut) =>
        observeServer(() => sut.createServer(make({})).listen(0, LOCAL),
          { visit: true })];
    }
  }
  for (const [name, make] of lists()) {
    yield [`createServer blockList: ${name}`, (sut) =>
      observeServer(() =>
        sut.createServer({ blockList: make(sut) }).listen(0, LOCAL),
      { visit: true })];
  }
}

const handles = [
  ['a socket', (sut) => new sut.Socket()],
  ['a server', (sut) => sut.createServer()],
  ['a listening server', (sut) => sut.createServer().listen(0, LOCAL)],
  ['fd', () => ({ fd: 9999 })],
  ['fd text', () => ({ fd: '3' })],
  ['fd -1', () => ({ fd: -1 })],
  ['_createServerHandle()', (sut) => sut._createServerHandle(LOCAL, 0, 4)],
  ['{ _handle }', (sut) => ({ _handle: sut._createServerHandle(LOCAL, 0, 4) })],
  ['{ handle }', (sut) => ({ handle: sut._createServerHandle(LOCAL, 0, 4) })],
];

const LISTEN = [
  ['port', PORTS, plain(0)],
  ['host', HOSTS, plain(LOCAL)],
  ['backlog', plain(511, 128, '128'), plain(1)],
  ['exclusive', [], plain(true)],
  ['ipv6Only', [], plain(true)],
  ['reusePort', [], plain(true)],
  ['readableAll', [], plain(true)],
  ['writableAll', [], plain(true)],
  ['signal', SIGNALS, [SIGNALS[1]]],
  ['fd', plain(9999, -5, '9999'), plain(9999)],
  ['handle', [], []],
  ['_handle', [], []],
];

// What a system can open only when nothing else has it.
const isSkipped = (option, name) => option === 'fd' &&
  ['0', '1', '-0', '2**31', '2**32+7', '1e21'].includes(name);

function* listenOptions() {
  for (const [option, extra, inherited] of LISTEN) {
    for (const [name, make] of waysOf(option, [...ALL, ...extra], inherited)) {
      if (isSkipped(option, name)) continue;
      yield [`listen ${option}: ${name}`, (sut) => observeServer(() =>
        sut.createServer().listen(make({ port: 0, host: LOCAL })))];
      if (['port', 'host'].includes(option)) continue;
      if (extra.every(([one]) => one !== name) && !FEW.some(([one]) =>
        one === name)) continue;
      yield [`listen path and ${option}: ${name}`, (sut, world) => {
        const path = world.freshPath();
        return observeServer(() => sut.createServer().listen(make({ path })));
      }];
      yield [`listen any and ${option}: ${name}`, (sut) =>
        observeServer(() => sut.createServer().listen(make({ port: 0 })))];
    }
  }
  for (const [name, make] of waysOf('path', [...ALL, ...PATHS],
    plain('/nope/socket'))) {
    if (isRelative(name)) continue;
    yield [`listen path: ${name}`, (sut) =>
      observeServer(() => sut.createServer().listen(make({})))];
    yield [`listen path for all: ${name}`, (sut) => observeServer(() =>
      sut.createServer().listen(make({ readableAll: true })))];
    yield [`listen path and port: ${name}`, (sut) => observeServer(() =>
      sut.createServer().listen(make({ port: 0, host: LOCAL })))];
  }
}

// A path without a folder would be made where the tests are run.
function isRelative(name) {
  return ["'x'", 'long text', "'a\0b'", "'80x'", "'127.0.0.1'"].includes(name) ||
    HOSTS.some(([host]) => host === name);
}

function* listenArguments() {
  yield ['listen()', (sut) => observeServer(() => sut.createServer().listen())];
  for (const [name, make] of [...ALL, ...PORTS, ...handles, ...PATHS]) {
    const isPath = isRelative(name) || PORTS.some(([port]) => port === name);
    if (!isPath || ['65536', '65535', '80'].includes(name)) {
      yield [`listen(${name})`, (sut) =>
        observeServer(() => sut.createServer().listen(make(sut)))];
      yield [`listen(${name}, host)`, (sut) =>
        observeServer(() => sut.createServer().listen(make(sut), LOCAL))];
      yield [`listen(${name}, callback)`, (sut) => observeServer(() =>
        sut.createServer().listen(make(sut), () => note('callback')))];
    }
    yield [`listen(port, ${name})`, (sut) =>
      observeServer(() => sut.createServer().listen(0, make(sut)))];
    yield [`listen(port, host, ${name})`, (sut) =>
      observeServer(() => sut.createServer().listen(0, LOCAL, make(sut)))];
    yield [`listen(port, host, backlog, ${name})`, (sut) => observeServer(() =>
      sut.createServer().listen(0, LOCAL, 5, make(sut)))];
    yield [`listen(options, ${name})`, (sut) => observeServer(() =>
      sut.createServer().listen({ port: 0, host: LOCAL }, make(sut)))];
    yield [`listen(path, ${name})`, (sut, world) => {
      const path = world.freshPath();
      return observeServer(() => sut.createServer().listen(path, make(sut)));
    }];
  }
  for (const [name] of [...HOSTS, ...PATHS]) {
    const host = HOSTS.concat(PATHS).find(([one]) => one === name)[1];
    yield [`listen(port, host ${name})`, (sut) =>
      observeServer(() => sut.createServer().listen(0, host()))];
  }
}

function* methods() {
  for (const method of ['getConnections', 'close', 'address', 'ref', 'unref',
    '_emitCloseIfDrained', '_setupWorker']) {
    for (const [name, make] of [['nothing', null], ...ALL]) {
      if (method === '_setupWorker') continue;
      for (const isListening of [false, true]) {
        yield [`${method}(${name}) ${isListening ? 'listening' : 'fresh'}`,
          async (sut) => {
            const server = sut.createServer();
            if (isListening) {
              server.listen(0, LOCAL);
              await until(() => server.listening);
            }
            observe(server, EVENTS);
            const call = outcome(() => {
              const value = make ? server[method](make()) : server[method]();
              return value === server ? 'itself' : value;
            });
            const then = await watchServer(server);
            return { call, ...then };
          }];
      }
    }
  }
  yield* limits();
}

// How many of three connections get in.
function* limits() {
  for (const [name, make] of [...ALL, ...plain(2, '2', 2.5)]) {
    yield [`maxConnections = ${name}`, async (sut) => {
      const server = sut.createServer().listen(0, LOCAL);
      await until(() => server.listening);
      observe(server, EVENTS);
      const set = outcome(() => { server.maxConnections = make(); });
      const { port } = server.address();
      const clients = [];
      for (let i = 0; i < 3; i++) {
        clients.push(net.connect(port, LOCAL).on('error', () => {}));
        await turns(4);
      }
      const count = server._connections;
      for (const client of clients) await discard(client);
      return { set, count, ...await watchServer(server) };
    }];
  }
}

const AGAIN = {
  'name, address': (server) => {
    server.listen(0, 'localhost');
    server.listen(0, LOCAL);
  },
  'name, name': (server) => {
    server.listen(0, 'localhost', () => note('first'));
    server.listen(0, 'localhost', () => note('second'));
  },
  'name, any': (server) => {
    server.listen(0, 'localhost');
    server.listen(0);
  },
  'name, close': (server) => {
    server.listen(0, 'localhost');
    server.close();
  },
  'name, close, name': (server) => {
    server.listen(0, 'localhost');
    server.close();
    server.listen(0, 'localhost');
  },
  'address, address': (server) => {
    server.listen(0, LOCAL);
    server.listen(0, LOCAL);
  },
  'address, name': (server) => {
    server.listen(0, LOCAL);
    server.listen(0, 'localhost');
  },
  'bad port, address': (server) => {
    note('threw', outcome(() => server.listen(70000)));
    server.listen(0, LOCAL);
  },
  'bad options with a callback': (server) => {
    note('threw', outcome(() => server.listen({}, () => note('stays'))));
    server.listen(0, LOCAL);
  },
  'bad path, address': (server) => {
    server.once('error', () => server.listen(0, LOCAL));
    server.listen('/nope/socket');
  },
  'unknown name, address': (server) => {
    server.once('error', () => server.listen(0, LOCAL));
    server.listen(0, 'no.such.name');
  },
  'close in listening': (server) => {
    server.listen(0, LOCAL, () => server.close(() => note('closed')));
  },
  'close, listen in close': (server) => {
    server.listen(0, LOCAL);
    server.close(() => server.listen(0, LOCAL));
  },
  'unref, listen': (server) => {
    server.unref();
    server.listen(0, LOCAL);
  },
};

function* sequences() {
  for (const [name, act] of Object.entries(AGAIN)) {
    yield [`listen twice: ${name}`, (sut) => observeServer(() => {
      const server = sut.createServer();
      observe(server, EVENTS);
      note('call', describe(outcome(() => act(server))));
      return server;
    })];
  }
}

module.exports = {
  groups: { constructors, listenOptions, listenArguments, serverMethods: methods,
    sequences },
};
