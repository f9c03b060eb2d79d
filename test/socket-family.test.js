'use strict';

const assert = require('node:assert');
const coreNet = require('node:net');
const { closedPort, deafPort, eventLog, forEachNet, listen, once, spawnScript,
  track } = require('./helper');

const LOCAL = '127.0.0.1';
const EVENTS = ['lookup', 'connect', 'ready', 'error', 'close'];
const ATTEMPTS = ['connectionAttempt', 'connectionAttemptFailed',
  'connectionAttemptTimeout'];

function lookupOf(...addresses) {
  return (host, options, callback) => {
    callback(null, addresses.map((address) => (
      { address, family: address.includes(':') ? 6 : 4 })));
  };
}

/** Logs each attempt event with address and family (and error code). */
function attemptLog(socket, log) {
  for (const name of ATTEMPTS) {
    socket.on(name, (address, port, family, error) => {
      const words = [name, address, family];
      if (error) words.push(error.code);
      log.push(words.join(' '));
    });
  }
  return log;
}

function connect(net, port, addresses, options) {
  const socket = track(new net.Socket());
  const log = attemptLog(socket, eventLog(socket, EVENTS));
  socket.connect({
    port, host: 'name.invalid', autoSelectFamily: true,
    lookup: lookupOf(...addresses), ...options,
  });
  return { socket, log };
}

