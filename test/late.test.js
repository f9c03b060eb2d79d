'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { ROOT, finished, forEachNet, spawnNode, tmpPath } =
  require('./helper');
const { REGISTER } = require('./replaced');

// Says of each way into the rest of Node whether it works and is on uvnet.
const CHECKS = `
const helper = require(${JSON.stringify(path.join(ROOT, 'test/helper.js'))});
const psk = require(${JSON.stringify(path.join(ROOT, 'test/psk.js'))});
const uvnet = require(${JSON.stringify(ROOT)});
const { statistics } = require(${JSON.stringify(
    path.join(ROOT, 'lib/binding.js'))});
const host = '127.0.0.1';

async function text(request) {
  const [response] = await helper.once(request, 'response');
  return String(await helper.collect(response));
}

const ways = {
  async http() {
    const http = require('http');
    const server = await helper.listen(http.createServer((request, response) =>
      response.end(String(request.socket instanceof uvnet.Socket))));
    const { port } = server.address();
    // With the global agent, one of its own, and none.
    const agents = [undefined, new http.Agent({ keepAlive: true }), false];
    for (const agent of agents) {
      const request = http.get({ host, port, agent });
      assert.strictEqual(await text(request), 'true');
      assert.ok(request.socket._handle === null ||
        request.socket._handle instanceof Handle);
      if (agent) agent.destroy();
    }
    http.globalAgent.destroy();
    return server;
  },
  async https() {
    const https = require('https');
    const server = await helper.listen(https.createServer(psk.server,
      (request, response) => response.end('hello')));
    const request = https.get({ ...psk.client, host,
      port: server.address().port, agent: false });
    assert.strictEqual(await text(request), 'hello');
    return server;
  },
  async tls() {
    const tls = require('tls');
    const net = require('net');
    const server = await helper.listen(tls.createServer(psk.server,
      (peer) => peer.end(String(peer instanceof net.Socket))));
    const { port } = server.address();
    for (const given of [{ port, host }, { socket: net.connect(port, host) }]) {
      const socket = tls.connect({ ...psk.client, ...given });
      assert.ok(socket instanceof net.Socket);
      assert.strictEqual(String(await helper.collect(socket)), 'true');
    }
    return server;
  },
  async http2() {
    const http2 = require('http2');
    const server = await helper.listen(http2.createServer(
      (request, response) => response.end('hello')));
    const session = http2.connect('http://127.0.0.1:' + server.address().port);
    const got = await helper.collect(session.request());
    assert.strictEqual(String(got), 'hello');
    session.close();
    return server;
  },
  async fetch() {
    const http = require('http');
    const server = await helper.listen(http.createServer((request, response) =>
      response.end('hello')));
    const response = await fetch('http://127.0.0.1:' + server.address().port,
      { headers: { connection: 'close' } });
    assert.strictEqual(await response.text(), 'hello');
    return server;
  },
};

const assert = require('assert');
const { Handle } = require(${JSON.stringify(
    path.join(ROOT, 'lib/handle.js'))});

async function check() {
  for (const [name, way] of Object.entries(ways)) {
    const before = statistics().handlesOpened;
    const server = await way();
    assert.ok(server instanceof uvnet.Server, name);
    // TLS runs on core's handles, from listen() on.
    const isOwn = name !== 'https' && name !== 'tls';
    assert.strictEqual(server._handle instanceof Handle, isOwn, name);
    server.closeAllConnections?.();
    server.close();
    await helper.once(server, 'close');
    // The server, and what it accepted.
    if (isOwn) assert.ok(statistics().handlesOpened >= before + 2, name);
  }
  console.log('all');
}
`;

async function prints(expected, source, ext = '.js') {
  const file = tmpPath(`late${ext}`);
  fs.writeFileSync(file, source);
  assert.deepStrictEqual(await finished(spawnNode([file])),
    { code: 0, signal: null, stdout: expected, stderr: '' });
}

// Core has nothing to register.
forEachNet(() => {
  describe('register after', () => {
    const lists = ['net', 'http', 'https', 'tls', 'http2', 'tty',
      'http,https,tls,http2'];
    for (const list of lists) {
      it(`require of ${list}`, () => prints('all\n', `
        for (const name of ${JSON.stringify(list.split(','))}) require(name);
        require(${JSON.stringify(REGISTER)});
        ${CHECKS} check();`));

      it(`import of ${list}`, () => prints('all\n', `
        ${list.split(',').map((name) => `import '${name}';`).join('\n')}
        import { createConnection, Socket } from 'net';
        import { createRequire } from 'node:module';
        const { default: _ } = await import(
          ${JSON.stringify(String(pathToFileURL(REGISTER)))});
        const require = createRequire(import.meta.url);
        ${CHECKS}
        assert.ok(Socket === uvnet.Socket);
        assert.ok(createConnection === uvnet.createConnection);
        check();`, '.mjs'));
    }

    it('fetch', () => prints('all\n', `
      fetch('data:text/plain,a').then(() => {
        require(${JSON.stringify(REGISTER)});
        ${CHECKS} return check();
      });`));
  });

  describe('what was made before', () => {
    it('servers listen, serve and close', () => prints('hello hello true\n', `
      const http = require('http');
      const answer = (request, response) => response.end('hello');
      const early = http.createServer(answer).listen(0, '127.0.0.1');
      const late = http.createServer(answer);
      require(${JSON.stringify(REGISTER)});
      ${CHECKS}
      (async () => {
        await helper.listen(late);
        const texts = [];
        for (const server of [early, late]) {
          texts.push(await text(http.get({ agent: false, host,
            port: server.address().port })));
          server.close();
          await helper.once(server, 'close');
        }
        console.log(texts.join(' '), late instanceof uvnet.Server);
      })();`));

    it('classes derived from core\'s stay core\'s', () => prints(
      'true hello\n', `
      const net = require('net');
      const { inherits } = require('util');
      function Old(...args) { net.Socket.apply(this, args); }
      inherits(Old, net.Socket);
      class New extends net.Server {}
      const Core = net.Socket;
      require(${JSON.stringify(REGISTER)});
      ${CHECKS}
      (async () => {
        const server = await helper.listen(
          new New((peer) => peer.end('hello')));
        const socket = new Old();
        socket.connect(server.address().port, host);
        const got = await helper.collect(socket);
        server.close();
        console.log(Object.getPrototypeOf(Old.prototype) === Core.prototype,
          String(got));
      })();`));

    it('connections go on', () => prints('hello\n', `
      const net = require('net');
      const server = net.createServer((peer) => {
        peer.on('data', (text) => peer.end(text));
      }).listen(0, '127.0.0.1', () => {
        const socket = net.connect(server.address().port, '127.0.0.1', () => {
          require(${JSON.stringify(REGISTER)});
          socket.write('hello');
        });
        socket.on('data', (text) => console.log(String(text)));
        socket.on('close', () => server.close());
      });`));
  });
}, ['uvnet']);
