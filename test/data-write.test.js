'use strict';

const assert = require('node:assert');
const { PassThrough } = require('node:stream');
const { collect, forEachNet, forEachTransport, once, outcome, turn } =
  require('./helper');

const TEXT = 'a\u00e9\u20ac\ud83d\ude00\ud800z';
const MEGABYTE = 1024 * 1024;

// [encoding, text, bytes the peer must see]
const ENCODINGS = [
  [undefined, TEXT, '61c3a9e282acf09f9880efbfbd7a'],
  ['utf8', TEXT, '61c3a9e282acf09f9880efbfbd7a'],
  ['UTF-8', '\u00e9', 'c3a9'],
  ['latin1', 'a\u00e9\u20acz', '61e9ac7a'],
  ['binary', 'a\u00ffz', '61ff7a'],
  ['ascii', 'a\u00e9z', '61e97a'],
  ['ucs2', '\u20ac\ud83d\ude00', 'ac203dd800de'],
  ['utf16le', '\u20ac\ud800', 'ac2000d8'],
  ['UTF-16LE', 'ab', '61006200'],
  ['hex', '00ff10', '00ff10'],
  ['hex', '00f', '00'],
  ['hex', 'zz', ''],
  ['base64', 'AP8Q', '00ff10'],
  ['base64', 'AP8Q/+8=', '00ff10ffef'],
  ['base64url', 'AP8Q_-8', '00ff10ffef'],
];

// Longer than any inline buffer, and not a multiple of a block size.
const LONG = [
  ['utf8', '\u20acx'.repeat(50001)],
  ['latin1', '\u00e9x'.repeat(50001)],
  ['ascii', 'xyz'.repeat(50001)],
  ['ucs2', '\u20acx'.repeat(50001)],
  ['hex', '00ff7f'.repeat(30001)],
  ['base64', 'AP8Q'.repeat(30001)],
];

async function sent(open, net, write) {
  const { client, peer } = await open(net);
  const received = collect(peer);
  write(client);
  client.end();
  client.resume();
  const bytes = await received;
  assert.strictEqual(client.bytesWritten, bytes.length);
  assert.strictEqual(peer.bytesRead, bytes.length);
  return bytes;
}

function pattern(length) {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + (i >> 11)) & 255;
  return bytes;
}

