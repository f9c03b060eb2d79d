'use strict';

// The interceptor of sockets on which msw and nock stand: it claims connections
// of any protocol, or lets them through.

const { on, once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');
const { scenario } = require('../scenario');
const { converse } = require('../web');

function startInterceptor(tools) {
  const { SocketInterceptor } = require('@mswjs/interceptors/net');
  const interceptor = new SocketInterceptor();
  interceptor.on('connection', ({ socket, controller, connectionOptions }) => {
    const { host, port } = connectionOptions;
    if (!host?.endsWith('.test')) {
      controller.passthrough();
      return;
    }
    tools.log('interceptor', 'claims', host, port);
    controller.claim();
    if (host.startsWith('gone')) {
      socket.destroy(new Error('gone'));
      return;
    }
    socket.write('220 mocked\r\n');
    socket.on('data', (chunk) => {
      tools.log('interceptor', 'hears', chunk);
      if (String(chunk) === 'quit') socket.end('221 bye');
      else socket.write(`heard ${chunk}`);
    });
  });
  interceptor.apply();
  return interceptor;
}

async function hear(socket, text) {
  let heard = '';
  for await (const [chunk] of on(socket, 'data')) {
    heard += chunk;
    if (heard.includes(text)) return heard;
  }
  return heard;
}

function describe({ log, watchSocket }, lane, socket) {
  watchSocket(lane, socket);
  log(lane, 'connecting', socket.connecting, 'pending', socket.pending, socket.readyState);
  socket.on('connect', () => {
    log(lane, 'remote', socket.remoteAddress, socket.remotePort, socket.remoteFamily);
    log(lane, socket.readyState, typeof socket.localPort, socket.bytesWritten);
  });
}

/** The ways in which programs connect and write. */
const CLAIMED = {
  'writes early': (socket) => socket.write('early'),
  'writes once connected': (socket) => socket.once('connect', () => socket.write('late')),
  'writes much': (socket) => {
    for (const part of ['a', 'b', 'c']) socket.write(part);
  },
  'corked': (socket) => {
    socket.cork();
    socket.write('one');
    socket.write(Buffer.from(' two'));
    socket.uncork();
  },
  'options': (socket) => {
    socket.setNoDelay(true).setKeepAlive(true, 1000).setTimeout(10000);
    socket.write('options');
  },
};

async function claimed(tools) {
  for (const [lane, say] of Object.entries(CLAIMED)) {
    const socket = net.connect({ port: 25, host: 'mail.test' });
    describe(tools, lane, socket);
    say(socket);
    await hear(socket, 'heard');
    const closed = once(socket, 'close');
    socket.write('quit');
    socket.resume();
    await closed;
    tools.log(lane, 'bytes', socket.bytesWritten);
  }
  const gone = net.connect(1, 'gone.test');
  tools.watchSocket('gone', gone);
  await new Promise((resolve) => { gone.once('close', resolve); });
}

async function secure(tools) {
  const { key, cert, log } = tools;
  const options = { ca: cert, servername: 'localhost' };
  const mocked = tls.connect({ ...options, host: 'mail.test', port: 465 });
  tools.watch('mocked tls', mocked, ['secureConnect', 'end', 'close', 'error']);
  mocked.write('secret');
  log('mocked tls', await hear(mocked, 'heard'), mocked.authorized, mocked.encrypted);
  mocked.destroy();
  const server = tls.createServer({ key, cert }, (socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const passed = tls.connect({ ...options, host: '127.0.0.1', port });
  tools.watch('real tls', passed, ['connect', 'secureConnect']);
  await once(passed, 'secureConnect');
  await converse(tools, 'real tls echo', passed, 'secret');
  server.close();
  await once(server, 'close');
}

async function real(tools, scope) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvc-net-'));
  const name = path.join(folder, 'socket');
  for (const where of [[0, '127.0.0.1'], [name]]) {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.write('hello ');
      socket.pipe(socket);
    });
    server.listen(...where);
    await once(server, 'listening');
    const target = server.address().port ?? name;
    const lane = `${scope} ${where.length === 1 ? 'pipe' : 'tcp'}`;
    await converse(tools, lane, net.connect(target), 'and bye');
    const large = net.connect(target);
    await converse(tools, `${lane} once connected`,
      await once(large, 'connect').then(() => large), 'late');
    server.close();
    await once(server, 'close');
    const refused = tools.watchSocket(`${lane} refused`, net.connect(target));
    await new Promise((resolve) => { refused.once('close', resolve); });
  }
  fs.rmSync(folder, { recursive: true });
}

scenario(async (tools) => {
  const interceptor = startInterceptor(tools);
  await claimed(tools);
  await secure(tools);
  await real(tools, 'passed through');
  interceptor.dispose();
  await real(tools, 'disposed');
}, { minNode: '22' });
