'use strict';

// Bodies of http and https: of requests upwards, of responses downwards, on a
// connection that is kept alive (but for the manner `fresh`).

const { certificate: cert, privateKey: key } = require('../../certificate');
const { close, listen } = require('../places');
const { read } = require('../readers');
const { countdown } = require('../sink');
const { callbacks, writeAndEnd, writeThenEnd } = require('../writers');

function place({ port, host, path: socketPath }) {
  return socketPath ? { socketPath } : { port, host };
}

function answerer({ cell, payload, sink }, state) {
  const write = cell.verb === 'end' ? writeAndEnd : writeThenEnd;
  if (cell.direction === 'down') {
    return (request, response) => {
      request.resume();
      write(cell, response, payload, state.finish);
    };
  }
  return (request, response) => {
    read(cell, request, sink);
    request.on('end', () => response.end());
  };
}

// An operation is a request with its response.
function requester({ cell, payload, sink }, state, send) {
  const write = cell.verb === 'end' ? writeAndEnd : writeThenEnd;
  const isUp = cell.direction === 'up';
  return () => {
    const request = send({ method: isUp ? 'POST' : 'GET', path: '/' });
    request.on('response', (response) => {
      response.on('end', state.finish);
      if (isUp) response.resume();
      else read(cell, response, sink);
    });
    if (isUp) write(cell, request, payload, state.finish);
    else request.end();
  };
}

async function open(context, isSecure) {
  const { cell, sink } = context;
  const http = require(isSecure ? 'node:https' : 'node:http');
  const isFresh = cell.manner === 'fresh';
  const agent = new http.Agent({ keepAlive: !isFresh, maxSockets: 1,
    rejectUnauthorized: false });
  const state = {};
  const server = http.createServer(isSecure ? { key, cert } : {},
    answerer(context, state));
  server.keepAliveTimeout = 0;
  if (isFresh) {
    server.on(isSecure ? 'secureConnection' : 'connection',
      (socket) => socket.on('close', state.finish));
  }
  const at = place(await listen(server, cell, context));
  const request = requester(context, state, (options) => {
    const sent = http.request({ ...at, ...options, agent });
    if (isFresh) {
      sent.on('socket', (socket) => socket.on('close', state.finish));
    }
    return sent;
  });
  const count = 2 + callbacks(cell) + (isFresh ? 2 : 0);
  return {
    operate(done) {
      state.finish = countdown(count, done);
      sink.expect(state.finish);
      request();
    },
    close() {
      agent.destroy();
      server.closeAllConnections();
      return close(server);
    },
  };
}

module.exports = { http: (context) => open(context, false),
  https: (context) => open(context, true) };
