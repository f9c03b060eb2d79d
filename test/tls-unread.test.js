'use strict';

const assert = require('node:assert');
const { forEachReplaced } = require('./replaced');

const { deepStrictEqual: same } = assert;

// Each script runs in a child process and sees nothing of this file. In each,
// two sockets have bytes in the kernel before anything is read.
forEachReplaced((run) => {
  describe('TLS begun by another socket that is ready too', () => {
    // Nothing of the socket's own may take the handshake away.
    for (const use of ['nothing', 'resume', 'on', 'setEncoding']) {
      it(`over one with ${use}`, async () => {
        same(await run(async (net, helper) => {
          const tls = require('tls');
          const psk = require(`${helper.ROOT}/test/psk`);
          const first = await helper.pair(net);
          const second = await helper.pair(net);
          const { peer } = second;
          const uses = {
            nothing() {},
            resume() { peer.resume(); },
            on() { peer.on('readable', () => peer.read()); },
            setEncoding() { peer.setEncoding('utf8'); },
          };
          uses[process.argv[2]]();
          first.peer.once('data', () => {
            new tls.TLSSocket(peer, { ...psk.server, isServer: true })
              .end('secret');
          });
          first.client.write('starttls');
          const socket = tls.connect({ ...psk.client, socket: second.client });
          const text = await helper.collect(socket);
          first.client.destroy();
          first.server.close();
          second.server.close();
          return String(text);
        }, { args: [use] }), 'secret');
      });
    }
  });

  describe('a socket paused by another one\'s onread', () => {
    // By each of the two ways in which C reads: the first bytes choose.
    for (const size of ['4', '4096']) {
      it(`then given to TLS, ${size} bytes`, async () => {
        same(await run(async (net, helper) => {
          const tls = require('tls');
          const psk = require(`${helper.ROOT}/test/psk`);
          const most = 2 * Number(process.argv[2]);
          const state = { bytes: 0, paused: null };
          const open = (i) => helper.pair(net, { client: { onread: {
            buffer: Buffer.alloc(64 * 1024),
            callback(count) {
              state.bytes += count;
              if (state.bytes <= most) return;
              state.paused = 1 - i;
              pairs[1 - i].client.pause();
            },
          } } });
          const pairs = [await open(0), await open(1)];
          for (const { peer } of pairs) peer.write(Buffer.alloc(most / 2));
          await helper.eventually(() => state.bytes === most);
          const sockets = pairs.map(({ peer: socket }) =>
            tls.connect({ ...psk.client, socket }).on('error', () => {}));
          await helper.eventually(() => state.paused !== null);
          const { bytes, paused } = state;
          for (let i = 0; i < 20; i++) await helper.turn();
          new tls.TLSSocket(pairs[paused].client,
            { ...psk.server, isServer: true }).end('secret');
          const text = await helper.collect(sockets[paused]);
          for (const { client, server } of pairs) {
            client.destroy();
            server.close();
          }
          return [String(text), bytes === state.bytes];
        }, { args: [size] }), ['secret', true]);
      });

      it(`then given to http2, ${size} bytes`, async () => {
        same(await run(async (net, helper) => {
          const http2 = require('http2');
          const most = 2 * Number(process.argv[2]);
          const state = { bytes: 0, paused: null };
          const open = (i) => helper.pair(net, { client: { onread: {
            buffer: Buffer.alloc(64 * 1024),
            callback(count) {
              state.bytes += count;
              if (state.bytes <= most) return;
              state.paused = 1 - i;
              pairs[1 - i].client.pause();
            },
          } } });
          const pairs = [await open(0), await open(1)];
          for (const { peer } of pairs) peer.write(Buffer.alloc(most / 2));
          await helper.eventually(() => state.bytes === most);
          const streams = pairs.map(({ peer }) => http2.connect('http://x',
            { createConnection: () => peer }).on('error', () => {})
            .request().on('error', () => {}));
          await helper.eventually(() => state.paused !== null);
          const { paused } = state;
          for (let i = 0; i < 20; i++) await helper.turn();
          // http2 does not read from a socket that is paused.
          pairs[paused].client.resume();
          http2.createServer((request, response) => response.end('hello'))
            .emit('connection', pairs[paused].client);
          const text = await helper.collect(streams[paused]);
          for (const { client, peer, server } of pairs) {
            client.destroy();
            peer.destroy();
            server.close();
          }
          return String(text);
        }, { args: [size] }), 'hello');
      });
    }
  });
});
