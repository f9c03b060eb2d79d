'use strict';

const assert = require('node:assert');
const { forEachReplaced } = require('./replaced');

const { deepStrictEqual: same } = assert;

// Each script runs in a child process and sees nothing of this file.
forEachReplaced((run, name) => {
  describe('tls over a given socket', () => {
    it('that is still connecting', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const server = await helper.listen(tls.createServer(psk.server,
          (peer) => peer.end('secret')));
        const plain = net.connect(server.address().port, '127.0.0.1');
        const socket = tls.connect({ ...psk.client, socket: plain });
        const log = [`${plain.connecting} ${socket.connecting}`];
        helper.eventLog(plain, ['connect', 'close'], log, 'plain ');
        helper.eventLog(socket,
          ['connect', 'secureConnect', 'end', 'close'], log, 'tls ');
        const text = await helper.collect(socket);
        await helper.closed(socket, plain);
        server.close();
        return [String(text), ...log];
      }), ['secret', 'true true', 'tls connect', 'plain connect',
        'tls secureConnect', 'tls end', 'plain close:false',
        'tls close:false']);
    });

    it('that is connecting by path', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const file = helper.tmpPath();
        const server = await helper.listen(tls.createServer(psk.server,
          (peer) => peer.end('secret')), file);
        const socket = tls.connect({ ...psk.client, socket: net.connect(file) });
        const text = await helper.collect(socket);
        server.close();
        return String(text);
      }), 'secret');
    });

    // Core 20 dies of SIGSEGV.
    const isSafe = name !== 'core';
    (isSafe ? it : it.skip)('that tries a second address', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const server = await helper.listen(tls.createServer(psk.server,
          (peer) => peer.end('secret')));
        const plain = net.connect({
          host: 'test.invalid',
          port: server.address().port,
          autoSelectFamily: true,
          lookup: (host, options, done) => setImmediate(done, null, [
            { address: '127.0.0.2', family: 4 },
            { address: '127.0.0.1', family: 4 },
          ]),
        });
        const socket = tls.connect({ ...psk.client, socket: plain });
        const text = await helper.collect(socket);
        server.close();
        return [String(text), plain.remoteAddress,
          plain.autoSelectFamilyAttemptedAddresses.length];
      }), ['secret', '127.0.0.1', 2]);
    });

    it('whose connection fails', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const port = await helper.closedPort(net);
        const plain = net.connect(port, '127.0.0.1');
        const socket = tls.connect({ ...psk.client, socket: plain });
        const log = helper.eventLog(plain, ['error', 'close'], [], 'plain ');
        helper.eventLog(socket, ['error', 'close'], log, 'tls ');
        await helper.closed(socket, plain);
        return log;
      }), ['tls error:ECONNREFUSED', 'plain error:ECONNREFUSED',
        'tls close:false', 'plain close:true']);
    });

    it('that is destroyed while it connects', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const server = await helper.listen(net.createServer());
        const { port } = server.address();
        const log = [];
        for (const victim of ['plain', 'tls']) {
          const plain = net.connect(port, '127.0.0.1');
          const socket = tls.connect({ ...psk.client, socket: plain });
          helper.eventLog(plain, ['error', 'close'], log, 'plain ');
          helper.eventLog(socket, ['close'], log, 'tls ');
          socket.on('error', () => {});
          (victim === 'tls' ? socket : plain).destroy();
          await helper.closed(socket, plain);
        }
        server.close();
        return log;
      }), ['tls close:false', 'plain close:false', 'plain close:false',
        'tls close:false']);
    });

    it('that was unref()ed while it connected', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        // Nothing but the socket would keep us alive.
        const server = net.createServer((peer) => peer.unref())
          .listen(0, '127.0.0.1');
        await helper.once(server, 'listening');
        const plain = net.connect(server.address().port, '127.0.0.1');
        tls.connect({ ...psk.client, socket: plain });
        server.unref();
        plain.unref();
        const refs = [plain._handle.hasRef()];
        plain.ref();
        refs.push(plain._handle.hasRef());
        plain.unref();
        return refs;
      }), [false, true]);
    });
  });

  describe('STARTTLS', () => {
    it('after lines both ways', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const { server, client, peer } = await helper.pair(net);
        peer.once('data', (line) => {
          peer.write('go ahead\n');
          const secure = new tls.TLSSocket(peer,
            { ...psk.server, isServer: true });
          secure.on('data', (text) => secure.end(`${line}${text}`));
        });
        client.write('starttls\n');
        const [answer] = await helper.once(client, 'data');
        const socket = tls.connect({ ...psk.client, socket: client });
        socket.write('secret');
        const text = await helper.collect(socket);
        await helper.closed(socket, client, peer);
        server.close();
        return [String(answer), String(text)];
      }), ['go ahead\n', 'starttls\nsecret']);
    });

    it('with the handshake in the same chunk as the line', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const { server, client, peer } = await helper.pair(net,
          { server: { pauseOnConnect: true } });
        client.write('starttls\n');
        const socket = tls.connect({ ...psk.client, socket: client });
        await helper.turn();
        peer.once('data', (chunk) => {
          peer.pause();
          peer.unshift(chunk.subarray(9));
          const secure = new tls.TLSSocket(peer,
            { ...psk.server, isServer: true });
          secure.end(`${chunk.length > 9} ${chunk.subarray(0, 8)}`);
        });
        peer.resume();
        const text = await helper.collect(socket);
        server.close();
        return String(text);
      }), 'true starttls');
    });

    it('while megabytes wait to be sent, on both ends', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const { server, client, peer } = await helper.pair(net,
          { server: { pauseOnConnect: true } });
        const size = 6e6;
        const log = [];
        for (const end of [client, peer]) {
          end.write(Buffer.alloc(size - 1, 'a'), () => log.push('written'));
          end.write('z');
        }
        const secrets = [];
        // Whoever has read all of the plain text puts TLS on top.
        async function upgrade(end, wrap) {
          let left = size;
          await new Promise((resolve) => {
            end.on('data', function onData(chunk) {
              if (chunk.length >= left) {
                end.off('data', onData);
                end.pause();
                if (chunk.length > left) end.unshift(chunk.subarray(left));
                log.push(String(chunk.subarray(left - 1, left)));
                resolve();
              }
              left -= chunk.length;
            });
            end.resume();
          });
          const secure = wrap(end);
          secure.end('secret');
          secrets.push(String(await helper.collect(secure)));
        }
        await Promise.all([
          upgrade(client, (socket) => tls.connect({ ...psk.client, socket })),
          upgrade(peer, (socket) =>
            new tls.TLSSocket(socket, { ...psk.server, isServer: true })),
        ]);
        server.close();
        return [secrets, log.sort()];
      }), [['secret', 'secret'], ['written', 'written', 'z', 'z']]);
    });

    it('with a write that is under way', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const { server, client, peer } = await helper.pair(net,
          { server: { pauseOnConnect: true } });
        const size = 8e6;
        const log = [];
        client.write(Buffer.alloc(size, 'a'), (error) =>
          log.push(error ? error.code : 'written'));
        const waits = client.writableLength > 0;
        const socket = tls.connect({ ...psk.client, socket: client });
        socket.once('secureConnect', () => log.push('secure'));
        let left = size;
        peer.on('data', function onData(chunk) {
          left -= chunk.length;
          if (left > 0) return;
          peer.off('data', onData);
          peer.pause();
          if (left < 0) peer.unshift(chunk.subarray(left));
          new tls.TLSSocket(peer, { ...psk.server, isServer: true })
            .end(`secret after ${chunk.includes('a')}`);
        });
        peer.resume();
        const text = await helper.collect(socket);
        server.close();
        return [String(text), waits, log, client.bytesWritten > size];
      }), ['secret after true', true, ['written', 'secure'], true]);
    });
  });

  describe('tls and the rest', () => {
    it('the plain socket can still be told things', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const server = await helper.listen(tls.createServer(psk.server,
          (peer) => peer.resume()));
        const log = [];
        const connect = { port: server.address().port, host: '127.0.0.1' };
        for (const act of ['end', 'destroy', 'destroySoon', 'resetAndDestroy']) {
          const plain = net.connect(connect);
          const socket = tls.connect({ ...psk.client, socket: plain });
          await helper.once(socket, 'secureConnect');
          plain.setNoDelay(true).setKeepAlive(true, 1000).ref();
          log.push(`${act} ${plain.remotePort === connect.port} ` +
            `${plain.readyState} ${plain instanceof net.Socket}`);
          socket.on('error', () => {});
          plain.on('error', () => {});
          plain[act]();
          await helper.closed(socket, plain);
        }
        server.close();
        return log;
      }), ['end true open true', 'destroy true open true',
        'destroySoon true open true', 'resetAndDestroy true open true']);
    });

    it('a socket of a class of its own', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        class Socket extends net.Socket {
          end(...args) {
            this.ended = true;
            return super.end(...args);
          }
        }
        const server = await helper.listen(tls.createServer(psk.server,
          (peer) => peer.end('secret')));
        const plain = new Socket();
        plain.connect(server.address().port, '127.0.0.1');
        await helper.once(plain, 'connect');
        const socket = tls.connect({ ...psk.client, socket: plain });
        const text = await helper.collect(socket);
        plain.end();
        await helper.closed(socket, plain);
        server.close();
        return [String(text), plain.ended, plain instanceof Socket];
      }), ['secret', true, true]);
    });

    it('a server that runs out of descriptors survives it', async () => {
      same(await run(async (net, helper) => {
        const fs = require('fs');
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const server = await helper.listen(tls.createServer(psk.server,
          (peer) => peer.end('secret')));
        const fds = [];
        server.prependOnceListener('connection', () => {
          try {
            for (;;) fds.push(fs.openSync('/dev/null'));
          } catch {
            // Now there are none left.
          }
        });
        const connect = { ...psk.client, port: server.address().port,
          host: '127.0.0.1' };
        const first = tls.connect(connect);
        first.on('error', () => {});
        first.resume();
        await helper.closed(first);
        for (const fd of fds) fs.closeSync(fd);
        const text = await helper.collect(tls.connect(connect));
        server.close();
        return [String(text), fds.length > 0];
      }, { descriptors: 100 }), ['secret', true]);
    });

    it('tls over tls', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const server = await helper.listen(tls.createServer(psk.server,
          (outer) => {
            const inner = new tls.TLSSocket(outer,
              { ...psk.server, isServer: true });
            inner.on('data', (text) => inner.end(`inner ${text}`));
          }));
        const outer = tls.connect({ ...psk.client,
          port: server.address().port, host: '127.0.0.1' });
        const inner = tls.connect({ ...psk.client, socket: outer });
        inner.write('text');
        const text = await helper.collect(inner);
        server.close();
        return String(text);
      }), 'inner text');
    });

    it('plain sockets have what is added to net.Socket', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const { spawn } = require('child_process');
        const psk = require(`${helper.ROOT}/test/psk`);
        const facts = [];
        const look = (socket) => facts.push(socket instanceof net.Socket,
          socket.constructor === net.Socket, socket.added?.(socket));
        net.Socket.prototype.added = function(self) { return this === self; };
        const server = await helper.listen(tls.createServer(psk.server,
          (peer) => peer.end()));
        server.on('connection', look);
        const socket = tls.connect({ ...psk.client, ...server.address() });
        await helper.collect(socket);
        server.close();
        const child = spawn(process.execPath, ['-e', '0']);
        look(child.stdout);
        await helper.once(child, 'close');
        return facts.join(' ');
      }), Array(6).fill(true).join(' '));
    });

    it('a server that is full, over TCP and by path', async () => {
      same(await run(async (net, helper) => {
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const facts = [];
        for (const where of [{ port: 0, host: '127.0.0.1' },
          { path: helper.tmpPath('full.sock') }]) {
          const server = tls.createServer({ ...psk.server, noDelay: true });
          server.maxConnections = 1;
          server.listen(where);
          await helper.once(server, 'listening');
          const at = where.path ? where : server.address();
          const first = tls.connect({ ...psk.client, ...at });
          await helper.once(first, 'secureConnect');
          const second = net.connect(at);
          const [drop] = await helper.once(server, 'drop');
          await helper.once(second, 'close');
          const count = await new Promise((resolve) => {
            server.getConnections((error, n) => resolve(n));
          });
          facts.push(count, drop?.remoteAddress);
          first.destroy();
          server.close();
          await helper.once(server, 'close');
        }
        return facts.join(' ');
      }), '1 127.0.0.1 1 ');
    });

    it('a connection that another server gives away', async () => {
      same(await run(async (net, helper) => {
        const https = require('https');
        const psk = require(`${helper.ROOT}/test/psk`);
        const secure = https.createServer(psk.server, (request, response) => {
          response.end(request.url);
        });
        const server = await helper.listen(net.createServer((peer) => {
          secure.emit('connection', peer);
        }));
        const request = https.get({ ...psk.client, path: '/secret',
          port: server.address().port, host: '127.0.0.1', agent: false });
        const [response] = await helper.once(request, 'response');
        const text = await helper.collect(response);
        server.close();
        return String(text);
      }), '/secret');
    });

    it('https through a proxy\'s CONNECT', async () => {
      same(await run(async (net, helper) => {
        const http = require('http');
        const https = require('https');
        const tls = require('tls');
        const psk = require(`${helper.ROOT}/test/psk`);
        const origin = await helper.listen(https.createServer(psk.server,
          (request, response) => response.end(request.url)));
        const proxy = await helper.listen(http.createServer());
        proxy.on('connect', (request, client, head) => {
          const [host, port] = request.url.split(':');
          const upstream = net.connect(port, host, () => {
            client.write('HTTP/1.1 200 Fine\r\n\r\n');
            upstream.write(head);
            client.pipe(upstream).pipe(client);
          });
        });
        const tunnel = http.request({ method: 'CONNECT', host: '127.0.0.1',
          path: `127.0.0.1:${origin.address().port}`,
          port: proxy.address().port });
        tunnel.end();
        const [, socket] = await helper.once(tunnel, 'connect');
        const request = https.get({ path: '/secret',
          createConnection: () => tls.connect({ ...psk.client, socket }) });
        const [response] = await helper.once(request, 'response');
        const text = await helper.collect(response);
        origin.close();
        proxy.close();
        return String(text);
      }), '/secret');
    });
  });
});
