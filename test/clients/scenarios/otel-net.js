'use strict';

// OpenTelemetry's spans of connections: TCP, pipes, TLS, and those that fail.

const { once } = require('node:events');
const os = require('node:os');
const path = require('node:path');
const { scenario } = require('../scenario');

async function connected(socket, event = 'connect') {
  await once(socket, event);
  socket.end();
  socket.resume();
  await once(socket, 'close');
}

async function refused(socket, log) {
  const [error] = await once(socket, 'error');
  log('refused', error.code);
}

async function listen(server, ...where) {
  server.listen(...where);
  await once(server, 'listening');
  return server;
}

async function close(server) {
  server.close();
  await once(server, 'close');
}

async function tcp({ log, tracing }, net) {
  const server = await listen(net.createServer((socket) => {
    log('context', 'server', tracing.activeName());
    socket.end('hello');
  }), 0, '127.0.0.1');
  const { port } = server.address();
  await tracing.within('tcp', async () => {
    await connected(net.connect(port, '127.0.0.1'));
    await connected(net.createConnection({ port, host: 'localhost', family: 4 }));
    await connected(new net.Socket().connect({ port, host: '127.0.0.1' }));
    const socket = net.connect(port, '127.0.0.1', () => {
      log('context', 'connect', tracing.activeName());
    });
    socket.on('data', () => log('context', 'data', tracing.activeName()));
    await once(socket, 'close');
  });
  tracing.report(log, 'tcp');
  await close(server);
  await tracing.within('refused', () => refused(net.connect(port, '127.0.0.1'), log));
  tracing.report(log, 'refused');
}

async function pipe({ log, tracing }, net) {
  const name = path.join(os.tmpdir(), `uvc-otel-${process.pid}`);
  const server = await listen(net.createServer((socket) => socket.end()), name);
  await tracing.within('pipe', () => connected(net.connect(name)));
  const logAnonymously = (lane, line) => log(lane, line.replace(name, 'NAME'));
  tracing.report(logAnonymously, 'pipe');
  await close(server);
  await tracing.within('no pipe', () => refused(net.connect(name), log));
  tracing.report(logAnonymously, 'no pipe');
}

async function secure({ log, tracing, key, cert }, tls) {
  const server = await listen(tls.createServer({ key, cert }, (socket) => {
    socket.on('error', () => {}).end('secret');
  }), 0, '127.0.0.1');
  server.on('tlsClientError', () => {});
  const { port } = server.address();
  const options = { port, host: '127.0.0.1', ca: cert, servername: 'localhost' };
  await tracing.within('tls', () => connected(tls.connect(options), 'secureConnect'));
  tracing.report(log, 'tls');
  await tracing.within('untrusted', () =>
    refused(tls.connect({ ...options, ca: undefined }), log));
  tracing.report(log, 'untrusted');
  await close(server);
}

scenario(async (tools) => {
  const { NetInstrumentation } = require('@opentelemetry/instrumentation-net');
  const { startTracing } = require('../tracing');
  const tracing = startTracing([new NetInstrumentation()]);
  const net = require('node:net');
  await tcp({ ...tools, tracing }, net);
  await pipe({ ...tools, tracing }, net);
  await secure({ ...tools, tracing }, require('node:tls'));
  tracing.stop();
  await tcp({ ...tools, tracing, log: (lane, ...words) =>
    tools.log(`stopped ${lane}`, ...words) }, net);
}, { minNode: '22.15' });
