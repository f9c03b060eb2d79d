'use strict';

// The upgrade, and then 10,000 messages each way at the same time.

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const { WebSocket, WebSocketServer } = require('ws');
const { scenario } = require('../scenario');

const MESSAGES = 10000;

// Of lengths on both sides of where the frame's header changes.
function message(i) {
  return `${i} `.padEnd(i % 100 === 0 ? 70000 : i % 300, 'x');
}

function exchange(socket) {
  for (let i = 0; i < MESSAGES; i++) socket.send(message(i));
  return new Promise((resolve) => {
    let count = 0;
    socket.on('message', (data, isBinary) => {
      assert.strictEqual(isBinary, false);
      assert.strictEqual(data.toString(), message(count));
      if (++count === MESSAGES) resolve(count);
    });
  });
}

async function refuse({ log }, port) {
  const client = new WebSocket(`ws://127.0.0.1:${port}/nowhere`);
  client.on('error', (error) => log('refused', 'error', error));
  const code = await new Promise((resolve) => { client.once('close', resolve); });
  log('refused', 'close', code);
}

scenario(async (tools) => {
  const { log, watch, watchSocket } = tools;
  const web = http.createServer().listen(0, '127.0.0.1');
  await once(web, 'listening');
  const { port } = web.address();
  const server = new WebSocketServer({ server: web, path: '/here' });
  const connection = once(server, 'connection');
  const client = new WebSocket(`ws://127.0.0.1:${port}/here`, 'chat');
  watch('client', client, ['upgrade', 'open', 'error']);
  client.on('upgrade', ({ socket }) => watchSocket('client socket', socket));
  const [peer, request] = await connection;
  watchSocket('server socket', request.socket);
  log('server', request.headers.upgrade, request.url, peer.protocol);
  await once(client, 'open');
  const counts = await Promise.all([exchange(client), exchange(peer)]);
  log('server', 'messages', ...counts);
  await refuse(tools, port);
  const closed = [client, peer].map((socket) => once(socket, 'close'));
  client.close();
  await Promise.all(closed);
  server.close();
  web.close();
});
