'use strict';

const assert = require('node:assert');
const path = require('node:path');
const { ROOT, forEachNet, spawnScript } = require('./helper');

const REGISTER = path.join(ROOT, 'lib', 'register.js');
const KINDS = ['kOnMessageBegin', 'kOnHeaders', 'kOnHeadersComplete', 'kOnBody',
  'kOnMessageComplete', 'kOnExecute'];

// A parser that reads from an accepted connection's handle and tells when it
// calls what; `act(kind)` may do more.
const PARSER = `
  const { HTTPParser } = require('_http_common');
  const KINDS = ${JSON.stringify(KINDS)};
  const lines = [];
  const log = (text) => lines.push(text);
  process.on('exit', () => console.log(lines.join('\\n')));
  process.on('uncaughtException', (error) => log('uncaught ' + error.message));
  let act = () => {};
  function read(peer) {
    const parser = new HTTPParser();
    parser.initialize(HTTPParser.REQUEST, {});
    for (const kind of KINDS) {
      parser[HTTPParser[kind]] = (...args) => {
        const [first] = args;
        log(kind + (kind === 'kOnExecute' ? ' ' + (first.code ?? first) : ''));
        process.nextTick(() => log('tick ' + kind));
        act(kind, parser, peer);
      };
    }
    parser.consume(peer._handle);
    peer.on('data', (chunk) => log('data ' + chunk));
    peer.on('end', () => log('end'));
    peer.on('close', () => { log('close ' + peer.bytesRead); server.close(); });
  }
  const server = net.createServer(read);
  const send = (...parts) => server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1');
    client.on('error', () => {}).resume();
    const next = () => (parts.length === 0 ? client.end() :
      client.write(parts.shift(), () => setTimeout(next, 20)));
    client.on('connect', next);
  });
  const GET = 'GET / HTTP/1.1\\r\\n\\r\\n';
  const POST = 'POST / HTTP/1.1\\r\\nContent-Length: 4\\r\\n\\r\\nbody';`;

const BODY = ['kOnMessageBegin', 'kOnHeadersComplete', 'kOnBody',
  'tick kOnMessageBegin', 'tick kOnHeadersComplete', 'tick kOnBody'];
const REST = ['kOnMessageComplete', 'kOnExecute 42', 'tick kOnMessageComplete',
  'tick kOnExecute'];
const GET = ['kOnMessageBegin', 'kOnHeadersComplete', 'kOnMessageComplete',
  'kOnExecute 18', 'tick kOnMessageBegin', 'tick kOnHeadersComplete',
  'tick kOnMessageComplete', 'tick kOnExecute'];

const CASES = {
  'requests': ['send(POST, GET);', [...BODY, ...REST, ...GET, 'end',
    'close 60']],
  'trailers': [`send('POST / HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n' +
    '\\r\\n4\\r\\nbody\\r\\n0\\r\\nx: y\\r\\n\\r\\n');`, [...BODY, 'kOnHeaders',
    'tick kOnHeaders', 'kOnMessageComplete', 'kOnExecute 67',
    'tick kOnMessageComplete', 'tick kOnExecute', 'end', 'close 67']],
  'what is no request': ['send("x y");', ['kOnMessageBegin',
    'kOnExecute HPE_INVALID_METHOD', 'tick kOnMessageBegin', 'tick kOnExecute',
    'end', 'close 3']],
  'a listener that throws': [`
    act = (kind) => { if (kind === 'kOnBody') throw new Error('mine'); };
    send(POST);`, [...BODY.slice(0, 3), 'uncaught mine', ...BODY.slice(3),
    'end', 'close 42']],
  'unconsume': [`
    act = (kind, parser) => { if (kind === 'kOnBody') parser.unconsume(); };
    send(POST, 'more');`, [...BODY, ...REST, 'data more', 'end', 'close 46']],
  'destroy': [`
    act = (kind, parser, peer) => { if (kind === 'kOnBody') peer.destroy(); };
    send(POST, GET);`, [...BODY, ...REST, 'close 42']],
  'unconsume after destroy': [`
    act = (kind, parser, peer) => {
      if (kind !== 'kOnBody') return;
      peer.destroy();
      parser.unconsume();
    };
    send(POST, GET);`, [...BODY, ...REST, 'close 42']],
};

forEachNet((net, name) => {
  const flags = name === 'uvnet' ? ['-r', REGISTER] : [];

  async function prints(lines, source) {
    const end = await spawnScript(name, source, { flags });
    assert.deepStrictEqual([end.stdout.split('\n'), end.stderr, end.code],
      [[...lines, ''], '', 0]);
  }

  describe('http\'s parser reads from the handle', () => {
    for (const [title, [source, lines]] of Object.entries(CASES)) {
      it(title, () => prints(lines, `${PARSER}${source}`));
    }
  });

  it('ticks of a body run before the request is complete', () => prints(
    ['data false', 'tick false', 'end true'], `
    const http = require('node:http');
    const server = http.createServer((request, response) => {
      request.on('data', () => {
        console.log('data', request.complete);
        process.nextTick(() => console.log('tick', request.complete));
      });
      request.on('end', () => {
        console.log('end', request.complete);
        response.end();
        server.close();
      });
    }).listen(0, () => {
      const { port } = server.address();
      http.request({ port, method: 'POST', agent: false }).end('body');
    });`));

  it('what follows an upgrade arrives', () => prints(
    ['head', 'and more'], `
    const http = require('node:http');
    const server = http.createServer();
    server.on('upgrade', (request, socket, head) => {
      console.log(String(head));
      socket.on('data', (chunk) => {
        console.log(String(chunk));
        socket.end();
        server.close();
      });
      socket.write('go');
    });
    server.listen(0, () => {
      const client = net.connect(server.address().port);
      client.write('GET / HTTP/1.1\\r\\nConnection: Upgrade\\r\\n' +
        'Upgrade: x\\r\\n\\r\\nhead');
      client.on('data', () => client.write('and more'));
    });`));

  it('a listener of \'data\' reads what the parser does', () => prints(
    ['request /x', 'data true'], `
    const http = require('node:http');
    const server = http.createServer((request, response) => {
      console.log('request', request.url);
      response.end();
      server.close();
    });
    server.on('connection', (socket) => socket.once('data', (chunk) =>
      console.log('data', String(chunk).startsWith('GET /x'))));
    server.listen(0, () => http.get(
      { port: server.address().port, path: '/x', agent: false }));`));

  it('a body that is not read holds the sender up', () => prints(['true'], `
    const http = require('node:http');
    const server = http.createServer((request, response) => {
      setTimeout(() => {
        console.log(request.socket.bytesRead < 5e7);
        request.resume().on('end', () => { response.end(); server.close(); });
      }, 200);
    }).listen(0, () => http.request(
      { port: server.address().port, method: 'POST', agent: false })
      .end(Buffer.alloc(1e8)));`));
});
