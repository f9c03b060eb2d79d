'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { eventLog, forEachNet, listen, once, spawnScript, tmpPath, track } =
  require('./helper');

const LOCAL = '127.0.0.1';

function fields({ name, code, errno, syscall, address, port, message }) {
  return { name, code, errno, syscall, address, port, message };
}

async function failure(server, ...args) {
  track(server);
  server.listen(...args);
  const [error] = await once(server, 'error').catch((err) => [err]);
  return error;
}

async function accepts(net, server) {
  const target = server.address();
  const accepted = once(server, 'connection');
  const client = track(typeof target === 'string' ?
    net.connect(target) : net.connect(target.port, LOCAL));
  const [peer] = await accepted;
  client.destroy();
  return peer;
}

forEachNet((net, name) => {
  describe('signatures', () => {
    const cases = {
      'port, host, backlog': [0, LOCAL, 5],
      'port, host': [0, LOCAL],
      'port, backlog': [0, 5],
      'port': [0],
      'string port': ['0', LOCAL],
      'nothing': [],
      'null port': [null],
      'undefined port': [undefined],
      'options port': [{ port: 0 }],
      'options string port': [{ port: '0', host: LOCAL }],
      'options port, host, backlog': [{ port: 0, host: LOCAL, backlog: 2 }],
      'options exclusive': [{ port: 0, host: LOCAL, exclusive: true }],
      'options port undefined': [{ port: undefined, host: LOCAL }],
      'options port and path': [{ port: 0, host: LOCAL, path: '/none/x' }],
      'host by name': [0, 'localhost'],
      'host IPv4 any': [0, '0.0.0.0'],
    };
    for (const [title, args] of Object.entries(cases)) {
      it(`listen(${title}) accepts connections`, async () => {
        const server = await listen(net.createServer(), ...args);
        const address = server.address();
        assert.ok(address.port > 0 && address.port < 65536);
        await accepts(net, server);
      });
    }

    it('listen(path)', async () => {
      const file = tmpPath();
      const server = await listen(net.createServer(), file);
      assert.strictEqual(server.address(), file);
      await accepts(net, server);
    });

    it('listen({ path })', async () => {
      const file = tmpPath();
      const server = await listen(net.createServer(), { path: file });
      assert.strictEqual(server.address(), file);
      await accepts(net, server);
    });

    it('listen(path, backlog, callback)', async () => {
      const file = tmpPath();
      const server = await listen(net.createServer(), file, 3);
      await accepts(net, server);
    });

    it('listen(callback): this is the server', (done) => {
      const server = track(net.createServer());
      const result = server.listen(function listening(...args) {
        assert.strictEqual(this, server);
        assert.deepStrictEqual(args, []);
        done();
      });
      assert.strictEqual(result, server);
    });

    it('listen({ fd }) on what is no socket', async () => {
      const fd = fs.openSync('/dev/null');
      try {
        const error = await failure(net.createServer(), { fd });
        assert.deepStrictEqual([error.code, error.syscall],
          ['EINVAL', 'listen']);
      } finally {
        fs.closeSync(fd);
      }
    });

    it('listen({ fd }) in a child that inherits a socket', async () => {
      const handle = net._createServerHandle(LOCAL, 0, 4);
      const { stdout, stderr, code } = await spawnScript(name, `
        const server = net.createServer((peer) => peer.end('fd'));
        server.listen({ fd: 3 }, () => {
          console.log(server.address().port > 0);
          const client = net.connect(server.address().port, '127.0.0.1');
          client.on('data', (data) => console.log(String(data)));
          client.on('close', () => server.close());
        });
      `, { stdio: ['ignore', 'pipe', 'pipe', handle.fd] });
      handle.close();
      assert.deepStrictEqual([code, stderr, stdout],
        [0, '', 'true\nfd\n']);
    });

    it('listen(handle) and listen({ _handle })', async () => {
      for (const wrap of [(h) => h, (h) => ({ _handle: h })]) {
        const handle = net._createServerHandle(LOCAL, 0, 4);
        const server = await listen(net.createServer(), wrap(handle));
        assert.strictEqual(server._handle, handle);
        assert.strictEqual(server.address().address, LOCAL);
        await accepts(net, server);
      }
    });
  });

  describe('options', () => {
    it('ipv6Only leaves IPv4 free', async function ipv6Only() {
      const probe = net.createServer();
      probe.listen({ port: 0, host: '::', ipv6Only: true });
      const error = await once(probe, 'listening').then(() => null, (e) => e);
      if (error && error.code === 'EAFNOSUPPORT') return this.skip();
      track(probe);
      assert.strictEqual(probe.address().family, 'IPv6');
      await listen(net.createServer(), probe.address().port, '0.0.0.0');
      return undefined;
    });

    it('without a host, :: or 0.0.0.0 is bound', async () => {
      const server = await listen(net.createServer(), 0);
      const { address, family } = server.address();
      assert.ok(['::/IPv6', '0.0.0.0/IPv4'].includes(`${address}/${family}`));
    });

    const modes = [
      [{}, 0o000], [{ readableAll: true }, 0o044],
      [{ writableAll: true }, 0o022],
      [{ readableAll: true, writableAll: true }, 0o066],
    ];
    for (const [options, bits] of modes) {
      it(`path mode with ${JSON.stringify(options)}`, async () => {
        const mask = process.umask(0o077);
        const file = tmpPath();
        try {
          await listen(net.createServer(), { path: file, ...options });
          const mode = fs.statSync(file).mode;
          assert.strictEqual(mode & 0o066, bits);
        } finally {
          process.umask(mask);
        }
      });
    }

    it('signal closes the server', async () => {
      const controller = new AbortController();
      const server = track(net.createServer());
      server.listen({ port: 0, signal: controller.signal });
      await once(server, 'listening');
      controller.abort();
      await once(server, 'close');
      assert.strictEqual(server.listening, false);
    });

    it('an already aborted signal closes the server', async () => {
      const server = net.createServer();
      const log = eventLog(server, ['listening', 'close']);
      server.listen({ port: 0, signal: AbortSignal.abort() });
      await once(server, 'close');
      assert.deepStrictEqual(log, ['close']);
    });

    it('an abstract Unix socket', async () => {
      const abstract = `\0uvnet-${process.pid}-${name}`;
      const server = await listen(net.createServer(), abstract);
      assert.strictEqual(server.address(), abstract);
      await accepts(net, server);
    });
  });

  describe('state', () => {
    // A host is looked up, so the bind comes later; without one it is
    // bound when listen() returns.
    for (const [args, bound] of [[[0, LOCAL], false], [[0], true]]) {
      it(`address() and listening with ${args.length} arguments`, async () => {
        const server = net.createServer();
        const seen = [];
        const look = () => {
          seen.push([server.listening, server.address() !== null]);
        };
        look();
        server.listen(...args, look);
        look();
        await once(server, 'listening');
        server.close(look);
        look();
        await once(server, 'close');
        assert.deepStrictEqual(seen, [
          [false, false], [bound, bound], [true, true], [false, false],
          [false, false],
        ]);
      });
    }

    it('listening comes after the current tick', async () => {
      for (const [args, expected] of [
        [[0], ['sync', 'callback', 'listening', 'tick']],
        [[0, LOCAL], ['sync', 'tick', 'callback', 'listening']],
      ]) {
        const log = [];
        const server = track(net.createServer());
        server.listen(...args, () => log.push('callback'));
        server.on('listening', () => log.push('listening'));
        process.nextTick(() => log.push('tick'));
        log.push('sync');
        await once(server, 'listening');
        await new Promise((resolve) => { setImmediate(resolve); });
        assert.deepStrictEqual(log, expected);
      }
    });

    it('listen twice throws', async () => {
      const server = await listen(net.createServer());
      assert.throws(() => server.listen(0), {
        name: 'Error',
        code: 'ERR_SERVER_ALREADY_LISTEN',
        message: 'Listen method has been called more than once without ' +
          'closing.',
      });
    });

    it('listen again after close', async () => {
      const server = await listen(net.createServer());
      server.close();
      await once(server, 'close');
      await listen(server, 0, LOCAL);
      await accepts(net, server);
    });

    it('listen again after an error', async () => {
      const server = net.createServer();
      const error = await failure(server, '/nonexistent/dir/sock');
      assert.strictEqual(error.code, 'EACCES');
      await listen(server, 0, LOCAL);
    });

    it('accepts 50 connections made at once', async () => {
      const server = await listen(net.createServer());
      let count = 0;
      const all = new Promise((resolve) => {
        server.on('connection', () => { if (++count === 50) resolve(); });
      });
      for (let i = 0; i < 50; i++) {
        track(net.connect(server.address().port, LOCAL));
      }
      await all;
      assert.strictEqual(server._connections, 50);
    });
  });

  describe('errors', () => {
    it('EADDRINUSE on a port', async () => {
      const { port } = (await listen(net.createServer())).address();
      const error = await failure(net.createServer(), port, LOCAL);
      assert.deepStrictEqual(fields(error), {
        name: 'Error', code: 'EADDRINUSE', errno: -98, syscall: 'listen',
        address: LOCAL, port,
        message: `listen EADDRINUSE: address already in use ${LOCAL}:${port}`,
      });
    });

    it('EADDRINUSE on a path', async () => {
      const file = tmpPath();
      await listen(net.createServer(), file);
      const error = await failure(net.createServer(), file);
      assert.deepStrictEqual(fields(error), {
        name: 'Error', code: 'EADDRINUSE', errno: -98, syscall: 'listen',
        address: file, port: -1,
        message: `listen EADDRINUSE: address already in use ${file}`,
      });
      assert.ok(fs.existsSync(file), 'the other server kept its path');
    });

    it('a path in a missing directory', async () => {
      const file = path.join(tmpPath(), 'missing', 'sock');
      const error = await failure(net.createServer(), file);
      assert.deepStrictEqual(fields(error), {
        name: 'Error', code: 'EACCES', errno: -13, syscall: 'listen',
        address: file, port: -1,
        message: `listen EACCES: permission denied ${file}`,
      });
    });

    it('a foreign address', async () => {
      const error = await failure(net.createServer(), 0, '192.0.2.1');
      assert.deepStrictEqual(fields(error), {
        name: 'Error', code: 'EADDRNOTAVAIL', errno: -99, syscall: 'listen',
        address: '192.0.2.1', port: undefined,
        message: 'listen EADDRNOTAVAIL: address not available 192.0.2.1',
      });
    });

    it('a name that cannot be resolved', async () => {
      const error = await failure(net.createServer(), 0, 'no..such..name');
      assert.deepStrictEqual([error.syscall, error.hostname],
        ['getaddrinfo', 'no..such..name']);
    });

    it('error comes after the current tick, without close', async () => {
      const server = track(net.createServer());
      const log = eventLog(server, ['error', 'close', 'listening']);
      server.listen('/nonexistent/dir/sock');
      log.push('sync');
      await new Promise((resolve) => { server.once('error', resolve); });
      await new Promise((resolve) => { setImmediate(resolve); });
      assert.deepStrictEqual(log, ['sync', 'error:EACCES']);
    });
  });

  describe('close', () => {
    const NOT_RUNNING = {
      name: 'Error', code: 'ERR_SERVER_NOT_RUNNING',
      message: 'Server is not running.',
    };

    it('of a server never opened gives an error to the callback', (done) => {
      const server = net.createServer();
      assert.strictEqual(server.close((error) => {
        assert.throws(() => { throw error; }, NOT_RUNNING);
        done();
      }), server);
    });

    it('twice: the second callback gets the error', async () => {
      const server = await listen(net.createServer());
      const got = [];
      server.close((...args) => got.push(args));
      const second = new Promise((resolve) => { server.close(resolve); });
      assert.throws(() => { throw got; }, Array);
      const error = await second;
      assert.throws(() => { throw error; }, NOT_RUNNING);
      assert.deepStrictEqual(got, [[]]);
    });

    it('without callback twice is silent', async () => {
      const server = await listen(net.createServer());
      server.close();
      server.close();
      await once(server, 'close');
    });

    it('asyncDispose resolves after close, also when closed', async () => {
      const server = await listen(net.createServer());
      const log = eventLog(server, ['close']);
      assert.strictEqual(await server[Symbol.asyncDispose](), undefined);
      assert.deepStrictEqual(log, ['close']);
      await server[Symbol.asyncDispose]();
    });

    it('waits for the connections', async () => {
      const server = await listen(net.createServer());
      const peer = once(server, 'connection');
      const client = track(net.connect(server.address().port, LOCAL));
      const [socket] = await peer;
      const log = eventLog(server, ['close'], [], 'server ');
      eventLog(socket, ['close'], log, 'peer ');
      server.close();
      socket.resume();
      await new Promise((resolve) => { setImmediate(resolve); });
      assert.deepStrictEqual(log, []);
      client.end();
      await once(socket, 'close');
      assert.deepStrictEqual(log, ['server close', 'peer close:false']);
    });

    it('refuses new connections at once', async () => {
      const server = await listen(net.createServer());
      const { port } = server.address();
      server.close();
      const client = net.connect(port, LOCAL);
      await assert.rejects(once(client, 'connect'), { code: 'ECONNREFUSED' });
    });

    it('unlinks the path', async () => {
      const file = tmpPath();
      const server = await listen(net.createServer(), file);
      assert.ok(fs.statSync(file).isSocket());
      server.close();
      await once(server, 'close');
      assert.ok(!fs.existsSync(file));
    });

    it('in the same tick as listen', async () => {
      const server = net.createServer();
      const log = eventLog(server, ['listening', 'close', 'error']);
      server.listen(0, LOCAL);
      server.close();
      await once(server, 'close');
      assert.deepStrictEqual(log, ['close']);
    });
  });
});
