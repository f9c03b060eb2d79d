'use strict';

// HTTP servers and requests for the scenarios in which a library stands
// between a program and its sockets.

const { once } = require('node:events');

const LARGE = 1 << 20;

async function readAll(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What a real server says is never what a mocked one says. */
const ROUTES = {
  '/text': (request, response) => response.end('real text'),
  '/echo': async (request, response) => {
    const body = await readAll(request);
    response.writeHead(201, { 'x-method': request.method });
    response.end(body);
  },
  '/large': (request, response) => response.end(Buffer.alloc(LARGE, 'large ')),
  '/late': (request, response) => setTimeout(() => response.end('late'), 50),
  '/never': () => {},
  '/chunks': (request, response) => {
    response.write('first ');
    setTimeout(() => response.end('second'), 20);
  },
  '/reset': ({ socket }) =>
    (socket.encrypted ? socket.destroy() : socket.resetAndDestroy()),
  '/half': (request, response) => {
    response.writeHead(200, { 'content-length': 10 });
    response.write('half', () => request.socket.destroy());
  },
};

function handle(request, response) {
  response.sendDate = false;
  const route = ROUTES[request.url.split('?')[0]];
  if (route) return route(request, response);
  response.writeHead(404);
  return response.end('nothing here');
}

/**
 * Starts a real server on the loopback interface, with TLS if it gets a
 * certificate.
 * @returns {Promise<object>} url, port, count() of connections, stop()
 */
async function startServer({ key, cert } = {}) {
  const scheme = cert ? 'https' : 'http';
  const server = require(`node:${scheme}`).createServer({ key, cert }, handle);
  let connections = 0;
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    count: () => connections,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Long bodies are told by their length. */
function brief(body) {
  if (body instanceof Error) return body;
  return body.length > 100 ? `${body.length} bytes` : body.toString();
}

/**
 * Logs what happens to a request until it is closed, and to its socket.
 * @param {object} tools the scenario's
 * @param {string} lane
 * @param {string} url
 * @param {object} options of http.request, and body
 */
async function ask(tools, lane, url, { body: said, ...options } = {}) {
  const { log, watch } = tools;
  const { request: start } = require(`node:${new URL(url).protocol.slice(0, -1)}`);
  const client = start(url, options);
  watch(lane, client, ['finish', 'timeout', 'abort', 'error']);
  client.on('socket', (socket) => {
    if (socket.connecting) {
      watch(`${lane}: socket`, socket,
        ['connect', 'secureConnect', 'ready', 'end', 'error', 'close']);
    } else {
      log(lane, 'kept socket');
    }
  });
  let body = null;
  client.on('response', (response) => {
    log(lane, 'response', response.statusCode, response.headers['x-method'] ?? '');
    body = readAll(response).catch((error) => error);
  });
  const closed = new Promise((resolve) => { client.on('close', resolve); });
  client.end(said);
  await closed;
  log(lane, 'close');
  if (body) log(lane, 'body', brief(await body));
}

/** Logs what the global fetch() gives. */
async function fetched(tools, lane, url, options, fetch = globalThis.fetch) {
  try {
    const response = await fetch(url, options);
    tools.log(lane, 'response', response.status);
    tools.log(lane, 'body', brief(Buffer.from(await response.arrayBuffer())));
  } catch (error) {
    const { cause } = error;
    tools.log(lane, 'fails', error.name, cause instanceof Error ? cause : '');
  }
}

/** Logs what a plain connection hears when it says something. */
async function converse(tools, lane, socket, words) {
  tools.watchSocket(lane, socket);
  socket.setEncoding('latin1');
  let heard = '';
  socket.on('data', (text) => { heard += text; });
  const closed = new Promise((resolve) => { socket.once('close', resolve); });
  socket.end(words);
  await closed;
  tools.log(lane, 'heard', heard);
}

module.exports = { ask, converse, fetched, readAll, startServer };
