'use strict';

// What other reimplementations of net have got wrong.

const assert = require('node:assert');
const fs = require('node:fs');
const { MAJOR, closed, closedPort, eventLog, eventually, forEachNet,
  forEachTransport, listen, once, pair, spawnScript, track, turn } =
  require('./helper');

const LOCAL = '127.0.0.1';
const MEGABYTE = 1024 * 1024;
const EVENTS = ['connect', 'ready', 'data', 'end', 'finish', 'error',
  'close'];

async function quiet(turns = 20) {
  for (let i = 0; i < turns; i++) await turn();
}

function connections(server) {
  return new Promise((resolve, reject) => {
    server.getConnections((error, n) => {
      if (error) reject(error); else resolve(n);
    });
  });
}

forEachNet((net, name) => {
  forEachTransport((open) => {
    it('EOF does not close a socket with allowHalfOpen', async () => {
      const half = { allowHalfOpen: true };
      const { client, peer } =
        await open(net, { server: half, client: half });
      const log = eventLog(peer, EVENTS);
      peer.resume();
      client.end();
      await once(peer, 'end');
      await quiet();
      assert.deepStrictEqual(
        [log, peer.destroyed, peer.writable], [['end'], false, true]);
      let text = '';
      client.on('data', (chunk) => { text += chunk; });
      for (let i = 0; i < 3; i++) {
        await new Promise((resolve) => { peer.write(`${i}`, resolve); });
      }
      peer.end();
      await closed(client, peer);
      assert.strictEqual(text, '012');
    });

    it('end() leaves the read side alone', async () => {
      const { client, peer } =
        await open(net, { server: { allowHalfOpen: true } });
      let bytes = 0;
      client.on('data', (chunk) => { bytes += chunk.length; });
      client.end();
      await once(client, 'finish');
      peer.resume();
      peer.end(Buffer.alloc(3 * MEGABYTE));
      await closed(client);
      assert.strictEqual(bytes, 3 * MEGABYTE);
    });

    it('destroy() of this side emits no end here', async () => {
      const { client, peer } = await open(net);
      const log = eventLog(client, EVENTS);
      client.resume();
      await turn();
      client.destroy();
      peer.resume();
      await closed(client, peer);
      await quiet();
      assert.deepStrictEqual(log, ['close:false']);
    });

    it('unread data does not come out after destroy', async () => {
      const { client, peer } = await open(net);
      peer.on('error', () => {});
      peer.write('x'.repeat(100000));
      await once(client, 'readable');
      client.destroy();
      await closed(client);
      const log = eventLog(client, EVENTS);
      client.resume();
      await quiet();
      assert.deepStrictEqual(log, []);
    });

    it('queued writes fail on destroy, each once', async () => {
      const { client } = await open(net);
      const seen = new Map();
      const note = (key) => (error) => {
        seen.set(key, (seen.get(key) || []).concat(error ? error.code : 0));
      };
      client.write(Buffer.alloc(8 * MEGABYTE), note('big'));
      for (let i = 0; i < 5; i++) client.write(`${i}`, note(i));
      client.destroy();
      await closed(client);
      await turn();
      assert.strictEqual(seen.get('big').length, 1);
      for (let i = 0; i < 5; i++) {
        assert.deepStrictEqual(seen.get(i),
          [MAJOR > 20 ? 'ECANCELED' : 'ERR_STREAM_DESTROYED']);
      }
    });

    it('getConnections() is right after close and destroy', async () => {
      const { server, client, peer } = await open(net);
      server.close();
      assert.strictEqual(await connections(server), 1);
      peer.destroy();
      peer.destroy();
      client.destroy();
      await closed(peer, client);
      assert.strictEqual(await connections(server), 0);
      assert.strictEqual(server._connections, 0);
    });

    it('a close callback runs once, a second close gets an error',
      async () => {
        const { server, client, peer } = await open(net);
        const log = [];
        server.close(() => log.push('first'));
        server.close((error) => log.push(error.code));
        client.end();
        client.resume();
        peer.resume();
        await once(server, 'close');
        await quiet();
        assert.deepStrictEqual(log.sort(),
          ['ERR_SERVER_NOT_RUNNING', 'first']);
      });

    it('pausing in the first of many chunks keeps the rest', async () => {
      const { client, peer } = await open(net);
      const sizes = [];
      client.on('data', (chunk) => {
        sizes.push(chunk.length);
        client.pause();
        setImmediate(() => client.resume());
      });
      peer.end(Buffer.alloc(MEGABYTE));
      await once(client, 'end');
      assert.strictEqual(sizes.reduce((a, b) => a + b, 0), MEGABYTE);
    });

    it('sockets end, in every order of end and close', async () => {
      for (const order of ['client', 'peer', 'both']) {
        const { client, peer } = await open(net);
        client.resume();
        peer.resume();
        if (order !== 'peer') client.end();
        if (order !== 'client') peer.end();
        await closed(client, peer);
        assert.strictEqual(client.destroyed && peer.destroyed, true);
      }
    });
  });

  it('error comes before close', async () => {
    const client = net.connect(await closedPort(net), LOCAL);
    const log = eventLog(client, ['error', 'close']);
    await closed(client);
    assert.deepStrictEqual(log, ['error:ECONNREFUSED', 'close:true']);
  });

  it('a connect that fails at once tries each address once', async () => {
    const client = new net.Socket();
    const attempts = [];
    client.on('connectionAttempt', (address) => attempts.push(address));
    client.connect({
      port: 9, host: 'name.invalid', autoSelectFamily: true,
      lookup(host, options, callback) {
        callback(null, [
          { address: '255.255.255.255', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ]);
      },
    });
    const error =
      await new Promise((resolve) => { client.once('error', resolve); });
    await closed(client);
    assert.deepStrictEqual(attempts, ['255.255.255.255', '127.0.0.1']);
    assert.deepStrictEqual(error.errors.map((e) => e.code),
      ['ENETUNREACH', 'ECONNREFUSED']);
  });

  it('a connect that fails at once: error after the tick', async () => {
    const log = [];
    const client = new net.Socket();
    eventLog(client, EVENTS, log);
    client.connect({ port: 9, host: '255.255.255.255' });
    log.push('sync');
    await closed(client);
    assert.deepStrictEqual(log, ['sync', 'error:ENETUNREACH', 'close:true']);
  });

  it('a socket that fails can be connected in its error listener',
    async () => {
      const server = await listen(net.createServer());
      const client = track(new net.Socket());
      client.once('error', () => {
        client.once('close', () => {
          client.connect(server.address().port, LOCAL);
        });
      });
      client.connect(await closedPort(net), LOCAL);
      await new Promise((resolve) => { client.once('ready', resolve); });
      assert.strictEqual(client.readyState, 'open');
    });

  it('end() before connect closes, with and without server', async () => {
    const server = await listen(net.createServer((peer) => peer.resume()));
    const client = track(net.connect(server.address().port, LOCAL));
    client.end();
    client.resume();
    await closed(client);
    const other = track(net.connect(await closedPort(net), LOCAL));
    other.on('error', () => {});
    other.end();
    await closed(other);
  });

  it('end() in the connect callback, before anything is read', async () => {
    const server = await listen(net.createServer((peer) => peer.end('hi')));
    const client = track(net.connect(server.address().port, LOCAL));
    const log = eventLog(client, EVENTS);
    client.once('connect', () => client.end());
    await closed(client);
    assert.ok(log.includes('data') && log.includes('end'), `${log}`);
  });

  it('no bytes of the first life after a reconnect', async () => {
    let n = 0;
    const server = await listen(net.createServer((peer) => {
      peer.end(`life ${++n};`.repeat(2000));
      peer.on('error', () => {});
    }));
    const client = track(new net.Socket());
    client.setEncoding('latin1');
    client.connect(server.address().port, LOCAL);
    await once(client, 'data');
    client.destroy();
    await closed(client);
    let text = '';
    client.on('data', (chunk) => { text += chunk; });
    client.connect(server.address().port, LOCAL);
    await once(client, 'end');
    assert.strictEqual(text, 'life 2;'.repeat(2000));
    assert.strictEqual(client.bytesRead, 14000);
  });

  async function secondLife(firstLife) {
    const peers = [];
    const server = net.createServer((peer) => {
      peers.push(peer);
      peer.on('error', () => {}).pause();
    });
    await listen(server);
    const client = track(new net.Socket());
    client.connect(server.address().port, LOCAL);
    await firstLife(client);
    client.destroy();
    await closed(client);
    const accepted = once(server, 'connection');
    client.connect(server.address().port, LOCAL);
    await accepted;
    client.end('second');
    client.resume();
    let text = '';
    peers.at(-1).on('data', (chunk) => { text += chunk; }).resume();
    await once(peers.at(-1), 'end');
    assert.deepStrictEqual([text, client.bytesWritten], ['second', 6]);
  }

  it('no writes of the first life after a reconnect', async () => {
    await secondLife(async (client) => {
      await once(client, 'connect');
      client.write(Buffer.alloc(8 * MEGABYTE));
      client.write('rest');
    });
  });

  // core writes the early bytes into the second connection, then throws
  // ERR_MULTIPLE_CALLBACK from its connect listener.
  if (name === 'uvnet') {
    it('no early writes of the first life (core fails)', async () => {
      await secondLife(async (client) => { client.write('first'); });
    });
  }

  it('data that came is read although a write meets a reset', async () => {
    const { client, peer } = await pair(net, {
      client: { allowHalfOpen: true },
    });
    let text = '';
    client.pause();
    peer.write('last words');
    await turn();
    peer.destroy();
    await closed(peer);
    await turn();
    // The kernel has the bytes and the FIN; this write provokes a reset.
    client.on('error', () => {});
    client.on('data', (chunk) => { text += chunk; });
    client.write('into the void');
    client.resume();
    await eventually(() => text.length > 0 || client.closed);
    assert.strictEqual(text, 'last words');
  });

  it('setNoDelay and setKeepAlive are set on the kernel socket', async () => {
    const { server, client } = await pair(net);
    client.setKeepAlive(true, 1000000);
    const hex = (port) => port.toString(16).toUpperCase().padStart(4, '0');
    const ends =
      `:${hex(client.localPort)} 0100007F:${hex(server.address().port)}`;
    const line = fs.readFileSync('/proc/net/tcp', 'latin1').split('\n')
      .find((text) => text.includes(ends));
    // "02" in the column of timers says keepalive.
    assert.match(line, / 01 \w+:\w+ 02:\w+ /);
    const results = [];
    for (const method of ['setNoDelay', 'setKeepAlive']) {
      results.push(client._handle[method](true, 1));
    }
    assert.deepStrictEqual(results, [0, 0]);
  });

  it('two sockets do not share options or timeouts', async () => {
    const one = await pair(net);
    const two = await pair(net);
    one.client.setTimeout(1000);
    one.client.setEncoding('utf8');
    one.client.pause();
    assert.deepStrictEqual(
      [two.client.timeout, two.client.readableEncoding,
        two.client.isPaused()], [undefined, null, false]);
  });

  it('the defaults of a worker are its own', async () => {
    const { stdout, stderr } = await spawnScript(name, `
      const { Worker } = require('node:worker_threads');
      net.setDefaultAutoSelectFamily(false);
      const worker = new Worker(\`
        const net = require(\${JSON.stringify(NET)});
        console.log('worker', net.getDefaultAutoSelectFamily());
        net.setDefaultAutoSelectFamily(true);
        net.setDefaultAutoSelectFamilyAttemptTimeout(4321);
      \`, { eval: true });
      worker.on('exit', (code) => console.log('main', code,
        net.getDefaultAutoSelectFamily(),
        net.getDefaultAutoSelectFamilyAttemptTimeout() === 4321));
    `);
    assert.deepStrictEqual([stdout, stderr],
      ['worker true\nmain 0 false false\n', '']);
  });

  it('close() and destroy() while the process exits', async () => {
    const { code, signal, stderr } = await spawnScript(name, `
      const server = net.createServer((peer) => {
        process.on('exit', () => {
          client.destroy(); peer.end('x'); peer.destroy();
          server.close(); server.close();
          net.createServer().listen(0).close();
          net.connect(1, '127.0.0.1').destroy();
        });
        process.exit(7);
      });
      const client = net.connect(server.listen(0).address().port);
      client.on('error', () => {});
    `);
    assert.deepStrictEqual([code, signal, stderr], [7, null, '']);
  });

  it('a close() of the handle that somebody replaced', async () => {
    const { client } = await pair(net);
    const handle = client._handle;
    const { close } = handle;
    let calls = 0;
    handle.close = function(done) {
      calls++;
      close.call(this);
      done();
    };
    const ended = once(client, 'close');
    client.destroy();
    assert.deepStrictEqual([await ended, calls], [[false], 1]);
  });
});
