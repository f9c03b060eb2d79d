'use strict';

// Messages of ws, one for each piece.

const { once } = require('node:events');
const http = require('node:http');
const { WebSocket, WebSocketServer } = require('ws');
const { close, listen } = require('../places');
const { countdown } = require('../sink');
const { callbacks } = require('../writers');

// No limit, and no compression.
const options = { perMessageDeflate: false, maxPayload: 0 };

function addressOf({ port, host, path }) {
  return path ? `ws+unix://${path}:/` : `ws://${host}:${port}/`;
}

module.exports = async function open(context) {
  const { cell, payload: { pieces }, sink } = context;
  const server = http.createServer();
  const acceptor = new WebSocketServer({ server, ...options });
  const at = await listen(server, cell, context);
  const client = new WebSocket(addressOf(at), options);
  const [[accepted]] = await Promise.all([once(acceptor, 'connection'),
    once(client, 'open')]);
  const [writer, reader] = cell.direction === 'up' ? [client, accepted] :
    [accepted, client];
  reader.on('message', (data) => sink.add(data));
  return {
    operate(done) {
      const finish = countdown(1 + callbacks(cell), done);
      sink.expect(finish);
      if (cell.manner === 'callback') writer.send(pieces[0], finish);
      else for (const piece of pieces) writer.send(piece);
    },
    async close() {
      client.terminate();
      accepted.terminate();
      acceptor.close();
      await close(server);
    },
  };
};
