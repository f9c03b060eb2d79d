'use strict';

// The close handshake, begun by either side or by both, and its absence.

const { once } = require('node:events');
const { WebSocket, WebSocketServer } = require('ws');
const { scenario } = require('../scenario');

const ENDINGS = {
  'client': (client) => client.close(1000, 'done'),
  'server': (client, peer) => peer.close(4000, 'enough'),
  'both': (client, peer) => {
    client.close(4001, 'mine');
    peer.close(4002, 'yours');
  },
  'queued': (client) => {
    client.send(Buffer.alloc(8 << 20));
    client.send('last');
    client.close(1001);
  },
  'terminated': (client) => client.terminate(),
  'dropped': (client, peer) => peer.terminate(),
};

async function open(server) {
  const connection = once(server, 'connection');
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
  const [[peer, request]] = await Promise.all([connection, once(client, 'open')]);
  return { client, peer, request };
}

function watchEnd(log, lane, socket) {
  socket.on('message', (data) => log(lane, 'message', data.length));
  socket.on('error', (error) => log(lane, 'error', error));
  return new Promise((resolve) => {
    socket.on('close', (code, reason) => {
      log(lane, 'close', code, reason);
      resolve();
    });
  });
}

async function end(name, server, { log, watchSocket }) {
  const { client, peer, request } = await open(server);
  watchSocket(`${name}: server socket`, request.socket);
  const ends = [
    watchEnd(log, `${name}: client`, client), watchEnd(log, `${name}: server`, peer)];
  ENDINGS[name](client, peer);
  await Promise.all(ends);
}

scenario(async (tools) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  for (const name of Object.keys(ENDINGS)) await end(name, server, tools);
  const closed = once(server, 'close');
  server.close();
  await closed;
  tools.log('listener', 'close');
});
