// Doubles in ES modules: their bindings of net are made when they are linked,
// before anything is replaced.

import { once } from 'node:events';
import http, { get } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import net, { connect, createServer, Socket } from 'node:net';
import * as all from 'node:net';
import { mock } from 'node:test';
import { connect as connectSecurely } from 'node:tls';
import { scenario } from '../scenario.js';
import { ask, startServer } from '../web.js';

function bindings({ log }) {
  log('bindings', connect === net.connect, Socket === net.Socket, all.connect === connect,
    all.default === net, createServer === net.createServer);
}

/** What a stub changes for those who have imported before. */
async function sinon({ log }) {
  const { default: library } = await import('sinon');
  const stub = library.stub(net, 'connect').returns('double');
  log('sinon', connect === stub, all.connect === stub, all.default.connect === stub);
  syncBuiltinESMExports();
  log('sinon', 'synchronized', connect === stub, all.connect(1));
  library.restore();
  syncBuiltinESMExports();
  log('sinon', 'restored', connect === net.connect, connect === stub);
  const method = mock.method(Socket.prototype, 'connect', function() { return this; });
  connect(1, '127.0.0.1');
  log('sinon', 'method', method.mock.callCount());
  mock.restoreAll();
}

async function read(response) {
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

async function nock(tools) {
  const { default: library } = await import('nock');
  const server = await startServer();
  library('http://mocked.test').get('/').reply(200, 'mocked');
  const [response] = await once(get('http://mocked.test/'), 'response');
  tools.log('nock', response.statusCode, await read(response));
  await ask(tools, 'nock real', `${server.url}/text`);
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  tools.log('nock', 'connects', socket instanceof Socket);
  socket.destroy();
  library.restore();
  await server.stop();
}

async function msw(tools) {
  const { http: handlers, HttpResponse } = await import('msw');
  const { setupServer } = await import('msw/node');
  const server = await startServer(tools);
  const double = setupServer(
    handlers.get('https://mocked.test/', () => HttpResponse.text('mocked')));
  double.listen({ onUnhandledFrame: 'bypass' });
  await ask(tools, 'msw', 'https://mocked.test/');
  await ask(tools, 'msw real', `${server.url}/text`, { ca: tools.cert });
  const socket = connectSecurely(server.port, '127.0.0.1', { ca: tools.cert });
  await once(socket, 'secureConnect');
  tools.log('msw', 'connects', socket instanceof Socket);
  const closed = new Promise((resolve) => { socket.once('close', resolve); });
  socket.destroy();
  await closed;
  double.close();
  tools.log('msw', 'agents', Object.keys(http.globalAgent.sockets).length);
  await server.stop();
}

async function plain({ log, watchSocket }) {
  const server = createServer((socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = watchSocket('plain', connect(server.address().port, '127.0.0.1'));
  socket.end('said');
  log('plain', await read(socket.setEncoding('latin1')));
  server.close();
  await once(server, 'close');
}

scenario(async (tools) => {
  bindings(tools);
  await sinon(tools);
  await nock(tools);
  await msw(tools);
  await plain(tools);
}, { minNode: '22.20' });