forEachNet((net) => {
  forEachTransport((open) => {
    describe('encodings', () => {
      for (const [encoding, text, hex] of ENCODINGS) {
        it(`${encoding}: ${JSON.stringify(text)}`, async () => {
          const bytes =
            await sent(open, net, (client) => client.write(text, encoding));
          assert.strictEqual(bytes.toString('hex'), hex);
        });
      }

      for (const [encoding, text] of LONG) {
        it(`${text.length} characters of ${encoding}`, async () => {
          const bytes =
            await sent(open, net, (client) => client.write(text, encoding));
          assert.ok(bytes.equals(Buffer.from(text, encoding)));
        });
      }

      it('setDefaultEncoding and end(text, encoding)', async () => {
        const bytes = await sent(open, net, (client) => {
          client.setDefaultEncoding('hex');
          client.write('0a0b');
          client.end('0c', 'hex');
        });
        assert.strictEqual(bytes.toString('hex'), '0a0b0c');
      });
    });

    describe('chunks', () => {
      it('Buffer, Uint8Array, slices', async () => {
        const bytes = await sent(open, net, (client) => {
          client.write(Buffer.from('ab'));
          client.write(new Uint8Array([99, 100]));
          client.write(new Uint8Array([1, 2, 101, 102]).subarray(2));
          client.write(Buffer.from('xghx').subarray(1, 3));
        });
        assert.strictEqual(String(bytes), 'abcdefgh');
      });

      it('an ArrayBuffer is refused', async () => {
        const { client } = await open(net);
        assert.throws(() => client.write(new ArrayBuffer(2)),
          { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
      });

      // Newer versions of the streams take any view, older ones refuse.
      const takesViews =
        !outcome(() => new PassThrough().write(new Uint16Array(1))).code;
      const views = {
        'Uint16Array': new Uint16Array([0x6161, 0x6262]),
        'DataView': new DataView(
          new Uint8Array([1, 97, 97, 98, 98, 1]).buffer, 1, 4),
      };
      for (const [title, view] of Object.entries(views)) {
        it(`${title} as other streams do`, async () => {
          if (takesViews) {
            const bytes =
              await sent(open, net, (client) => client.write(view));
            assert.strictEqual(String(bytes), 'aabb');
          } else {
            const { client } = await open(net);
            assert.throws(() => client.write(view),
              { code: 'ERR_INVALID_ARG_TYPE' });
          }
        });
      }

      it('empty chunks call back and send nothing', async () => {
        const { client, peer } = await open(net);
        const log = [];
        const done = new Promise((resolve) => {
          client.write('', () => log.push('text'));
          client.write(Buffer.alloc(0), () => log.push('buffer'));
          client.write('x', () => log.push('x'));
          client.write('', () => { log.push('last'); resolve(); });
        });
        const [data] = await once(peer, 'data');
        await done;
        assert.deepStrictEqual(log, ['text', 'buffer', 'x', 'last']);
        assert.strictEqual(String(data), 'x');
        assert.strictEqual(client.bytesWritten, 1);
      });

      it('changing the buffer after its callback changes nothing',
        async () => {
          const { client, peer } = await open(net);
          const received = collect(peer);
          const bytes = Buffer.from('before');
          await new Promise((resolve) => { client.write(bytes, resolve); });
          bytes.fill('x');
          client.end();
          client.resume();
          assert.strictEqual(String(await received), 'before');
        });
    });

    describe('backpressure', () => {
      it('8 MB in one write, drain once', async () => {
        const { client, peer } = await open(net);
        const all = pattern(8 * MEGABYTE);
        peer.pause();
        const log = [];
        client.on('drain', () => log.push('drain'));
        assert.strictEqual(
          client.write(all, () => log.push('callback')), false);
        assert.strictEqual(client.writableNeedDrain, true);
        assert.strictEqual(client.writableLength, all.length);
        assert.strictEqual(client.bufferSize, all.length);
        assert.strictEqual(client.bytesWritten, all.length);
        for (let i = 0; i < 20; i++) await turn();
        assert.deepStrictEqual(log, []);
        const received = collect(peer.resume());
        await once(client, 'drain');
        assert.deepStrictEqual(log, ['drain', 'callback']);
        client.end();
        client.resume();
        assert.ok((await received).equals(all));
        assert.deepStrictEqual(
          [client.writableLength, client.bytesWritten, peer.bytesRead],
          [0, all.length, all.length]);
      });

      it('many writes keep their order and callbacks', async () => {
        const { client, peer } = await open(net);
        const received = collect(peer);
        const called = [];
        let expected = '';
        for (let i = 0; i < 500; i++) {
          const text = `${i},`.repeat(100);
          expected += text;
          client.write(i % 2 ? text : Buffer.from(text),
            () => called.push(i));
        }
        client.end();
        client.resume();
        assert.strictEqual(String(await received), expected);
        assert.deepStrictEqual(called, Array.from({ length: 500 },
          (_, i) => i));
      });

      it('mixed encodings in one queue', async () => {
        const { client, peer } = await open(net);
        const received = collect(peer);
        client.cork();
        client.write('\u00e9', 'latin1');
        client.write('\u00e9');
        client.write('ff00', 'hex');
        client.write(Buffer.from([1]));
        client.write('\u20ac', 'ucs2');
        client.end();
        client.resume();
        assert.strictEqual((await received).toString('hex'),
          'e9c3a9ff0001ac20');
      });

      it('a string of encoding \'buffer\' is refused, but not in a queue', async () => {
        const { client, peer } = await open(net);
        const received = collect(peer);
        const result = outcome(() => client.write('x', 'buffer'));
        const stream = new PassThrough({ decodeStrings: false });
        const streams = outcome(() => stream.write('x', 'buffer'));
        if (streams?.code === 'ERR_UNKNOWN_ENCODING') {
          // From Node 24 on no stream takes it.
          assert.deepStrictEqual(result, streams);
          return;
        }
        assert.deepStrictEqual(result, { name: 'TypeError',
          code: 'ERR_INVALID_ARG_TYPE',
          message: 'Second argument must be a buffer' });
        client.destroy();
        peer.resume();
        assert.strictEqual((await received).length, 0);
        const second = await open(net);
        const text = collect(second.peer);
        second.client.cork();
        second.client.write('a');
        second.client.write('\u00e9', 'buffer');
        second.client.end();
        second.client.resume();
        assert.strictEqual(String(await text), 'a\u00e9');
      });

      it('write tells the limit: false at the highWaterMark', async () => {
        const { client, peer } =
          await open(net, { client: { highWaterMark: 10 } });
        peer.resume();
        client.cork();
        const results = [client.write('12345'), client.write('6789'),
          client.write('0'), client.write('1')];
        assert.deepStrictEqual(results, [true, true, false, false]);
        assert.strictEqual(client.writableLength, 11);
        client.uncork();
        await once(client, 'drain');
        assert.strictEqual(client.writableLength, 0);
      });

      it('a peer that reads slowly gets all', async () => {
        const { client, peer } = await open(net);
        const all = pattern(3 * MEGABYTE);
        client.end(all);
        client.resume();
        const chunks = [];
        peer.on('data', (chunk) => {
          chunks.push(chunk);
          peer.pause();
          setImmediate(() => peer.resume());
        });
        await once(peer, 'end');
        assert.ok(Buffer.concat(chunks).equals(all));
      });
    });

    describe('cork', () => {
      it('holds until uncork', async () => {
        const { client, peer } = await open(net);
        client.cork();
        client.write('a');
        client.write('b');
        for (let i = 0; i < 10; i++) await turn();
        assert.deepStrictEqual(
          [peer.bytesRead, client.writableLength, client.bytesWritten],
          [0, 2, 2]);
        client.uncork();
        const [data] = await once(peer, 'data');
        assert.strictEqual(String(data), 'ab');
      });

      it('nests', async () => {
        const { client, peer } = await open(net);
        client.cork();
        client.cork();
        client.write('x');
        client.uncork();
        for (let i = 0; i < 10; i++) await turn();
        assert.deepStrictEqual(
          [client.writableCorked, peer.bytesRead], [1, 0]);
        client.uncork();
        await once(peer, 'data');
      });

      it('end uncorks', async () => {
        const { client, peer } = await open(net);
        const received = collect(peer);
        client.cork();
        client.write('x');
        client.end('y');
        client.resume();
        assert.strictEqual(String(await received), 'xy');
      });

      it('2000 corked chunks (more than one iovec array)', async () => {
        const { client, peer } = await open(net);
        const received = collect(peer);
        const texts = Array.from({ length: 2000 }, (_, i) => `<${i}>`);
        let calls = 0;
        const written = () => { calls++; };
        client.cork();
        for (const text of texts) client.write(Buffer.from(text), written);
        client.uncork();
        client.end();
        client.resume();
        assert.strictEqual(String(await received), texts.join(''));
        assert.strictEqual(calls, 2000);
      });
    });

    describe('callbacks', () => {
      it('never run inside write()', async () => {
        const { client, peer } = await open(net);
        peer.resume();
        const log = [];
        await new Promise((resolve) => {
          setImmediate(() => {
            process.nextTick(() => log.push('tick'));
            client.write('x', () => log.push('callback'));
            process.nextTick(() => log.push('tick'));
            Promise.resolve().then(() => log.push('promise'));
            log.push('sync');
            setImmediate(resolve);
          });
        });
        assert.deepStrictEqual(log,
          ['sync', 'tick', 'callback', 'tick', 'promise']);
      });

      it('one write, one callback argument', async () => {
        const { client, peer } = await open(net);
        peer.resume();
        const args = await new Promise((resolve) => {
          client.write('x', (...given) => resolve(given));
        });
        assert.ok(args.every((arg) => arg === null || arg === undefined));
      });

      it('a write made in a callback follows', async () => {
        const { client, peer } = await open(net);
        const received = collect(peer);
        client.write('1', () => {
          client.write('2', () => client.end('3'));
        });
        client.resume();
        assert.strictEqual(String(await received), '123');
      });

      it('writableLength and finish after end', async () => {
        const { client, peer } = await open(net);
        peer.resume();
        client.resume();
        client.end('x'.repeat(100));
        assert.strictEqual(client.writableEnded, true);
        await once(client, 'finish');
        assert.deepStrictEqual(
          [client.writableFinished, client.writableLength], [true, 0]);
      });
    });

    it('bytesWritten before connect counts the waiting bytes', async () => {
      const { server } = await open(net);
      const client = new net.Socket();
      const { port } = server.address();
      client.connect(port ? { port, host: '127.0.0.1' } :
        { path: server.address() });
      client.write('abc');
      client.write('\u20ac');
      client.write(Buffer.alloc(4));
      assert.deepStrictEqual(
        [client.bytesWritten, client.bufferSize], [10, 8]);
      await once(client, 'connect');
      client.destroy();
      await once(client, 'close');
      assert.strictEqual(client.bytesWritten, 10);
    });
  });
});
