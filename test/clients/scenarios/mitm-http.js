'use strict';

// mitm: sockets over handles that it makes in JavaScript, and sockets that it
// lets through.

const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { scenario } = require('../scenario');
const { ask, converse, readAll, startServer } = require('../web');

const HOSTS = { http: 'http://mocked.test', https: 'https://mocked.test' };

/** Real servers are on the loopback interface; nothing else is let through. */
function startMitm({ log, watchSocket }) {
  const Mitm = require('mitm');
  const mitm = Mitm();
  mitm.on('connect', (socket, { host, port }) => {
    const isReal = host === '127.0.0.1';
    log('mitm', 'connect', host, isReal ? '' : port, socket.constructor.name);
    if (isReal) socket.bypass();
  });
  mitm.on('request', async (request, response) => {
    const body = await readAll(request);
    log('mitm', 'request', request.method, request.url, body.length);
    response.sendDate = false;
    if (request.url === '/error') {
      request.socket.destroy();
    } else if (request.url === '/late') {
      setTimeout(() => response.end('late'), 30);
    } else {
      response.writeHead(request.method === 'POST' ? 201 : 200);
      response.end(request.url === '/large' ? Buffer.alloc(1 << 20) : 'mocked');
    }
  });
  let connections = 0;
  mitm.on('connection', (socket) => watchSocket(`server ${connections++}`, socket));
  return mitm;
}

async function mocked(tools) {
  for (const [scheme, host] of Object.entries(HOSTS)) {
    for (const path of ['text', 'large', 'late', 'error']) {
      await ask(tools, `${scheme} ${path}`, `${host}/${path}`);
    }
    await ask(tools, `${scheme} post`, `${host}/echo`,
      { method: 'POST', body: Buffer.alloc(100000, 'a') });
  }
}

/** A socket that speaks no HTTP; both ends are in this process. */
async function plain({ log, watchSocket }, mitm) {
  const net = require('node:net');
  const connection = once(mitm, 'connection');
  const client = watchSocket('plain', net.connect(25, 'mail.test'));
  const [server] = await connection;
  server.setEncoding('latin1').on('data', (text) => log('plain', 'server heard', text));
  client.setEncoding('latin1').on('data', (text) => log('plain', 'heard', text));
  client.setNoDelay(true).setKeepAlive(true).setTimeout(1000);
  await once(client, 'connect');
  server.write('220 hello\r\n');
  client.write('EHLO ');
  client.write(Buffer.from('client.test\r\n'));
  client.write('6d 6f', 'latin1');
  await sleep(30);
  log('plain', client.remoteAddress ?? 'no address', client.readyState);
  server.end('221 bye');
  await once(client, 'end');
  client.end();
  client.destroy();
}

async function real(tools) {
  for (const scheme of ['http', 'https']) {
    const server = await startServer(scheme === 'https' ? tools : {});
    const options = { ca: tools.cert };
    for (const path of ['text', 'large', 'reset', 'half']) {
      await ask(tools, `real ${scheme} ${path}`, `${server.url}/${path}`, options);
    }
    await ask(tools, `real ${scheme} post`, `${server.url}/echo`,
      { ...options, method: 'POST', body: Buffer.alloc(100000, 'a') });
    await server.stop();
  }
  const net = require('node:net');
  const server = net.createServer((socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await converse(tools, 'real plain',
    net.connect({ port: server.address().port, host: '127.0.0.1' }), 'said');
  server.close();
  await once(server, 'close');
}

scenario(async (tools) => {
  const net = require('node:net');
  const own = [net.connect, net.createConnection];
  const mitm = startMitm(tools);
  await mocked(tools);
  await plain(tools, mitm);
  await real(tools);
  mitm.disable();
  tools.log('disabled', net.connect === own[0], net.createConnection === own[1]);
  const server = await startServer();
  await ask(tools, 'disabled', `${server.url}/text`);
  await server.stop();
});
