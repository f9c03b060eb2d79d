'use strict';

// A connection that is reset while bytes wait to be read. The reader is given all
// of them first, and then the error. But up to libuv 1.51 core sees an end if its
// last read was shorter than the buffer: libuv takes the hang-up that it finds
// then for one.

const assert = require('node:assert');
const { Writable } = require('node:stream');
const { closed, eventLog, forEachNet, forEachTransport, once, track, turn } =
  require('./helper');

const CORES_BUFFER = 65_536;
const [, LIBUV] = process.versions.uv.split('.').map(Number);
const HANG_UP_ENDS = LIBUV < 52;
const SIZES = [
  1, 1000, 1024, 4095, 4096, 5000, 16_384, 32_768, 50_000, 65_535, 65_536, 65_537,
  70_000, 100_000, 131_072, 300_000,
];

// What starts to read.
const WAYS = {
  'data': (socket) => socket.on('data', () => {}),
  'strings': (socket) => socket.setEncoding('latin1').on('data', () => {}),
  'readable': (socket) => socket.on('readable', () => {
    while (socket.read() !== null);
  }),
  'pipe': (socket) => socket.pipe(new Writable({
    write(chunk, encoding, done) { done(); },
  })),
};

function pauseAfterEach(socket) {
  socket.on('data', () => {
    socket.pause();
    setImmediate(() => socket.resume());
  });
}

// A paused client for which `size` bytes wait, of a connection that was reset. A
// Unix socket is reset by closing it while it has bytes to read.
async function openReset(net, open, size, options) {
  const { server } = await open(net, { server: { pauseOnConnect: true } });
  const address = server.address();
  const accepted = once(server, 'connection');
  const client = track(net.connect({
    ...(typeof address === 'string' ? { path: address } : address), ...options,
  }));
  client.once('connect', () => client.pause());
  const [[peer]] = await Promise.all([accepted, once(client, 'connect')]);
  peer.on('error', () => {});
  client.write('never read');
  await turn();
  peer.write(Buffer.alloc(size));
  await turn();
  if (typeof address === 'string') peer.destroy();
  else peer.resetAndDestroy();
  await closed(peer);
  return client;
}

async function check(client, size, buffer, read) {
  const log = eventLog(client, ['end', 'error', 'close']);
  const ended = closed(client);
  read(client);
  client.resume();
  await ended;
  const { bytesRead } = client;
  assert.ok(bytesRead > 0 && bytesRead <= size);
  assert.deepStrictEqual({ size, bytesRead, log }, { size, bytesRead,
    log: HANG_UP_ENDS && bytesRead % buffer !== 0 ? ['end', 'close:false'] :
      ['error:ECONNRESET', 'close:true'] });
}

forEachNet((net) => {
  forEachTransport((open) => {
    describe('reset while bytes wait', () => {
      for (const [name, read] of Object.entries(WAYS)) {
        it(`${name}`, async () => {
          await Promise.all(SIZES.map(async (size) => {
            const client = await openReset(net, open, size);
            await check(client, size, CORES_BUFFER, read);
          }));
        });
      }

      // More than that are two reads of core's and one of uvnet's: then the pause
      // is before the last byte, or behind it.
      it('a pause after each chunk: the same, with one chunk', async () => {
        const sizes = SIZES.filter((size) => size <= CORES_BUFFER);
        await Promise.all(sizes.map(async (size) => {
          const client = await openReset(net, open, size);
          await check(client, size, CORES_BUFFER, pauseAfterEach);
        }));
      });

      for (const length of [1000, 16_384, CORES_BUFFER, 100_000, 200_000]) {
        it(`onread with ${length} bytes: the same`, async () => {
          const fixed = { buffer: Buffer.alloc(length), callback() {} };
          const fresh = { buffer: () => Buffer.alloc(length), callback() {} };
          await Promise.all(SIZES.flatMap((size) => [fixed, fresh].map(
            async (onread) => {
              const client = await openReset(net, open, size, { onread });
              await check(client, size, length, () => {});
            })));
        });
      }
    });
  });
});
