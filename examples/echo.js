'use strict';

// The echo server and its client, over TCP and over a Unix domain socket.
// Plain code for node:net: `node examples/echo.js` runs it on core's,
// `npx uvnet examples/echo.js` on uvnet.

const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

function onConnection(socket) {
  console.log('  server: client connected');
  socket.on('end', () => console.log('  server: client disconnected'));
  socket.write('hello\r\n');
  socket.pipe(socket);
}

// Talks to the server at `address` until its own words have come back.
async function talk(address) {
  const client = net.createConnection(address);
  await once(client, 'connect');
  console.log('  client: connected to server');
  client.write('world!\r\n');
  client.setEncoding('utf8');
  let heard = '';
  for await (const text of client) {
    heard += text;
    console.log(`  client: heard ${JSON.stringify(text)}`);
    if (heard.endsWith('world!\r\n')) client.end();
  }
  console.log('  client: disconnected from server');
}

async function converse(where) {
  const server = net.createServer(onConnection);
  server.listen(where);
  await once(server, 'listening');
  const address = server.address();
  console.log('  server: listening on', address);
  await talk(typeof address === 'string' ?
    { path: address } : { host: address.address, port: address.port });
  server.close();
  await once(server, 'close');
}

async function main() {
  console.log('TCP');
  await converse({ host: '127.0.0.1', port: 0 });

  console.log('Unix domain socket');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'echo-'));
  try {
    const file = path.join(folder, 'socket');
    // On Windows these are named pipes, which have a name space of their own.
    await converse({
      path: process.platform === 'win32' ? path.join('\\\\?\\pipe', file) : file,
    });
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main();