forEachNet((net, name) => {
  describe('autoSelectFamily', () => {
    it('falls over to the next address', async () => {
      const { port } = (await listen(net.createServer())).address();
      const { socket, log } = connect(net, port, ['::1', LOCAL]);
      await once(socket, 'ready');
      assert.deepStrictEqual(log, [
        'lookup', 'lookup',
        'connectionAttempt ::1 6',
        'connectionAttemptFailed ::1 6 ECONNREFUSED',
        'connectionAttempt 127.0.0.1 4',
        'connect', 'ready',
      ]);
      assert.deepStrictEqual(socket.autoSelectFamilyAttemptedAddresses,
        [`::1:${port}`, `${LOCAL}:${port}`]);
      assert.strictEqual(socket.remoteAddress, LOCAL);
    });

    it('the first address that answers is taken', async () => {
      const { port } = (await listen(net.createServer())).address();
      const { socket, log } = connect(net, port, [LOCAL, '::1']);
      await once(socket, 'ready');
      assert.deepStrictEqual(log, ['lookup', 'lookup',
        'connectionAttempt 127.0.0.1 4', 'connect', 'ready']);
      assert.deepStrictEqual(socket.autoSelectFamilyAttemptedAddresses,
        [`${LOCAL}:${port}`]);
    });

    it('families are interleaved', async () => {
      const port = await closedPort(net);
      const { socket, log } = connect(net, port,
        [LOCAL, '127.0.0.2', '::1', '127.0.0.3']);
      await new Promise((resolve) => { socket.once('close', resolve); });
      assert.deepStrictEqual(
        log.filter((text) => text.startsWith('connectionAttempt ')), [
          'connectionAttempt 127.0.0.1 4', 'connectionAttempt ::1 6',
          'connectionAttempt 127.0.0.2 4', 'connectionAttempt 127.0.0.3 4',
        ]);
    });

    it('all failing: AggregateError', async () => {
      const port = await closedPort(net);
      const { socket, log } = connect(net, port, ['::1', LOCAL]);
      const error =
        await new Promise((resolve) => { socket.once('error', resolve); });
      await new Promise((resolve) => { socket.once('close', resolve); });
      assert.ok(error instanceof AggregateError);
      assert.deepStrictEqual(
        [error.name, error.code, error.message, Object.keys(error)],
        ['AggregateError', 'ECONNREFUSED', '', ['code']]);
      assert.deepStrictEqual(error.errors.map((e) => [e.code, e.message]), [
        ['ECONNREFUSED', `connect ECONNREFUSED ::1:${port}`],
        ['ECONNREFUSED', `connect ECONNREFUSED ${LOCAL}:${port}`],
      ]);
      assert.deepStrictEqual(log, [
        'lookup', 'lookup',
        'connectionAttempt ::1 6',
        'connectionAttemptFailed ::1 6 ECONNREFUSED',
        'connectionAttempt 127.0.0.1 4',
        'connectionAttemptFailed 127.0.0.1 4 ECONNREFUSED',
        'error:ECONNREFUSED', 'close:true',
      ]);
    });

    it('one address failing: a plain error', async () => {
      const port = await closedPort(net);
      const { socket } = connect(net, port, [LOCAL]);
      const error =
        await new Promise((resolve) => { socket.once('error', resolve); });
      assert.deepStrictEqual([error.name, error.message],
        ['Error', `connect ECONNREFUSED ${LOCAL}:${port}`]);
    });

    it('addresses that fail at once (no route)', async () => {
      const { port } = (await listen(net.createServer())).address();
      // The broadcast address: connect() itself fails.
      const { socket, log } = connect(net, port,
        ['255.255.255.255', LOCAL]);
      await once(socket, 'ready');
      assert.deepStrictEqual(log.slice(2), [
        'connectionAttempt 255.255.255.255 4',
        'connectionAttemptFailed 255.255.255.255 4 ENETUNREACH',
        'connectionAttempt 127.0.0.1 4', 'connect', 'ready',
      ]);
    });

    it('answers that are no addresses are skipped or fail', async () => {
      const { port } = (await listen(net.createServer())).address();
      const { socket } = connect(net, port, [], {
        lookup: (host, options, callback) => callback(null, [
          { address: 'junk', family: 4 }, { address: LOCAL, family: 4 },
        ]),
      });
      await once(socket, 'ready');
      const none = connect(net, port, ['junk', 'trash']).socket;
      const error =
        await new Promise((resolve) => { none.once('error', resolve); });
      assert.strictEqual(error.code, 'ERR_INVALID_IP_ADDRESS');
    });

    it('destroy between two attempts', async () => {
      const port = await closedPort(net);
      const { socket, log } = connect(net, port, ['::1', LOCAL]);
      socket.once('connectionAttemptFailed', () => socket.destroy());
      await once(socket, 'close');
      assert.deepStrictEqual(log, ['lookup', 'lookup',
        'connectionAttempt ::1 6',
        'connectionAttemptFailed ::1 6 ECONNREFUSED', 'close:false']);
    });

    it('data written while trying reaches the one that answers', async () => {
      const server = await listen(net.createServer());
      const accepted = once(server, 'connection');
      const { socket } = connect(net, server.address().port, ['::1', LOCAL]);
      socket.write('early');
      const [peer] = await accepted;
      const [data] = await once(peer, 'data');
      assert.strictEqual(String(data), 'early');
      assert.strictEqual(socket.bytesWritten, 5);
    });

    it('an option timeout below 10 is raised, a bad one throws', () => {
      for (const [value, code] of [
        [-1, 'ERR_OUT_OF_RANGE'], [0, 'ERR_OUT_OF_RANGE'],
        ['x', 'ERR_INVALID_ARG_TYPE'], [1.5, 'ERR_OUT_OF_RANGE'],
      ]) {
        const call = () => net.connect({
          port: 9, host: 'localhost', autoSelectFamily: true,
          autoSelectFamilyAttemptTimeout: value,
        });
        assert.throws(call, { code });
      }
    });
  });

  describe('an attempt that hangs', () => {
    it('times out and the next address is tried', async () => {
      const port = await deafPort();
      await listen(net.createServer(), port, LOCAL);
      const { socket, log } = connect(net, port, ['127.0.0.2', LOCAL],
        { autoSelectFamilyAttemptTimeout: 50 });
      await once(socket, 'ready');
      assert.deepStrictEqual(log.slice(2), [
        'connectionAttempt 127.0.0.2 4',
        'connectionAttemptTimeout 127.0.0.2 4',
        'connectionAttempt 127.0.0.1 4', 'connect', 'ready',
      ]);
    });

    it('then all others failing: AggregateError with ETIMEDOUT', async () => {
      const port = await deafPort();
      const { socket } = connect(net, port, ['127.0.0.2', LOCAL],
        { autoSelectFamilyAttemptTimeout: 50 });
      const error =
        await new Promise((resolve) => { socket.once('error', resolve); });
      assert.deepStrictEqual(error.errors.map((e) => [e.code, e.message]), [
        ['ETIMEDOUT', `connect ETIMEDOUT 127.0.0.2:${port}`],
        ['ECONNREFUSED', `connect ECONNREFUSED ${LOCAL}:${port}`],
      ]);
      assert.strictEqual(error.code, 'ETIMEDOUT');
    });

    it('can be destroyed', async () => {
      const port = await deafPort();
      const { socket, log } = connect(net, port, ['127.0.0.2', LOCAL]);
      setImmediate(() => socket.destroy());
      await new Promise((resolve) => { socket.once('close', resolve); });
      assert.deepStrictEqual(log.slice(2),
        ['connectionAttempt 127.0.0.2 4',
          'connectionAttemptFailed 127.0.0.2 4 ECANCELED', 'close:false']);
    });

    it('setTimeout fires while it hangs', async () => {
      const port = await deafPort();
      const socket = track(net.connect({ port, host: '127.0.0.2' }));
      socket.setTimeout(30);
      await once(socket, 'timeout');
      assert.strictEqual(socket.connecting, true);
    });
  });

  describe('defaults', () => {
    it('can be read and set', async () => {
      const { stdout } = await spawnScript(name, `
        const log = (...args) => console.log(JSON.stringify(args));
        log(net.getDefaultAutoSelectFamily(),
          net.getDefaultAutoSelectFamilyAttemptTimeout());
        log(net.setDefaultAutoSelectFamily(false),
          net.setDefaultAutoSelectFamilyAttemptTimeout(3));
        log(net.getDefaultAutoSelectFamily(),
          net.getDefaultAutoSelectFamilyAttemptTimeout());
      `);
      assert.deepStrictEqual(stdout.trim().split('\n').slice(1),
        ['[null,null]', '[false,10]']);
      assert.match(stdout, /^\[true,\d+\]\n/);
    });

    const timeout = coreNet.getDefaultAutoSelectFamilyAttemptTimeout();
    const flags = {
      '--no-network-family-autoselection': `[false,${timeout}]`,
      '--network-family-autoselection-attempt-timeout=123': '[true,123]',
    };
    for (const [flag, expected] of Object.entries(flags)) {
      it(flag, async () => {
        const { stdout } = await spawnScript(name, `
          console.log(JSON.stringify([net.getDefaultAutoSelectFamily(),
            net.getDefaultAutoSelectFamilyAttemptTimeout()]));
        `, { flags: [flag] });
        assert.strictEqual(stdout.trim(), expected);
      });
    }

    it('false uses one address only', async () => {
      const { stdout } = await spawnScript(name, `
        net.setDefaultAutoSelectFamily(false);
        net.connect({ port: 1, host: 'x.invalid',
          lookup(host, options, callback) {
            console.log(options.all);
            callback(null, '127.0.0.1', 4);
          } }).on('error', (error) => console.log(error.message));
      `);
      assert.strictEqual(stdout,
        'undefined\nconnect ECONNREFUSED 127.0.0.1:1\n');
    });
  });
});
