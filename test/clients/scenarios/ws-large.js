'use strict';

// Frames of 64 MB: one each way, then one each way at the same time.

const assert = require('node:assert');
const { once } = require('node:events');
const { WebSocket, WebSocketServer } = require('ws');
const { scenario } = require('../scenario');

const LENGTH = 64 << 20;

function frame(seed) {
  const data = Buffer.allocUnsafe(LENGTH);
  for (let i = 0; i < LENGTH; i += 4) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    data.writeUInt32LE(seed, i);
  }
  return data;
}

async function receive(socket, expected) {
  const [data, isBinary] = await once(socket, 'message');
  assert.strictEqual(isBinary, true);
  assert.ok(data.equals(expected));
}

scenario(async ({ log, watch }) => {
  const maxPayload = LENGTH;
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload });
  await once(server, 'listening');
  const connection = once(server, 'connection');
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`,
    { maxPayload });
  watch('client', client, ['open', 'error', 'close']);
  const [peer] = await connection;
  watch('server', peer, ['error', 'close']);
  await once(client, 'open');
  const [up, down] = [frame(1), frame(2)];
  const sendUp = () => {
    client.send(up, (error) => log('client', 'sent', error ?? ''));
    return receive(peer, up);
  };
  const sendDown = () => {
    peer.send(down, (error) => log('server', 'sent', error ?? ''));
    return receive(client, down);
  };
  await sendUp();
  await sendDown();
  await Promise.all([sendUp(), sendDown()]);
  peer.close();
  await once(client, 'close');
  server.close();
});
