'use strict';

// The module without the preload: beside core's net, in any order, more than
// once, and its sockets given to the rest of Node.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT, forEachNet, finished, inChild, spawnNode, spawnScript, tmpPath } =
  require('./helper');

// Begins with core modules in some order, around the one under test.
const ORDERS = {
  'net first': ['NET', 'tls', 'http', 'http2', 'child_process', 'cluster'],
  'net last': ['tls', 'http', 'http2', 'child_process', 'cluster', 'NET'],
  'net alone, others when they are needed': ['NET'],
};

// All that core does with sockets of somebody's own, each as one line.
async function everywhere(net, helper) {
  const { spawn } = require('node:child_process');
  const http = require('node:http');
  const http2 = require('node:http2');
  const tls = require('node:tls');
  const psk = require(`${helper.ROOT}/test/psk.js`);
  const host = '127.0.0.1';
  const text = async (stream) => String(await helper.collect(stream));
  const results = {};
  async function listening(server) {
    await helper.listen(server);
    return server.address().port;
  }
  const ways = {
    // Whether asking changes anything for what comes after.
    async instanceOf() {
      const core = require('node:net');
      const port = await listening(net.createServer((s) => s.end('hello')));
      const socket = helper.track(net.connect(port, host));
      return [socket instanceof net.Socket, socket instanceof core.Socket,
        await text(socket)].join(' ');
    },
    async httpClient() {
      const port = await listening(http.createServer((request, response) =>
        request.pipe(response)));
      const request = http.request({ method: 'POST',
        createConnection: () => net.connect(port, host) });
      request.end('x'.repeat(100000));
      const [response] = await helper.once(request, 'response');
      return (await text(response)).length;
    },
    async httpServer() {
      const server = http.createServer((request, response) =>
        response.end('hello'));
      const port = await listening(net.createServer((socket) =>
        server.emit('connection', socket)));
      const request = http.get({ port, host, agent: false });
      const [response] = await helper.once(request, 'response');
      return text(response);
    },
    async tlsClient() {
      const port = await listening(tls.createServer(psk.server, (s) => s.pipe(s)));
      const socket = tls.connect({ ...psk.client,
        socket: net.connect(port, host) });
      socket.end('hello');
      return text(socket);
    },
    async tlsClientOfConnected() {
      const port = await listening(tls.createServer(psk.server, (s) => s.pipe(s)));
      const given = net.connect(port, host);
      await helper.once(given, 'connect');
      const socket = tls.connect({ ...psk.client, socket: given });
      socket.end('hello');
      return text(socket);
    },
    async tlsServer() {
      const port = await listening(net.createServer((socket) => {
        const secure = new tls.TLSSocket(socket, { ...psk.server, isServer: true });
        secure.on('error', () => {});
        secure.end('hello');
      }));
      return text(tls.connect({ ...psk.client, port, host }));
    },
    async tlsAfterAll() {
      const port = await listening(tls.createServer(psk.server, (s) =>
        s.end('hello')));
      return text(tls.connect({ ...psk.client, port, host }));
    },
    async http2Server() {
      const server = http2.createServer((request, response) =>
        response.end('hello'));
      const port = await listening(net.createServer((socket) =>
        server.emit('connection', socket)));
      const session = helper.track(http2.connect(`http://${host}:${port}`));
      return text(session.request());
    },
    async http2Client() {
      const port = await listening(http2.createServer((request, response) =>
        response.end('hello')));
      const session = helper.track(http2.connect('http://x',
        { createConnection: () => net.connect(port, host) }));
      return text(session.request());
    },
    async stdio() {
      const port = await listening(net.createServer((socket) => {
        const child = spawn('cat', { stdio: [socket, socket, 'inherit'] });
        child.on('exit', () => socket.destroy());
      }));
      const socket = net.connect(port, host);
      socket.end('hello');
      return text(socket);
    },
  };
  for (const [name, run] of Object.entries(ways)) {
    try {
      results[name] = await run();
    } catch (error) {
      results[name] = error.message;
    }
  }
  return results;
}

const RESULTS = {
  instanceOf: 'true true hello',
  httpClient: 100000,
  httpServer: 'hello',
  tlsClient: 'hello',
  tlsClientOfConnected: 'hello',
  tlsServer: 'hello',
  tlsAfterAll: 'hello',
  http2Server: 'hello',
  http2Client: 'hello',
  stdio: 'hello',
};

