'use strict';

// What nock does for a program: the same for each of its versions.

const { closedPort } = require('../helper');
const { ask, converse, fetched, startServer } = require('./web');

const MOCKED = 'mocked.test';

/** nock 14 gives the body second, nock 15 only a Request. */
function echo(...[request, body]) {
  return body ?? request.text();
}

async function mockedAnswers(nock, tools, scheme) {
  const host = `${scheme}://${MOCKED}`;
  nock(host).get('/text').reply(200, 'mocked text', { 'x-method': 'mocked' });
  await ask(tools, 'get', `${host}/text`);
  nock(host).post('/echo', 'said').reply(201, echo);
  await ask(tools, 'post', `${host}/echo`, { method: 'POST', body: 'said' });
  nock(host).get('/large').reply(200, Buffer.alloc(1 << 20, 'large'));
  await ask(tools, 'large', `${host}/large`);
  nock(host).get('/none').reply(204);
  await ask(tools, 'none', `${host}/none`);
  nock(host).get('/fetch').reply(200, 'for fetch');
  await fetched(tools, 'fetch', `${host}/fetch`);
  tools.log('mocked', 'is done', nock.isDone());
}

async function mockedTrouble(nock, tools, scheme) {
  const host = `${scheme}://${MOCKED}`;
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  nock(host).get('/error').replyWithError(reset);
  await ask(tools, 'mocked error', `${host}/error`);
  nock(host).get('/slow').delay(100).reply(200, 'slow');
  await ask(tools, 'delayed', `${host}/slow`);
  nock(host).get('/slow').delay(300).reply(200, 'too slow');
  await ask(tools, 'timeout', `${host}/slow`, { timeout: 100 });
  nock(host).get('/abort').delay(5000).reply(200, 'never');
  await ask(tools, 'aborted', `${host}/abort`,
    { signal: AbortSignal.timeout(50) });
  nock.abortPendingRequests();
  await ask(tools, 'no match', `${host}/unknown`);
  nock.cleanAll();
}

/** Two requests one after the other, for which an agent keeps the socket. */
async function kept(tools, lane, url) {
  const { Agent } = require(`node:${new URL(url).protocol.slice(0, -1)}`);
  const agent = new Agent({ keepAlive: true });
  await ask(tools, `${lane} 1`, url, { agent, ca: tools.cert });
  await ask(tools, `${lane} 2`, url, { agent, ca: tools.cert });
  agent.destroy();
}

async function mockedKept(nock, tools, scheme) {
  nock(`${scheme}://${MOCKED}`).get('/kept').times(2).reply(200, 'mocked');
  await kept(tools, 'kept', `${scheme}://${MOCKED}/kept`);
}

async function passThrough(tools, server) {
  const options = { ca: tools.cert };
  for (const path of ['text', 'large', 'late', 'chunks', 'reset', 'half']) {
    await ask(tools, `real ${path}`, `${server.url}/${path}`, options);
  }
  await ask(tools, 'real post', `${server.url}/echo`,
    { ...options, method: 'POST', body: Buffer.alloc(1 << 20, 'a') });
  await ask(tools, 'real refused',
    `${new URL(server.url).protocol}//127.0.0.1:${await closedPort(require('node:net'))}`,
    options);
  await kept(tools, 'real kept', `${server.url}/text`);
}

/** Some paths of a host are mocked, and the rest of it is real. */
async function partly(nock, tools, server) {
  const options = { ca: tools.cert };
  nock(server.url, { allowUnmocked: true }).get('/text').reply(200, 'mocked text');
  await ask(tools, 'partly mocked', `${server.url}/text`, options);
  await ask(tools, 'partly real', `${server.url}/echo`, options);
  nock.cleanAll();
}

async function notAllowed(nock, tools, server) {
  nock.disableNetConnect();
  await ask(tools, 'not allowed', `${server.url}/text`, { ca: tools.cert });
  nock.enableNetConnect();
}

/** Connections that are not HTTP's, and bytes sent before it is connected. */
async function plain(tools) {
  const server = await startServer();
  const net = require('node:net');
  const words = 'GET /text HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
  const socket = net.connect(server.port, '127.0.0.1');
  tools.log('plain', 'connecting', socket.connecting);
  await converse(tools, 'plain', socket, words);
  await server.stop();
}

async function restored(nock, tools, server) {
  nock.restore();
  tools.log('restored', 'active', nock.isActive());
  await ask(tools, 'restored', `${server.url}/text`, { ca: tools.cert });
  nock.activate();
  nock(`http://${MOCKED}`).get('/again').reply(200, 'mocked again');
  await ask(tools, 'again', `http://${MOCKED}/again`);
  nock.restore();
}

/** Runs all of it, over http or https. */
async function run(nock, tools, scheme) {
  const server = await startServer(scheme === 'https' ? tools : {});
  await mockedAnswers(nock, tools, scheme);
  await mockedTrouble(nock, tools, scheme);
  await mockedKept(nock, tools, scheme);
  await passThrough(tools, server);
  await partly(nock, tools, server);
  await notAllowed(nock, tools, server);
  await plain(tools);
  await restored(nock, tools, server);
  tools.log('server', 'connections', server.count());
  await server.stop();
}

module.exports = { run };
