'use strict';

// A short conversation over each way into net, in a Node that lacks one of the
// internals that uvnet uses: node conversation.js NAME [core]. Prints what came
// of each way as JSON.

const assert = require('node:assert');
const { fork } = require('node:child_process');
const cluster = require('node:cluster');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const [,, name, how] = process.argv;
const LIMIT_MS = 8000;

if (how !== 'core') {
  const { internals } = require(path.join(ROOT, 'lib/internals'));
  if (name !== 'nothing') {
    assert.ok(name in internals, name);
    internals[name].find = () => undefined;
  }
  require(path.join(ROOT, 'lib/register'));
}

const http = require('node:http');
const http2 = require('node:http2');
const net = require('node:net');
const tls = require('node:tls');
const { collect, disposeAll, listen, once, tmpPath, track } =
  require('../helper');
const psk = require('../psk');

const host = '127.0.0.1';

function echo(socket) {
  socket.on('error', () => {});
  socket.pipe(socket);
}

async function talk(client) {
  track(client).write('hello ');
  client.end('world');
  return String(await collect(client));
}

async function fetchText(options) {
  const request = http.get(options);
  const [response] = await once(request, 'response');
  return String(await collect(response));
}

const ways = {
  async tcp() {
    const server = await listen(net.createServer(echo));
    return talk(net.connect(server.address().port, host));
  },
  async name() {
    const server = await listen(net.createServer(echo));
    return talk(net.connect(server.address().port, 'localhost'));
  },
  async unix() {
    const file = tmpPath();
    await listen(net.createServer(echo), file);
    return talk(net.connect(file));
  },
  async onread() {
    const server = await listen(net.createServer((s) => s.end('hello')));
    let got = '';
    const socket = track(net.connect({ port: server.address().port, host,
      onread: { buffer: Buffer.alloc(3), callback(count, buffer) {
        got += buffer.toString('latin1', 0, count);
      } } }));
    await once(socket, 'close');
    return got;
  },
  async timeout() {
    const server = await listen(net.createServer(echo));
    const socket = track(net.connect(server.address().port, host));
    socket.setTimeout(1);
    await once(socket, 'timeout');
    socket.destroy();
    await once(socket, 'close');
    return 'timeout';
  },
  async cut() {
    const server = await listen(net.createServer((s) => s.pause()));
    const socket = track(net.connect(server.address().port, host));
    await once(socket, 'connect');
    const written = new Promise((resolve) => {
      socket.write(Buffer.alloc(32 << 20), () => resolve('cut'));
    });
    setImmediate(() => socket.destroy());
    return written;
  },
  async again() {
    const server = await listen(net.createServer(echo));
    const socket = track(net.connect(server.address().port, host));
    await once(socket, 'connect');
    socket.destroy();
    await once(socket, 'close');
    socket.connect(server.address().port, host);
    await once(socket, 'connect');
    return 'again';
  },
  async blockList() {
    const list = new net.BlockList();
    list.addSubnet('10.0.0.0', 8);
    return `${list.check('10.1.2.3')} ${list.check('11.1.2.3')}`;
  },
  async http() {
    const server = await listen(http.createServer((request, response) => {
      request.resume().on('end', () => response.end('hello'));
    }));
    const agent = new http.Agent({ keepAlive: true });
    const { port } = server.address();
    const first = await fetchText({ port, host, agent });
    const second = await fetchText({ port, host, agent });
    agent.destroy();
    return `${first} ${second}`;
  },
  async http2() {
    const server = await listen(http2.createServer((request, response) =>
      response.end('hello')));
    const session = track(
      http2.connect(`http://127.0.0.1:${server.address().port}`));
    return String(await collect(session.request()));
  },
  async tls() {
    const server = await listen(tls.createServer(psk.server, echo));
    return talk(tls.connect(
      { ...psk.client, port: server.address().port, host }));
  },
  async tlsOverSocket() {
    const server = await listen(tls.createServer(psk.server, echo));
    const socket = track(net.connect(server.address().port, host));
    await once(socket, 'connect');
    return talk(tls.connect({ ...psk.client, socket }));
  },
  async send() {
    const child = track(fork(path.join(__dirname, 'child.js')));
    // Not closed after the test: core's would wait for the child for ever.
    const server = net.createServer((s) => {
      try {
        child.send('s', s);
      } catch (error) {
        s.end(error.code);
      }
    }).listen(0, host);
    await once(server, 'listening');
    return String(await collect(
      track(net.connect(server.address().port, host))));
  },
  async cluster() {
    cluster.setupPrimary({ exec: path.join(__dirname, 'child.js') });
    const worker = cluster.fork({ WITHOUT: name, HOW: how ?? '' });
    track(worker.process);
    const [port] = await once(worker, 'message');
    const text = String(await collect(track(net.connect(port, host))));
    worker.disconnect();
    return text;
  },
};

// What run() gives, or that it hangs.
async function inTime(run) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, LIMIT_MS, 'hangs');
  });
  try {
    return await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function main() {
  const results = {};
  await Promise.all(Object.entries(ways).map(async ([way, run]) => {
    try {
      results[way] = await inTime(run);
    } catch (error) {
      results[way] = error.code ?? error.message;
    }
  }));
  await disposeAll();
  console.log(JSON.stringify(results));
  process.exit();
}

main();