// What a program sees of core's own classes, before and after.
async function sideEffects(net, helper) {
  const core = require('node:net');
  const tls = require('node:tls');
  const { spawn } = require('node:child_process');
  const describe = () => [
    Object.getPrototypeOf(tls.TLSSocket.prototype) === core.Socket.prototype,
    Object.getPrototypeOf(core.Socket.prototype) ===
      require('node:stream').Duplex.prototype,
    Object.keys(core).length,
    Object.getOwnPropertyNames(core.Socket.prototype).length,
  ].join();
  const before = describe();
  const { client, server } = await helper.pair(net);
  const isSocket = client instanceof net.Socket;
  client.destroy();
  await helper.once(client, 'close');
  const hits = [];
  const { connect } = core.Socket.prototype;
  core.Socket.prototype.connect = function(...args) {
    hits.push(this.constructor.name);
    return connect.apply(this, args);
  };
  for (const open of [tls.connect, core.connect]) {
    const one = open({ port: 1, host: '127.0.0.1' });
    one.on('error', () => {});
    await new Promise((resolve) => { one.on('close', resolve); });
  }
  core.Socket.prototype.connect = connect;
  const child = spawn('true');
  const stdin = Object.getPrototypeOf(child.stdin) === core.Socket.prototype;
  await helper.once(child, 'exit');
  server.close();
  return [before === describe(), isSocket, hits, stdin];
}

// Two evaluations of the files over one binary, as test runners make them.
async function evaluatedTwice(first, helper) {
  const name = require.resolve(helper.second);
  const folder = require('node:path').dirname(require.resolve(helper.ROOT));
  for (const key of Object.keys(require.cache)) {
    if (name.startsWith('/') && key.startsWith(folder)) delete require.cache[key];
  }
  const second = require(helper.second);
  async function echo(server, client) {
    const { client: one } = await helper.pair(
      { createServer: server.createServer, connect: client.connect },
      { server: { allowHalfOpen: true } });
    one.on('close', () => {});
    return Boolean(one);
  }
  async function talk(net) {
    const server = await helper.listen(net.createServer((s) => s.pipe(s)));
    const socket = helper.track(net.connect(server.address().port, '127.0.0.1'));
    socket.end('ping');
    return String(await helper.collect(socket));
  }
  return [await talk(first), await talk(second), await talk(first),
    ...await Promise.all([talk(first), talk(second)]),
    await echo(first, second), await echo(second, first)];
}

// Sockets in states in which core lets http's parser read from the handle, given
// to an http server that has not accepted them.
async function parsed(net, helper) {
  const http = require('node:http');
  const host = '127.0.0.1';
  const results = {};
  const states = {
    'readable': (socket) => socket.on('readable', () => {}),
    'paused': (socket) => socket.pause(),
    'flowing': (socket) => socket.on('data', () => {}),
    'onread': () => {},
  };
  for (const [state, use] of Object.entries(states)) {
    const server = http.createServer((request, response) => {
      request.on('data', (chunk) => response.write(chunk));
      request.on('end', () => response.end());
    });
    const outer = await helper.listen(net.createServer());
    const onread = { buffer: Buffer.alloc(16), callback: () => true };
    const accepted = helper.once(outer, 'connection');
    const socket = helper.track(net.connect({ port: outer.address().port, host,
      ...(state === 'onread' ? { onread } : {}) }));
    const [[peer]] = await Promise.all([accepted,
      helper.once(socket, 'connect')]);
    use(socket);
    server.emit('connection', socket);
    peer.write('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n' +
      'Content-Length: 60\r\n\r\n');
    peer.write('0123456789'.repeat(6));
    const answer = await Promise.race([helper.collect(peer),
      new Promise((resolve) => { setTimeout(resolve, 2000, 'nothing'); })]);
    results[state] = String(answer).includes('0123456789');
  }
  return results;
}

// Core's own class over a handle of the module's, and asking for it.
async function overHandle(net, helper) {
  const core = require('node:net');
  const { client, peer } = await helper.pair(net);
  const other = helper.track(new core.Socket({ handle: client._handle }));
  client._handle = null;
  const length = 8 << 20;
  const events = helper.eventLog(other, ['error', 'finish', 'end', 'close']);
  other.on('data', () => {});
  other.end(Buffer.alloc(length));
  const bytes = await helper.collect(peer);
  await helper.closed(other);
  return [bytes.length === length, ...events.sort()];
}

async function asked(net, helper) {
  const core = require('node:net');
  const { client, server } = await helper.pair(net);
  class Mine extends net.Socket {}
  const destroyed = new net.Socket().destroy();
  client.destroy();
  return [client, destroyed, new net.Socket(), new Mine(),
    Object.create(net.Socket.prototype)].map((socket) =>
    socket instanceof core.Socket && socket instanceof net.Socket)
    .concat(require('node:util').inspect(server).includes('uvnet'));
}

