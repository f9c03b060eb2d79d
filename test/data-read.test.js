'use strict';

const assert = require('node:assert');
const { PassThrough, pipeline } = require('node:stream');
const { collect, eventLog, eventually, forEachNet, forEachTransport, listen,
  once, turn, track } = require('./helper');

async function quiet(turns = 20) {
  for (let i = 0; i < turns; i++) await turn();
}

/** Writes each piece after the other side has counted the one before. */
async function writePieces(from, to, pieces) {
  let total = to.bytesRead;
  for (const piece of pieces) {
    from.write(piece);
    total += piece.length;
    const target = total;
    await eventually(() => to.bytesRead === target);
  }
}

forEachNet((net) => {
  forEachTransport((open, transport) => {
    describe('setEncoding', () => {
      const euro = Buffer.from('\u20ac\ud83d\ude00');
      const cases = [
        ['utf8', [euro.subarray(0, 1), euro.subarray(1, 5),
          euro.subarray(5)], '\u20ac\ud83d\ude00'],
        ['ucs2', [Buffer.from([0xac]), Buffer.from([0x20, 0x61]),
          Buffer.from([0])], '\u20aca'],
        ['hex', [Buffer.from([0, 255]), Buffer.from([16])], '00ff10'],
        ['base64', [Buffer.from([0]), Buffer.from([255, 16])], 'AP8Q'],
        ['latin1', [Buffer.from([0xe9])], '\u00e9'],
        ['utf8', [Buffer.from([0xe2, 0x82])], '\ufffd'],
      ];
      for (const [encoding, pieces, text] of cases) {
        it(`${encoding} over ${pieces.length} pieces`, async () => {
          const { client, peer } = await open(net);
          assert.strictEqual(client.setEncoding(encoding), client);
          const received = collect(client);
          await writePieces(peer, client, pieces);
          peer.end();
          assert.strictEqual(await received, text);
        });
      }

      it('after the first chunk', async () => {
        const { client, peer } = await open(net);
        peer.write('one');
        const [first] = await once(client, 'data');
        client.setEncoding('utf8');
        peer.write('two');
        const [second] = await once(client, 'data');
        assert.ok(Buffer.isBuffer(first));
        assert.strictEqual(second, 'two');
      });
    });

    describe('chunks', () => {
      it('are Buffers of their own bytes', async () => {
        const { client, peer } = await open(net);
        const kept = [];
        client.on('data', (chunk) => kept.push(chunk));
        await writePieces(peer, client, ['first', 'second', 'third']);
        assert.deepStrictEqual(kept.map(String),
          ['first', 'second', 'third']);
        kept[0].fill('x');
        assert.strictEqual(String(kept[1]), 'second');
        assert.strictEqual(kept[0].parent, kept[0].buffer);
      });

      it('kept while megabytes follow stay as they were', async () => {
        const { client, peer } = await open(net);
        const kept = [];
        client.on('data', (chunk) => kept.push(chunk));
        for (let i = 0; i < 64; i++) peer.write(Buffer.alloc(65536, i));
        peer.end();
        await once(client, 'end');
        const all = Buffer.concat(kept);
        assert.strictEqual(all.length, 64 * 65536);
        for (let i = 0; i < 64; i++) {
          assert.ok(all.subarray(i * 65536, (i + 1) * 65536)
            .every((byte) => byte === i));
        }
      });
    });

    describe('flow', () => {
      it('pause() in a data listener holds at once', async () => {
        const { client, peer } = await open(net);
        let chunks = 0;
        client.on('data', () => {
          chunks++;
          assert.strictEqual(client.pause(), client);
        });
        for (let i = 0; i < 4; i++) peer.write(Buffer.alloc(65536));
        await eventually(() => chunks > 0);
        await quiet();
        assert.strictEqual(chunks, 1);
        assert.strictEqual(client.isPaused(), true);
        assert.strictEqual(client.resume(), client);
        await eventually(() => chunks > 1);
        await quiet();
        assert.strictEqual(chunks, 2);
      });

      it('a paused socket stops reading near its highWaterMark', async () => {
        const { client, peer } = await open(net);
        client.pause();
        client.on('data', () => assert.fail('data while paused'));
        peer.write(Buffer.alloc(8 * 1024 * 1024));
        await quiet(50);
        assert.ok(client.bytesRead < 1024 * 1024);
        client.removeAllListeners('data');
      });

      it('bytes sent while paused come after resume', async () => {
        const { client, peer } = await open(net);
        client.on('data', () => {});
        client.pause();
        peer.write('waiting');
        await quiet();
        const next = once(client, 'data');
        client.resume();
        assert.strictEqual(String((await next)[0]), 'waiting');
      });

      it('end waits for the paused bytes', async () => {
        const { client, peer } = await open(net);
        const log = eventLog(client, ['data', 'end']);
        client.pause();
        peer.end('last words');
        await quiet();
        assert.deepStrictEqual(log, []);
        client.resume();
        await once(client, 'end');
        assert.deepStrictEqual(log, ['data', 'end']);
      });

      it('a connection without reader: the peer sees backpressure',
        async () => {
          const { peer } = await open(net);
          const log = eventLog(peer, ['drain']);
          peer.write(Buffer.alloc(8 * 1024 * 1024));
          await quiet(50);
          assert.deepStrictEqual(log, []);
          assert.ok(peer.writableLength > 0);
        });
    });

    describe('readable mode', () => {
      it('read() gives what readable announces', async () => {
        const { client, peer } = await open(net);
        peer.end('0123456789');
        const parts = [];
        client.on('readable', () => {
          let part;
          while ((part = client.read(4)) !== null) parts.push(String(part));
        });
        await once(client, 'end');
        assert.deepStrictEqual(parts, ['0123', '4567', '89']);
      });

      it('read(0) starts reading', async () => {
        const { client, peer } = await open(net);
        peer.write('abc');
        client.read(0);
        await once(client, 'readable');
        assert.strictEqual(client.readableLength, 3);
        assert.strictEqual(String(client.read()), 'abc');
      });

      it('removing the readable listener and resuming flows', async () => {
        const { client, peer } = await open(net);
        const listener = () => {};
        client.on('readable', listener);
        peer.write('abc');
        await once(client, 'readable');
        client.removeListener('readable', listener);
        const text = collect(client.setEncoding('utf8'));
        client.resume();
        peer.end('def');
        assert.strictEqual(await text, 'abcdef');
      });

      it('unshift puts bytes back', async () => {
        const { client, peer } = await open(net);
        peer.write('header\nbody');
        await once(client, 'readable');
        const bytes = client.read();
        client.unshift(bytes.subarray(7));
        const text = collect(client.setEncoding('utf8'));
        peer.end('!');
        assert.strictEqual(await text, 'body!');
      });

      it('unshift in a data listener', async () => {
        const { client, peer } = await open(net);
        const parts = [];
        client.on('data', (chunk) => {
          parts.push(String(chunk));
          if (parts.length === 1) client.unshift(chunk.subarray(2));
        });
        peer.end('abcd');
        await once(client, 'end');
        assert.deepStrictEqual(parts, ['abcd', 'cd']);
      });
    });

    describe('iteration and pipes', () => {
      it('for await', async () => {
        const { client, peer } = await open(net);
        const expected = Buffer.alloc(300000, 'xyz');
        peer.end(expected);
        const chunks = [];
        for await (const chunk of client) chunks.push(chunk);
        assert.ok(Buffer.concat(chunks).equals(expected));
      });

      it('leaving for await destroys the socket', async () => {
        const { client, peer } = await open(net);
        peer.write('x');
        for await (const chunk of client) {
          assert.strictEqual(String(chunk), 'x');
          break;
        }
        assert.strictEqual(client.destroyed, true);
      });

      it('echo by pipe', async () => {
        const { client, peer } = await open(net);
        peer.pipe(peer);
        const expected = Buffer.alloc(2000000, 'echo');
        const received = collect(client);
        client.end(expected);
        assert.ok((await received).equals(expected));
      });

      it('a relay of two sockets, both ways', async () => {
        const halfOpen = { allowHalfOpen: true };
        const inner =
          net.createServer(halfOpen, (socket) => socket.pipe(socket));
        await listen(inner);
        const { client, peer } = await open(net, { server: halfOpen });
        const upstream = track(net.connect(
          { port: inner.address().port, host: '127.0.0.1', ...halfOpen }));
        peer.pipe(upstream).pipe(peer);
        const expected = Buffer.alloc(3000000, 'relay!');
        const received = collect(client);
        client.end(expected);
        assert.ok((await received).equals(expected));
      });

      it('unpipe stops the flow', async () => {
        const { client, peer } = await open(net);
        const sink = new PassThrough();
        client.pipe(sink);
        peer.write('one');
        const [chunk] = await once(sink, 'data');
        assert.strictEqual(String(chunk), 'one');
        client.unpipe(sink);
        peer.write('two');
        await quiet();
        assert.strictEqual(sink.readableLength, 0);
        const next = once(client, 'data');
        client.resume();
        assert.strictEqual(String((await next)[0]), 'two');
      });

      it('pipe to a slow sink respects backpressure', async () => {
        const { client, peer } = await open(net);
        const sink = new PassThrough({ highWaterMark: 1024 });
        client.pipe(sink);
        peer.end(Buffer.alloc(4 * 1024 * 1024, 'z'));
        await quiet(50);
        assert.ok(client.bytesRead < 1024 * 1024);
        assert.strictEqual((await collect(sink)).length, 4 * 1024 * 1024);
      });

      it('pipe with two sinks gives both everything', async () => {
        const { client, peer } = await open(net);
        const sinks = [new PassThrough(), new PassThrough()];
        for (const sink of sinks) client.pipe(sink);
        const all = sinks.map(collect);
        peer.end(Buffer.alloc(500000, 'q'));
        const [a, b] = await Promise.all(all);
        assert.deepStrictEqual([a.length, b.length], [500000, 500000]);
      });

      it('pipeline reports the destroyed side', async () => {
        const { client, peer } = await open(net);
        peer.write('x');
        const done = new Promise((resolve) => {
          pipeline(client, new PassThrough().resume(), resolve);
        });
        await once(client, 'data');
        client.destroy();
        const error = await done;
        assert.strictEqual(error.code, 'ERR_STREAM_PREMATURE_CLOSE');
      });
    });

    it('both directions at once', async () => {
      const { client, peer } = await open(net);
      const a = Buffer.alloc(2500000, 'a');
      const b = Buffer.alloc(2500000, 'b');
      const received = Promise.all([collect(client), collect(peer)]);
      client.end(a);
      peer.end(b);
      const [fromPeer, fromClient] = await received;
      assert.ok(fromPeer.equals(b) && fromClient.equals(a), transport);
    });
  });
});
