'use strict';

// undici's clients over real servers, and its own doubles of them.

const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { once } = require('node:events');
const { Readable, Writable } = require('node:stream');
const { closedPort } = require('../helper');
const { fetched, startServer } = require('./web');

function brief(text) {
  return text.length > 100 ? `${text.length} bytes` : text;
}

async function attempt({ log }, lane, body) {
  try {
    log(lane, ...await body());
  } catch (error) {
    log(lane, 'fails', error.name, error.code ?? '', error.cause?.code ?? '');
  }
}

async function answer({ statusCode, body }) {
  return [statusCode, brief(await body.text())];
}

/** One connection, requests one after the other and pipelined. */
async function client(undici, tools, scheme, url) {
  const one = new undici.Client(url, { connect: { ca: tools.cert }, pipelining: 4 });
  const lane = `${scheme} client`;
  one.on('connect', () => tools.log(lane, 'connect'));
  one.on('disconnect', (origin, targets, error) => tools.log(lane, 'disconnect', error));
  for (const target of ['/text', '/large', '/chunks', '/nothing', '/reset', '/half', '/text']) {
    await attempt(tools, lane, async () =>
      answer(await one.request({ method: 'GET', path: target })));
  }
  const requests = ['/text', '/late', '/large', '/text']
    .map((target) => one.request({ method: 'GET', path: target }));
  for (const request of requests) {
    await attempt(tools, lane, async () => answer(await request));
  }
  for (const body of ['text', Buffer.alloc(300000, 'a'),
    Readable.from(Array.from({ length: 50 }, () => Buffer.alloc(4000, 'b')))]) {
    await attempt(tools, lane, async () =>
      answer(await one.request({ method: 'POST', path: '/echo', body })));
  }
  await attempt(tools, lane, async () => answer(await one.request(
    { method: 'GET', path: '/never', signal: AbortSignal.timeout(50) })));
  await one.close();
  tools.log(lane, 'closed', one.closed, one.destroyed);
}

async function others(undici, tools, scheme, url) {
  const pool = new undici.Pool(url, { connections: 3, connect: { ca: tools.cert } });
  const answers = await Promise.all(Array.from({ length: 12 }, async (_, i) =>
    answer(await pool.request({ method: 'GET', path: i % 2 ? '/text' : '/late' }))));
  tools.log(`${scheme} pool`, ...answers.flat());
  let heard = '';
  await pool.stream({ method: 'GET', path: '/chunks' }, () => new Writable({
    write(chunk, encoding, done) {
      heard += chunk;
      done();
    },
  }));
  tools.log(`${scheme} stream`, heard);
  const pipeline = pool.pipeline({ method: 'POST', path: '/echo' }, ({ body }) => body);
  pipeline.end('through');
  tools.log(`${scheme} pipeline`, Buffer.concat(await pipeline.toArray()));
  await pool.destroy();
  const dispatcher = new undici.Agent({ connect: { ca: tools.cert } });
  const fetchHere = (target, options) => undici.fetch(target, { dispatcher, ...options });
  for (const target of ['text', 'large', 'reset', 'half']) {
    await fetched(tools, `${scheme} fetch ${target}`, `${url}/${target}`, {}, fetchHere);
  }
  await fetched(tools, `${scheme} fetch post`, `${url}/echo`,
    { method: 'POST', body: 'said' }, fetchHere);
  await dispatcher.close();
}

async function troubles(undici, tools) {
  const port = await closedPort(require('node:net'));
  const refused = new undici.Client(`http://127.0.0.1:${port}`);
  await attempt(tools, 'refused', () => refused.request({ method: 'GET', path: '/' }));
  await refused.close();
  const server = await startServer();
  const hasty = new undici.Client(server.url, { headersTimeout: 300 });
  hasty.on('disconnect', (origin, targets, error) => tools.log('hasty', 'disconnect', error));
  await attempt(tools, 'hasty', () => hasty.request({ method: 'GET', path: '/never' }));
  await hasty.destroy();
  const retrying = new undici.RetryAgent(new undici.Agent(),
    { maxRetries: 2, minTimeout: 10, maxTimeout: 10 });
  await attempt(tools, 'retrying', async () => answer(await retrying.request(
    { origin: server.url, method: 'GET', path: '/reset' })));
  tools.log('retrying', 'connections', server.count() > 2);
  await retrying.close();
  await server.stop();
}

