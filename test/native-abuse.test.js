'use strict';

// What a program does to uvnet's handles, to the functions in C, and to the memory
// between both, that no program should. test/abuse/ found these; each must leave
// the process and the other sockets as they were.

const assert = require('node:assert');
const path = require('node:path');
const {
  MAJOR, disposeAll, eventually, finished, forEachNet, inChild, spawnNode,
} = require('./helper');

const ABUSE = path.join(__dirname, 'abuse', 'run.js');
const VALUES = path.join(__dirname, 'differential', 'values', 'run.js');

async function run(file, ...args) {
  const { code, stdout, stderr } = await finished(spawnNode(
    ['--no-warnings', file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }));
  return { code, text: stdout + stderr };
}

describe('abuse', function suite() {
  this.timeout(120000);
  afterEach(disposeAll);

  it('scripts that do what no program should hurt no other socket', async () => {
    const { code, text } = await run(ABUSE, '--scripts', '150', '--seed', '1');
    assert.strictEqual(code, 0, text);
  });

  it('random addresses, block lists and options are the same as core\'s', async () => {
    const { code, text } = await run(VALUES, '--count', '10000');
    assert.strictEqual(code, 0, text);
  });

  it('finds a difference', async () => {
    const { code, text } = await run(VALUES, '--count', '10000', '--sabotage');
    assert.strictEqual(code, 1, text);
  });
});

// An instance of the addon that lib/ knows nothing of.
const RAW = `
  const addon = { exports: {} };
  process.dlopen(addon, process.env.UVNET_BINARY ||
    helper.ROOT + '/build/Release/uvnet.node');
  const share = (size) => new Uint8Array(new SharedArrayBuffer(size));
`;

forEachNet((net, name) => {
  describe('the addon', () => {
    it('makes no handle before there is who takes its events', async () => {
      assert.strictEqual(await inChild(name, `async (net, helper) => {
        ${RAW}
        const natives = addon.exports.instance(share);
        for (let i = 0; i < 1000; i++) if (natives.create(i % 2) >= 0) return 'made one';
        natives.flushOutbox();
        return natives.liveHandles();
      }`), 0);
    });

    it('takes only memory that cannot be taken away', async () => {
      const messages = await inChild(name, `async (net, helper) => {
        ${RAW}
        const wrong = [undefined, () => {}, (n) => new Uint8Array(n),
          (n) => new Uint8Array(new SharedArrayBuffer(n + 8)),
          (n) => new Uint8Array(new SharedArrayBuffer(n + 1), 1)];
        return wrong.map((one) => {
          try { addon.exports.instance(one); } catch (error) { return error.name; }
        });
      }`);
      assert.deepStrictEqual(messages, Array(5).fill('TypeError'));
    });

    it('keeps its memory when somebody would transfer it', async () => {
      assert.deepStrictEqual(await inChild(name, `async (net, helper) => {
        const binding = require(helper.ROOT + '/lib/binding');
        const names = ['events', 'results', 'outboxNumbers', 'outbox'];
        const kept = names.map((key) => {
          const buffer = binding[key].buffer ?? binding[key];
          try { structuredClone(buffer, { transfer: [buffer] }); return false; }
          catch { return true; }
        });
        const { client, peer } = await helper.pair(net);
        peer.on('data', (chunk) => peer.write(chunk));
        client.write('hello');
        const [chunk] = await helper.once(client, 'data');
        return [kept, String(chunk)];
      }`), [[true, true, true, false], 'hello']);
    });
  });

  describe('a handle', () => {
    it('sends no freed memory of an array whose getters transfer', async () => {
      assert.deepStrictEqual(await inChild(name, async (net, helper) => {
        const { client, peer } = await helper.pair(net);
        const seen = helper.collect(peer);
        const buffers = [1, 2, 3].map((n) => Buffer.from(new ArrayBuffer(9000)).fill(n));
        const list = [...buffers];
        Object.defineProperty(list, 2, { get() {
          const { buffer } = buffers[0];
          if (buffer.byteLength > 0) structuredClone(buffer, { transfer: [buffer] });
          return buffers[2];
        } });
        let failure;
        try { client._handle.writev({}, list, true); } catch (error) { failure = error.name; }
        const others = Array.from({ length: 50 }, () => Buffer.alloc(9000, 0x21));
        client.end();
        client.resume();
        const bytes = await seen;
        return [failure, bytes.includes(0x21), others.length];
      }), [null, false, 50]);
    });

    it('that connects does not listen, and one that listens does not connect',
      async () => {
        assert.deepStrictEqual(await inChild(name, `async (net, helper) => {
          const { Pipe, TCP } = require(helper.ROOT + '/lib/transports');
          const { once } = require('node:events');
          const { EventEmitter } = require('node:events');
          const target = helper.tmpPath();
          const server = await helper.listen(net.createServer(), target);
          const events = new EventEmitter();
          const path = helper.tmpPath();
          const pipe = new Pipe(Pipe.SERVER);
          const request = { oncomplete: (status) => events.emit('done', status) };
          const codes = [pipe.bind(path), pipe.listen(5),
            pipe.connect({ oncomplete() {} }, target), pipe.shutdown({ oncomplete() {} })];
          const tcp = new TCP(TCP.SOCKET);
          codes.push(tcp.connect(request, '127.0.0.1', await helper.closedPort(net)));
          codes.push(tcp.listen(5));
          const [status] = await once(events, 'done');
          pipe.close();
          tcp.close();
          return [...codes.map(Math.sign), Math.sign(status)];
        }`), [0, 0, -1, -1, 0, -1, -1]);
      });

    it('gives no getter to a read', async () => {
      assert.strictEqual(await inChild(name, async (net, helper) => {
        const { client, peer } = await helper.pair(net, { client: { onread: {
          buffer: () => new Uint8Array(100), callback() { return true; } } } });
        peer.write('one');
        await helper.eventually(() => client.bytesRead === 3);
        await helper.turn();
        try {
          Object.defineProperty(client._handle.userBuffers, 0, {
            get() { client._handle?.close(); return new Uint8Array(100); } });
          return 'a getter';
        } catch (error) {
          return error.name;
        }
      }), 'TypeError');
    });

    it('is closed when the function for onread\'s buffers throws', async () => {
      assert.deepStrictEqual(await inChild(name, `async (net, helper) => {
        const { liveHandles } = require(helper.ROOT + '/lib/binding');
        const fs = require('node:fs');
        const onread = { buffer() { throw new Error('no buffer'); }, callback() {} };
        const server = await helper.listen(net.createServer());
        const { port } = server.address();
        const other = await helper.listen(net.createServer());
        const fd = require(helper.ROOT + '/lib/binding').duplicate(other._handle.fd);
        const errors = [() => net.connect({ port, onread }),
          () => new net.Socket({ fd, onread })].map((run) => {
          try { run(); return ''; } catch (error) { return error.message; }
        });
        await helper.eventually(() => liveHandles() === 2);
        return [errors, liveHandles(), fs.existsSync('/proc/self/fd/' + fd)];
      }`), [['no buffer', 'no buffer'], 2, false]);
    });

    it('of a connection that cannot be made is closed', async () => {
      assert.strictEqual(await inChild(name, async (net, helper) => {
        const server = await helper.listen(net.createServer());
        const { liveHandles } = require(`${helper.ROOT}/lib/binding`);
        process.on('uncaughtException', () => {});
        server._handle.constructor = class { constructor() { throw new Error('no'); } };
        const client = helper.track(net.connect(server.address().port));
        client.on('error', () => {});
        await helper.closed(client.resume());
        return await helper.eventually(() => liveHandles() === 1) ? 1 : liveHandles();
      }), 1);
    });
  });
}, ['uvnet']);

