'use strict';

// Streams of strings: whoever decodes is done with the bytes of a read when it
// has given their text, so these may lie in memory that serves again. Nobody
// else may see that memory.

const assert = require('node:assert');
const { StringDecoder } = require('node:string_decoder');
const { closed, forEachNet, forEachTransport, turn } = require('./helper');

const TEXT = 'aé€\u{1f600}, ';
const SIZES = [1, 2, 3, 5, 7, 64, 65, 1000, 4095, 4096, 20_001, 65_537, 300_001];

// Bytes of which every second is another in each round, and that are UTF-8.
function bytesOf(size, round) {
  const text = `${round}${TEXT}`;
  return Buffer.from(text.repeat(Math.ceil(size / text.length))).subarray(0, size);
}

// Writes in rounds, so that each is a read of its own, and gives all of them.
async function writeRounds(socket, sizes, afterEach = () => {}) {
  const all = [];
  for (let i = 0; i < sizes.length; i++) {
    all.push(bytesOf(sizes[i], i));
    await new Promise((resolve) => { socket.write(all[i], resolve); });
    await turn();
    await turn();
    afterEach(i);
  }
  return Buffer.concat(all);
}

async function arrives(read, length) {
  while (read() < length) await turn();
}

forEachNet((net) => {
  forEachTransport((open) => {
    describe('streams of strings', () => {
      for (const encoding of ['utf8', 'utf16le', 'base64', 'hex', 'latin1']) {
        it(`${encoding}: characters that are cut, in reads of any size`, async () => {
          const pairs = await Promise.all([open(net), open(net), open(net)]);
          const texts = await Promise.all(pairs.map(async ({ client, peer }, i) => {
            let text = '';
            peer.setEncoding(encoding).on('data', (chunk) => { text += chunk; });
            const sent = await writeRounds(client, SIZES.map((size) => size + i));
            client.end();
            peer.end();
            await closed(peer);
            return { text, sent };
          }));
          for (const { text, sent } of texts) {
            assert.strictEqual(text, sent.toString(encoding));
          }
        });
      }

      it('another way of reading after each chunk', async () => {
        const { client, peer } = await open(net);
        let text = '';
        const onData = (chunk) => { text += chunk; };
        const onReadable = () => {
          for (let chunk; (chunk = peer.read()) !== null;) text += chunk;
        };
        peer.setEncoding('utf8').on('data', onData);
        const ways = [
          () => { peer.pause(); setImmediate(() => peer.resume()); },
          () => { peer.off('data', onData).on('readable', onReadable); },
          () => { peer.off('readable', onReadable).on('data', onData).resume(); },
          () => {},
        ];
        const sizes = [...SIZES, ...SIZES, ...SIZES, ...SIZES];
        const sent = await writeRounds(client, sizes, (i) => ways[i % 4]());
        peer.off('readable', onReadable).off('data', onData).on('data', onData)
          .resume();
        client.end();
        peer.end();
        await closed(peer);
        assert.strictEqual(text, sent.toString());
      });

      const keepers = {
        'push()': (socket, keep) => {
          const { push } = Object.getPrototypeOf(socket);
          socket.push = function(chunk, ...rest) {
            if (chunk !== null) keep(chunk);
            return push.call(this, chunk, ...rest);
          };
        },
        'a decoder': (socket, keep) => {
          socket._readableState.decoder = {
            write(chunk) { keep(chunk); return chunk.toString('latin1'); },
            end: () => '',
          };
        },
        'the decoder\'s write()': (socket, keep) => {
          const { decoder } = socket._readableState;
          decoder.write = function(chunk) {
            keep(chunk);
            return StringDecoder.prototype.write.call(this, chunk);
          };
        },
      };
      for (const [name, replace] of Object.entries(keepers)) {
        it(`${name} of a user may keep the bytes`, async () => {
          const { client, peer } = await open(net);
          const kept = [];
          let length = 0;
          peer.setEncoding('latin1').on('data', (chunk) => {
            length += chunk.length;
          });
          const first = await writeRounds(client, [70_000, 10, 5000]);
          await arrives(() => length, first.length);
          replace(peer, (chunk) => kept.push(chunk));
          const second = await writeRounds(client, SIZES);
          await arrives(() => length, first.length + second.length);
          assert.ok(Buffer.concat(kept).equals(second));
          client.destroy();
          peer.destroy();
          await closed(peer);
        });
      }
    });
  });
});