// A child's stdio: seen through a proxy, and too early.
async function asStdio(net, helper) {
  const { spawn } = require('node:child_process');
  const { client, peer, server } = await helper.pair(net);
  const proxy = new Proxy(client, { get(target, key) {
    const value = Reflect.get(target, key);
    return typeof value === 'function' ? value.bind(target) : value;
  } });
  peer.write('to the child');
  peer.end();
  const child = helper.track(spawn('cat', { stdio: [proxy, 'pipe', 'inherit'] }));
  const text = String(await helper.collect(child.stdout));
  const early = net.connect(server.address().port, '127.0.0.1');
  helper.track(early);
  const { code } = helper.outcome(() => spawn('true', { stdio: [early] }));
  return [text, code];
}

const IMPORTS = {
  'default': 'import net from \'X\'; console.log(typeof net.connect);',
  'named': 'import { connect, createServer, Socket, Server, isIP, BlockList, ' +
    'SocketAddress, Stream } from \'X\'; ' +
    'console.log(typeof connect, typeof SocketAddress, Stream === Socket);',
  'namespace': 'import * as net from \'X\'; ' +
    'console.log(typeof net.connect, typeof net.default.connect);',
  'dynamic': 'const { connect } = await import(\'X\'); ' +
    'console.log(typeof connect);',
};

forEachNet((net, name) => {
  describe('sockets given to the rest of Node', () => {
    for (const [order, modules] of Object.entries(ORDERS)) {
      it(order, async () => {
        const first = modules.map((id) =>
          `require(${id === 'NET' ? 'NET' : `'node:${id}'`});`).join(' ');
        const file = tmpPath('first.js');
        fs.writeFileSync(file, first.replaceAll('NET',
          JSON.stringify(name === 'core' ? 'node:net' : ROOT)));
        assert.deepStrictEqual(await inChild(name, everywhere,
          { flags: ['-r', file] }), RESULTS);
      }).timeout(30000);
    }
  });

  it('core\'s own classes stay as they are', async () => {
    assert.deepStrictEqual(await inChild(name, sideEffects),
      [true, true, ['TLSSocket', 'Socket'], true]);
  });

  it('http\'s parser reads whoever gives it the socket', async () => {
    assert.deepStrictEqual(await inChild(name, parsed),
      { readable: true, paused: true, flowing: true, onread: true });
  });

  it('core\'s class over a handle of the module\'s', async () => {
    assert.deepStrictEqual(await inChild(name, overHandle),
      [true, 'close:false', 'end', 'finish']);
  });

  it('all sockets are core\'s to whoever asks', async () => {
    assert.deepStrictEqual(await inChild(name, asked),
      [true, true, true, true, true, false]);
  });

  it('a child\'s stdio', async () => {
    assert.deepStrictEqual(await inChild(name, asStdio),
      ['to the child', 'EINVAL']);
  });

  it('evaluated twice over one binary', async () => {
    const second = name === 'core' ? 'node:net' : ROOT;
    const script = `async (net, helper) => {
      helper.second = ${JSON.stringify(second)};
      return (${evaluatedTwice})(net, helper);
    }`;
    assert.deepStrictEqual(await inChild(name, script),
      ['ping', 'ping', 'ping', 'ping', 'ping', true, true]);
  });

  describe('import', () => {
    for (const [kind, source] of Object.entries(IMPORTS)) {
      it(kind, async () => {
        const file = tmpPath('script.mjs');
        const specifier = name === 'core' ? 'node:net' : 'uvnet';
        const modules = path.join(path.dirname(file), 'node_modules');
        fs.mkdirSync(modules);
        fs.symlinkSync(ROOT, path.join(modules, 'uvnet'));
        fs.writeFileSync(file, source.replace('X', specifier));
        const { code, stdout, stderr } = await finished(spawnNode([file]));
        assert.deepStrictEqual([code, stderr], [0, '']);
        assert.match(stdout, /^(function|true| |\n)+$/);
      });
    }
  });

  it('in a vm context', async () => {
    const { code, stdout, stderr } = await spawnScript(name, `
      const vm = require('node:vm');
      const context = vm.createContext({ net, log: console.log });
      vm.runInContext(\`
        const server = net.createServer((socket) => socket.pipe(socket));
        server.listen(0, '127.0.0.1', () => {
          const socket = net.connect({ port: server.address().port,
            host: '127.0.0.1', onread: { buffer: new Uint8Array(16),
              callback(count) { log(count); socket.destroy(); server.close(); } } });
          socket.write(new Uint8Array(5));
        });\`, context);`);
    assert.deepStrictEqual([code, stdout, stderr], [0, '5\n', '']);
  });
});
