'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const coreNet = require('node:net');
const util = require('node:util');
const { MessageChannel, Worker } = require('node:worker_threads');
const { forEachNet, track } = require('./helper');

// What a port of a MessageChannel makes of a value.
async function received(value) {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value);
  const [message] = await once(port2, 'message');
  port1.close();
  return message;
}

forEachNet((net, name) => {
  const { SocketAddress } = net;

  describe('SocketAddress', () => {
    it('has defaults', () => {
      const expected =
        { address: '127.0.0.1', port: 0, family: 'ipv4', flowlabel: 0 };
      for (const options of [undefined, {}, { address: undefined, port: undefined,
        family: undefined, flowlabel: undefined }]) {
        assert.deepStrictEqual(new SocketAddress(options).toJSON(), expected);
      }
      assert.strictEqual(new SocketAddress({ family: 'ipv6' }).address, '::');
    });

    it('keeps and normalizes what it is given', () => {
      const texts = {
        '::0001': '::1',
        '::FFFF': '::ffff',
        '1:0:0:2:0:0:0:3': '1:0:0:2::3',
        '1:0:2:3:4:5:6:7': '1:0:2:3:4:5:6:7',
        '::1:2': '::0.1.0.2',
        '::ffff:102:304': '::ffff:1.2.3.4',
        'fe80::1%lo': 'fe80::1',
      };
      for (const [given, address] of Object.entries(texts)) {
        const socketAddress = new SocketAddress(
          { address: given, port: 80, family: 'IPv6', flowlabel: 0xfffff });
        assert.deepStrictEqual(
          socketAddress.toJSON(),
          { address, port: 80, family: 'ipv6', flowlabel: 0xfffff });
      }
    });

    it('takes any port', () => {
      for (const port of [0, 1, 80, 65535]) {
        assert.strictEqual(new SocketAddress({ port }).port, port);
      }
    });

    it('reads each option once', () => {
      const reads = [];
      const options = new Proxy({ address: '1.2.3.4' }, {
        get(target, key) { reads.push(key); return target[key]; },
      });
      assert.strictEqual(new SocketAddress(options).address, '1.2.3.4');
      assert.deepStrictEqual(
        reads.sort(), ['address', 'family', 'flowlabel', 'port']);
    });

    it('has read-only properties', () => {
      const socketAddress = new SocketAddress();
      for (const key of ['address', 'port', 'family', 'flowlabel']) {
        assert.throws(() => { socketAddress[key] = 1; }, TypeError);
      }
    });

    const invalid = [
      [1, 'ERR_INVALID_ARG_TYPE', 'The "options" argument must be of type ' +
        'object. Received type number (1)'],
      [null, 'ERR_INVALID_ARG_TYPE',
        'The "options" argument must be of type object. Received null'],
      [[], 'ERR_INVALID_ARG_TYPE', 'The "options" argument must be of type ' +
        'object. Received an instance of Array'],
      [{ address: 1 }, 'ERR_INVALID_ARG_TYPE', 'The "options.address" ' +
        'property must be of type string. Received type number (1)'],
      [{ address: null }, 'ERR_INVALID_ARG_TYPE', 'The "options.address" ' +
        'property must be of type string. Received null'],
      [{ address: 'x' }, 'ERR_INVALID_ADDRESS', 'Invalid socket address'],
      [{ address: '::1' }, 'ERR_INVALID_ADDRESS', 'Invalid socket address'],
      [{ address: '1.2.3.4', family: 'ipv6' }, 'ERR_INVALID_ADDRESS',
        'Invalid socket address'],
      [{ family: 'test' }, 'ERR_INVALID_ARG_VALUE',
        "The property 'options.family' is invalid. Received 'test'"],
      [{ family: null }, 'ERR_INVALID_ARG_VALUE',
        "The property 'options.family' is invalid. Received null"],
      [{ port: 65536 }, 'ERR_SOCKET_BAD_PORT', 'options.port should be >= 0 ' +
        'and < 65536. Received type number (65536).'],
      [{ port: 1.5 }, 'ERR_SOCKET_BAD_PORT', 'options.port should be >= 0 ' +
        'and < 65536. Received type number (1.5).'],
      [{ port: {} }, 'ERR_SOCKET_BAD_PORT', 'options.port should be >= 0 ' +
        'and < 65536. Received an instance of Object.'],
      [{ port: '' }, 'ERR_SOCKET_BAD_PORT', 'options.port should be >= 0 ' +
        "and < 65536. Received type string ('')."],
      [{ port: '1.5' }, 'ERR_SOCKET_BAD_PORT', 'options.port should be >= 0 ' +
        "and < 65536. Received type string ('1.5')."],
      [{ port: '65536' }, 'ERR_SOCKET_BAD_PORT', 'options.port should be >= ' +
        "0 and < 65536. Received type string ('65536')."],
      [{ flowlabel: '1' }, 'ERR_INVALID_ARG_TYPE', 'The "options.flowlabel" ' +
        "property must be of type number. Received type string ('1')"],
      [{ flowlabel: 1.5 }, 'ERR_OUT_OF_RANGE', 'The value of ' +
        '"options.flowlabel" is out of range. It must be an integer. ' +
        'Received 1.5'],
      [{ flowlabel: -1 }, 'ERR_OUT_OF_RANGE', 'The value of ' +
        '"options.flowlabel" is out of range. It must be >= 0 && <= ' +
        '4294967295. Received -1'],
      [{ flowlabel: 2 ** 20, family: 'ipv6', address: 'x' },
        'ERR_INVALID_ADDRESS', 'Invalid socket address', 'uvnet'],
    ];
    for (const [options, code, message, only = name] of invalid) {
      if (only !== name) {
        continue;
      }
      it(`refuses ${util.inspect(options)}`, () => {
        assert.throws(() => new SocketAddress(options), { code, message });
      });
    }

    it('looks like core\'s to util.inspect and as JSON', () => {
      const socketAddress = new SocketAddress({ port: 5 });
      assert.strictEqual(
        util.inspect(socketAddress, { breakLength: Infinity }),
        'SocketAddress { address: \'127.0.0.1\', port: 5, family: \'ipv4\', ' +
        'flowlabel: 0 }');
      assert.strictEqual(
        util.inspect(socketAddress, { depth: -1 }), '[SocketAddress]');
      assert.strictEqual(
        JSON.stringify(socketAddress),
        '{"address":"127.0.0.1","port":5,"family":"ipv4","flowlabel":0}');
      assert.deepStrictEqual(Object.keys(socketAddress), []);
    });

    it('is a class like core\'s', () => {
      assert.strictEqual(SocketAddress.name, 'SocketAddress');
      assert.strictEqual(SocketAddress.length, 0);
      assert.throws(() => SocketAddress(), {
        name: 'TypeError',
        message: 'Class constructor SocketAddress cannot be invoked without ' +
          "'new'",
      });
      for (const key of Reflect.ownKeys(coreNet.SocketAddress)) {
        assert.ok(key in SocketAddress, String(key));
      }
      class Derived extends SocketAddress {}
      const derived = new Derived({ port: 1 });
      assert.ok(derived instanceof Derived && derived instanceof SocketAddress);
      assert.ok(!(new SocketAddress() instanceof Derived));
      assert.ok(!({} instanceof SocketAddress));
    });

    it('has isSocketAddress()', () => {
      const socketAddress = new SocketAddress();
      assert.strictEqual(SocketAddress.isSocketAddress(socketAddress), true);
      assert.strictEqual(
        coreNet.SocketAddress.isSocketAddress(socketAddress), true);
      for (const value of [undefined, null, 1, {}, socketAddress.toJSON()]) {
        assert.strictEqual(SocketAddress.isSocketAddress(value), false);
      }
    });

    if (coreNet.SocketAddress.parse !== undefined) {
      it('has parse()', () => {
        const socketAddress = SocketAddress.parse('[::1]:8080');
        assert.ok(socketAddress instanceof SocketAddress);
        assert.strictEqual(socketAddress.address, '::1');
        assert.strictEqual(socketAddress.port, 8080);
        assert.strictEqual(SocketAddress.parse('x'), undefined);
      });
    }

    it('can be cloned', async () => {
      const options =
        { address: '::1', port: 80, family: 'ipv6', flowlabel: 5 };
      for (const clone of [
        await received(new SocketAddress(options)),
        structuredClone(new SocketAddress(options)),
      ]) {
        assert.deepStrictEqual(clone.toJSON(), options);
        assert.ok(SocketAddress.isSocketAddress(clone));
        assert.ok(clone instanceof SocketAddress);
      }
    });

    it('can be passed to a worker and back', async () => {
      const worker = track(new Worker(
        'const { parentPort } = require("worker_threads");' +
        'parentPort.once("message", (m) => parentPort.postMessage(m));',
        { eval: true }));
      worker.postMessage(new SocketAddress({ address: '1.2.3.4', port: 9 }));
      const [message] = await once(worker, 'message');
      assert.strictEqual(message.address, '1.2.3.4');
      assert.strictEqual(message.port, 9);
      assert.ok(message instanceof SocketAddress);
    });
  });

  if (name !== 'uvnet') {
    return;
  }

  // These end the process with core's own class.
  describe('SocketAddress, where core aborts', () => {
    it('takes ports as strings', () => {
      const ports = { 80: 80, ' 80 ': 80, '0x50': 80, '8e1': 80, '-0': 0 };
      for (const [port, number] of Object.entries(ports)) {
        assert.strictEqual(new SocketAddress({ port }).port, number);
      }
    });

    it('takes -0 as 0', () => {
      const socketAddress = new SocketAddress({ port: -0, flowlabel: -0 });
      assert.strictEqual(socketAddress.port, 0);
      assert.strictEqual(socketAddress.flowlabel, 0);
    });

    it('refuses a flow label of more than 20 bits', () => {
      for (const flowlabel of [2 ** 20, 2 ** 32 - 1]) {
        assert.throws(() => new SocketAddress({ family: 'ipv6', flowlabel }), {
          name: 'RangeError',
          code: 'ERR_OUT_OF_RANGE',
          message: 'The value of "options.flowlabel" is out of range. It must ' +
            `be >= 0 && <= 1048575. Received ${flowlabel}`,
        });
        assert.strictEqual(new SocketAddress({ flowlabel }).flowlabel, 0);
      }
    });
  });
});