forEachNet((net, name) => {
  it('a connection made by an async hook has a handle of its own', async () => {
    assert.strictEqual(await inChild(name, async (net, helper) => {
      const { createHook } = require('node:async_hooks');
      const server = await helper.listen(net.createServer((socket) => {
        socket.end(String(socket.remotePort));
      }));
      const { port } = server.address();
      const clients = [];
      const connect = () => clients.push(new Promise((resolve) => {
        const client = net.connect(port);
        let text = '';
        client.once('connect', () => {
          const { localPort } = client;
          client.on('data', (chunk) => { text += chunk; });
          client.once('end', () => resolve(text === String(localPort)));
        });
      }));
      let isIn = false;
      const hook = createHook({ init(id, type) {
        if (isIn || type !== 'TCPWRAP' || clients.length > 4) return;
        isIn = true;
        connect();
        isIn = false;
      } }).enable();
      connect();
      await helper.eventually(() => clients.length > 4);
      hook.disable();
      const right = await Promise.all(clients);
      return right.every(Boolean);
    }), true);
  });

  it('connect() reads all options before it checks any', async () => {
    const socket = new net.Socket();
    const seen = [];
    const options = new Proxy({ port: {}, host: '127.0.0.1', localPort: 'x' }, {
      get(target, key) { seen.push(key); return target[key]; } });
    assert.throws(() => socket.connect(options), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.ok(seen.includes('autoSelectFamilyAttemptTimeout') || MAJOR > 26, `${seen}`);
    socket.destroy();
    assert.ok(await eventually(() => socket.closed));
  });

  it('a lookup that refuses what it is asked leaves no handle', () => {
    const socket = new net.Socket();
    assert.throws(() => socket.connect({ host: 'a.test', port: 1, hints: -1 }),
      { code: 'ERR_INVALID_ARG_VALUE' });
    // Core's handle stays.
    if (name === 'uvnet') assert.strictEqual(socket._handle, null);
    socket.destroy();
  });

  it('reusePort is true or nothing, and makes listen() exclusive', async () => {
    const seen = [true, 1, 'x', false].map((reusePort) => {
      const options = { port: 0, host: '127.0.0.1', reusePort };
      net.createServer().listen(options).close();
      return options.exclusive;
    });
    const first = MAJOR < 22 ? undefined : true;
    assert.deepStrictEqual(seen, [first, undefined, undefined, undefined]);
  });

  it('connect() checks localAddress before a host that is no text', () => {
    const socket = new net.Socket();
    assert.throws(() => socket.connect({ port: 1, host: Object.create(null),
      localAddress: 'x' }), { code: MAJOR < 22 ? 'ERR_INVALID_IP_ADDRESS' :
      'ERR_INVALID_ARG_TYPE' });
    socket.destroy();
  });
});