/** A Unix socket, an upgrade and a tunnel. */
async function unusual(undici, tools) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvc-undici-'));
  const socketPath = path.join(folder, 'socket');
  const server = http.createServer((request, response) => response.end('over a pipe'));
  for (const event of ['upgrade', 'connect']) {
    server.on(event, (request, socket) => {
      socket.write(event === 'connect' ? 'HTTP/1.1 200 OK\r\n\r\n' :
        'HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n');
      socket.pipe(socket);
    });
  }
  server.listen(socketPath);
  await once(server, 'listening');
  const one = new undici.Client('http://localhost', { socketPath });
  await attempt(tools, 'pipe', async () =>
    answer(await one.request({ method: 'GET', path: '/' })));
  for (const [lane, open] of Object.entries({
    upgrade: () => one.upgrade({ path: '/', protocol: 'echo' }),
    connect: () => one.connect({ path: 'host.test:1' }),
  })) {
    const { socket } = await open();
    tools.watchSocket(lane, socket);
    socket.write('echoed');
    const [heard] = await once(socket, 'data');
    tools.log(lane, heard);
    const closed = once(socket, 'close');
    socket.end();
    await closed;
  }
  await one.close();
  server.close();
  await once(server, 'close');
  fs.rmSync(folder, { recursive: true });
}

async function webSocket(undici, tools) {
  const { WebSocketServer } = require('ws');
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (peer) => peer.on('message', (data, isBinary) =>
    peer.send(data, { binary: isBinary })));
  const dispatcher = new undici.Agent();
  const socket = new undici.WebSocket(`ws://127.0.0.1:${server.address().port}`,
    { dispatcher });
  socket.binaryType = 'arraybuffer';
  await new Promise((resolve) => {
    socket.onopen = () => {
      socket.send('text');
      socket.send(new Uint8Array(200000));
    };
    socket.onmessage = ({ data }) => {
      tools.log('WebSocket', data.byteLength ?? data);
      if (data.byteLength) socket.close(1000, 'done');
    };
    socket.onclose = ({ code, reason, wasClean }) => {
      tools.log('WebSocket', 'close', code, reason, wasClean);
      resolve();
    };
  });
  await dispatcher.close();
  server.close();
  await once(server, 'close');
}

/** undici's double: some requests are mocked, and others reach a server. */
async function mockAgent(undici, tools) {
  const server = await startServer();
  const own = undici.getGlobalDispatcher();
  const agent = new undici.MockAgent();
  undici.setGlobalDispatcher(agent);
  const pool = agent.get('http://mocked.test');
  pool.intercept({ path: '/text' }).reply(200, 'mocked text').persist();
  pool.intercept({ path: '/echo', method: 'POST' })
    .reply(201, ({ body }) => `heard ${body}`);
  pool.intercept({ path: '/slow' }).reply(200, 'slow').delay(50);
  pool.intercept({ path: '/error' }).replyWithError(new Error('mocked'));
  agent.get(server.url).intercept({ path: '/text' }).reply(200, 'mocked text');
  const ask = (lane, url, options) => attempt(tools, `mock ${lane}`, async () =>
    answer(await undici.request(url, options)));
  await ask('text', 'http://mocked.test/text');
  await ask('echo', 'http://mocked.test/echo', { method: 'POST', body: 'said' });
  await ask('slow', 'http://mocked.test/slow');
  await ask('error', 'http://mocked.test/error');
  await fetched(tools, 'mock fetch', 'http://mocked.test/text', {}, undici.fetch);
  await fetched(tools, 'mock global fetch', 'http://mocked.test/text');
  await ask('partly', `${server.url}/text`);
  await ask('real', `${server.url}/text`);
  await ask('real large', `${server.url}/large`);
  agent.disableNetConnect();
  await ask('not allowed', `${server.url}/text`);
  undici.setGlobalDispatcher(own);
  await agent.close();
  await ask('restored', `${server.url}/text`);
  await fetched(tools, 'mock restored', `${server.url}/text`);
  await server.stop();
}

/** Runs all of it. */
async function run(undici, tools) {
  for (const scheme of ['http', 'https']) {
    const server = await startServer(scheme === 'https' ? tools : {});
    await client(undici, tools, scheme, server.url);
    await others(undici, tools, scheme, server.url);
    await server.stop();
  }
  await troubles(undici, tools);
  await unusual(undici, tools);
  await webSocket(undici, tools);
  await mockAgent(undici, tools);
}

module.exports = { run };
