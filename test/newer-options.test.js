'use strict';

// Options that came after Node 20. Where core does not know one, uvnet ignores
// it as core does.

const assert = require('node:assert');
const coreNet = require('node:net');
const { closed, eventLog, forEachNet, listen, once, outcome, track } =
  require('./helper');

const LOCAL = '127.0.0.1';
const hasBlockList = coreNet.BlockList.isBlockList !== undefined;
const hasReusePort = Number(process.versions.uv.split('.')[1]) >= 49;
const EVENTS = ['connectionAttempt', 'connectionAttemptFailed', 'connect',
  'error', 'close'];

function blocked(net, ...addresses) {
  const list = new net.BlockList();
  for (const address of addresses) {
    list.addAddress(address, address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** An answer of the resolver that is given later. */
function answering(...addresses) {
  const found = addresses.map((address) =>
    ({ address, family: address.includes(':') ? 6 : 4 }));
  return (host, { all }, callback) => setImmediate(() => {
    if (all) callback(null, found);
    else callback(null, found[0].address, found[0].family);
  });
}

forEachNet((net) => {
  describe('blockList of a server', () => {
    async function visit(options) {
      const server = await listen(net.createServer(options));
      const log = eventLog(server, ['connection', 'drop']);
      const client = track(net.connect(server.address().port, LOCAL));
      client.resume();
      server.on('connection', (peer) => peer.end());
      await closed(client);
      assert.strictEqual(server.blockList,
        hasBlockList ? options.blockList : undefined);
      return log;
    }

    it('keeps out who is on it', async () => {
      assert.deepStrictEqual(await visit({ blockList: blocked(net, LOCAL) }),
        hasBlockList ? [] : ['connection']);
    });

    it('lets others in', async () => {
      assert.deepStrictEqual(
        await visit({ blockList: blocked(net, '127.0.0.2') }), ['connection']);
    });

    it('knows an IPv4 address on an IPv6 socket', async () => {
      const server = net.createServer({ blockList: blocked(net, LOCAL) });
      await listen(server, 0, '::');
      const log = eventLog(server, ['connection', 'drop']);
      server.on('connection', (peer) => peer.end());
      const client = track(net.connect(server.address().port, LOCAL));
      client.resume();
      await closed(client);
      assert.deepStrictEqual(log, hasBlockList ? [] : ['connection']);
    });
  });

  describe('blockList of a client', () => {
    async function connect(options) {
      const server = await listen(net.createServer((peer) => peer.end()));
      const client = track(net.connect({ port: server.address().port, ...options }));
      const log = eventLog(client, EVENTS);
      const failed = once(client, 'error').catch((error) => [error]);
      client.resume();
      await closed(client);
      const [error] = log.some((one) => one.startsWith('error')) ?
        await failed : [undefined];
      return { log, error };
    }

    const REACHED = ['connectionAttempt', 'connect', 'close:false'];

    it('blocks an address', async () => {
      const { log, error } =
        await connect({ host: LOCAL, blockList: blocked(net, LOCAL) });
      assert.deepStrictEqual(log, hasBlockList ?
        ['connectionAttempt', 'error:ERR_IP_BLOCKED', 'close:true'] : REACHED);
      assert.strictEqual(error?.message, hasBlockList ?
        `IP(${LOCAL}) is blocked by net.BlockList` : undefined);
    });

    it('blocks what a name resolves to', async () => {
      const { log } = await connect({ host: 'x.test', lookup: answering(LOCAL),
        blockList: blocked(net, LOCAL) });
      assert.deepStrictEqual(log, hasBlockList ?
        ['connectionAttempt', 'error:ERR_IP_BLOCKED', 'close:true'] : REACHED);
    });

    it('leaves the other addresses of a name', async () => {
      const { log } = await connect({ host: 'x.test', autoSelectFamily: true,
        lookup: answering('127.0.0.2', LOCAL),
        blockList: blocked(net, '127.0.0.2') });
      assert.deepStrictEqual(log.slice(-3), REACHED);
      assert.strictEqual(log[0],
        hasBlockList ? 'connectionAttemptFailed' : 'connectionAttempt');
    });

    it('blocks all addresses of a name', async () => {
      const { log, error } = await connect({ host: 'x.test',
        autoSelectFamily: true, lookup: answering(LOCAL, '::1'),
        blockList: blocked(net, LOCAL, '::1') });
      assert.deepStrictEqual(log, hasBlockList ?
        ['connectionAttemptFailed', 'connectionAttemptFailed',
          'error:ERR_IP_BLOCKED', 'close:true'] : REACHED);
      assert.strictEqual(error?.errors.length, hasBlockList ? 2 : undefined);
    });

    it('refuses what is no list', () => {
      for (const blockList of [5, {}, 'x', [], true]) {
        for (const make of [
          (it) => new it.Socket({ blockList }),
          (it) => it.createServer({ blockList })]) {
          const { code, message } = outcome(() => make(net));
          const expected = outcome(() => make(coreNet));
          assert.deepStrictEqual([code, message],
            [expected.code, expected.message]);
          assert.strictEqual(code,
            hasBlockList ? 'ERR_INVALID_ARG_TYPE' : undefined);
        }
      }
    });
  });

  it('reusePort lets two servers share a port', async () => {
    const first = await listen(net.createServer(),
      { port: 0, host: LOCAL, reusePort: true });
    const { port } = first.address();
    const second = net.createServer();
    track(second).listen({ port, host: LOCAL, reusePort: true });
    const log = eventLog(second, ['listening', 'error']);
    await Promise.race([once(second, 'listening'), once(second, 'error')])
      .catch(() => {});
    assert.deepStrictEqual(log,
      [hasReusePort ? 'listening' : 'error:EADDRINUSE']);
  });
});
