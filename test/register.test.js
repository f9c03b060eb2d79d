'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT, finished, forEachNet, spawnNode, tmpPath } =
  require('./helper');

const REGISTER = path.join(ROOT, 'lib', 'register.js');
const URL = require('node:url').pathToFileURL(REGISTER).href;

// Prints whether a net module is uvnet's.
const MINE = `const mine = (net) => net.Socket ===
  require(${JSON.stringify(ROOT)}).Socket;`;

function run(source, { flags = ['-r', REGISTER], ext = '.js', ...rest } = {}) {
  const file = tmpPath(`script${ext}`);
  fs.writeFileSync(file, source);
  return finished(spawnNode([...flags, file], rest));
}

async function prints(expected, source, options) {
  const { code, signal, stdout, stderr } = await run(source, options);
  assert.deepStrictEqual({ code, signal, stdout, stderr },
    { code: 0, signal: null, stdout: expected, stderr: '' });
}

// core has no register: there is nothing to compare with.
forEachNet(() => {
  describe('replaces net', () => {
    const ways = { '-r': ['-r', REGISTER], '--import': ['--import', URL] };
    for (const [way, flags] of Object.entries(ways)) {
      it(`${way}: require`, () => prints('true true true\n', `${MINE}
        console.log(mine(require('net')), mine(require('node:net')),
          require('net') === require('node:net'));`, { flags }));

      it(`${way}: import`, () => prints('true true true\n', `
        import net from 'net';
        import { connect, Socket } from 'node:net';
        import { createRequire } from 'node:module';
        const ours = createRequire(import.meta.url)(${JSON.stringify(ROOT)});
        console.log(net.Socket === ours.Socket, connect === ours.connect,
          Socket === ours.Socket);`, { flags, ext: '.mjs' }));
    }

    it('process.getBuiltinModule', () => prints('true\n', `${MINE}
      console.log(!process.getBuiltinModule ||
        mine(process.getBuiltinModule('net')));`));

    it('without it net is core\'s', () => prints('false\n', `
      const { Socket } = require('net');
      console.log(Socket === require(${JSON.stringify(ROOT)}).Socket);`,
    { flags: [] }));

    it('twice is once', () => prints('true\n', `${MINE}
      console.log(mine(require('net')));`,
    { flags: ['-r', REGISTER, '-r', REGISTER] }));

    it('NODE_OPTIONS', () => prints('true\n', `${MINE}
      console.log(mine(require('net')));`,
    { flags: [], env: { NODE_OPTIONS: `-r ${REGISTER}` } }));
  });

  describe('leaves net as whoever patches it expects it', () => {
    it('members are described as core\'s are', () => prints('', `
      const { spawnSync } = require('node:child_process');
      const describe = \`
        const members = Object.getOwnPropertyDescriptors(require('net'));
        console.log(Object.entries(members).map(([name, member]) =>
          [name, ...Object.entries(member).map(([key, value]) =>
            key + (typeof value === 'boolean' ? value : typeof value))]
            .join(' ')).join('\\\\n'));\`;
      const [core, ours] = [[], process.execArgv].map((flags) =>
        spawnSync(process.execPath, [...flags, '-e', describe]).stdout);
      require('node:assert').strictEqual(String(ours), String(core));`));

    it('a stub that looks at the descriptor first', () => prints('stub\n', `
      const net = require('net');
      const member = Object.getOwnPropertyDescriptor(net, 'connect');
      if (typeof member.value === 'function') {
        Object.defineProperty(net, 'connect',
          { ...member, value: () => 'stub' });
      }
      console.log(net.connect(1, '127.0.0.1'));`));

    it('a member that was set or defined stays', () => prints('1 2 true\n', `
      ${MINE}
      const net = require('net');
      Object.defineProperty(net, 'isIP', { value: 2 });
      net.connect = 1;
      console.log(net.connect, net.isIP, mine(net));`));

    it('a child that was forked before', () => prints('hello\n', `
      const { fork } = require('node:child_process');
      if (process.argv[2]) {
        process.on('message', (_, socket) => {
          socket.end('hello');
          process.disconnect();
        });
        return;
      }
      const child = fork(__filename, ['child'], { stdio: 'inherit' });
      child.on('spawn', () => {
        const net = require('node:net');
        const server = net.createServer((socket) => {
          child.send('it', socket);
          server.close();
        }).listen(0, '127.0.0.1', () => {
          net.connect(server.address().port, '127.0.0.1')
            .on('data', (text) => console.log(String(text)));
        });
      });`));
  });

  describe('the rest of node on top', () => {
    it('http server and client', () => prints('200 true hello true\n', `
      const http = require('node:http');
      const net = require('node:net');
      const server = http.createServer((req, res) => {
        server.mine = req.socket instanceof net.Socket;
        res.end('hello');
      }).listen(0, () => {
        http.get({ port: server.address().port, agent: false }, (res) => {
          res.setEncoding('utf8');
          res.on('data', (text) => {
            console.log(res.statusCode, server.mine, text,
              res.socket instanceof net.Socket);
          });
          res.on('end', () => server.close());
        });
      });`));

    it('http post of a megabyte with keep-alive', () =>
      prints('1000000\n1000000\n', `
        const http = require('node:http');
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const server = http.createServer((req, res) => req.pipe(res));
        let left = 2;
        function post() {
          if (left-- === 0) { agent.destroy(); server.close(); return; }
          const req = http.request({ port: server.address().port, agent,
            method: 'POST' }, (res) => {
            let bytes = 0;
            res.on('data', (chunk) => { bytes += chunk.length; });
            res.on('end', () => { console.log(bytes); setImmediate(post); });
          });
          req.end(Buffer.alloc(1000000, 'x'));
        }
        server.listen(0, post);`));

    it('fetch', () => prints('fetched\n', `
      const server = require('node:http').createServer((req, res) => {
        res.end('fetched');
      }).listen(0, async () => {
        const url = 'http://127.0.0.1:' + server.address().port;
        console.log(await (await fetch(url)).text());
        server.close();
        server.closeAllConnections();
        const symbol = Symbol.for('undici.globalDispatcher.1');
        await globalThis[symbol].close();
      });`));

    it('child process stdio', () => prints('echo: text 0\n', `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e',
        'process.stdin.on("data", (d) => console.log("echo: " + d))']);
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (d) => { text += d; });
      child.on('close', (code) => console.log(text.trim(), code));
      child.stdin.end('text');`));

    it('process.stdin from a pipe', () => prints('SOME INPUT', `
      process.stdin.setEncoding('utf8');
      process.stdin.on('data', (d) => process.stdout.write(d.toUpperCase()));`,
    { input: 'some input' }));

    it('a worker inherits it', () => prints('true\n', `
      const { Worker } = require('node:worker_threads');
      new Worker(${JSON.stringify(MINE)} +
        'console.log(mine(require("net")))', { eval: true });`));

    it('a fork inherits it', () => prints('true\n', `
      const { fork } = require('node:child_process');
      ${MINE}
      if (process.argv[2]) {
        process.send(mine(require('net')));
        process.disconnect();
      } else {
        fork(__filename, ['child']).on('message', (m) => console.log(m));
      }`));

    it('send(socket) to a fork', () => prints('from the fork\n', `
      const { fork } = require('node:child_process');
      const net = require('node:net');
      if (process.argv[2]) {
        process.on('message', (m, socket) => {
          socket.end('from the fork', () => process.disconnect());
        });
      } else {
        const child = fork(__filename, ['child']);
        const server = net.createServer((peer) => {
          child.send('socket', peer);
          server.close();
        }).listen(0, '127.0.0.1', () => {
          net.connect(server.address().port, '127.0.0.1')
            .on('data', (d) => console.log(String(d)));
        });
      }`));

    it('send(server) to a fork', () => prints('from the fork\n', `
      const { fork } = require('node:child_process');
      const net = require('node:net');
      if (process.argv[2]) {
        process.on('message', (m, server) => {
          server.on('connection', (peer) => {
            peer.end('from the fork');
            server.close();
            process.disconnect();
          });
          process.send('ready');
        });
      } else {
        const child = fork(__filename, ['child']);
        const server = net.createServer().listen(0, '127.0.0.1', () => {
          const { port } = server.address();
          child.send('server', server);
          child.on('message', () => {
            server.close();
            net.connect(port, '127.0.0.1')
              .on('data', (d) => console.log(String(d)));
          });
        });
      }`));

    it('cluster workers share a port', () => prints('2\n', `
      const cluster = require('node:cluster');
      const net = require('node:net');
      if (cluster.isPrimary) {
        const seen = new Set();
        let listening = 0;
        for (let i = 0; i < 2; i++) cluster.fork();
        cluster.on('listening', (worker, address) => {
          if (++listening < 2) return;
          const ask = () => net.connect(address.port, '127.0.0.1')
            .on('data', (d) => seen.add(String(d)))
            .on('close', () => {
              if (seen.size < 2) return ask();
              console.log(seen.size);
              cluster.disconnect();
            });
          ask();
        });
      } else {
        net.createServer((peer) => peer.end(String(process.pid)))
          .listen(0, '127.0.0.1');
      }`));
  });
}, ['uvnet']);
