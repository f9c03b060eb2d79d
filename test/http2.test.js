'use strict';

const assert = require('node:assert');
const { forEachReplaced } = require('./replaced');

const { deepStrictEqual: same } = assert;

// Each script runs in a child process and sees nothing of this file.
forEachReplaced((run) => {
  describe('http2 over a socket', () => {
    it('of its own', async () => {
      same(await run(async (net, helper) => {
        const http2 = require('http2');
        const server = await helper.listen(http2.createServer(
          (request, response) => {
            const { socket } = request;
            response.end(`${socket.remoteAddress} ` +
              `${socket.remotePort > 0} ${socket instanceof net.Socket}`);
          }));
        const session = http2.connect(
          `http://127.0.0.1:${server.address().port}`);
        const text = await helper.collect(session.request());
        const { socket } = session;
        const log = [String(text), socket.remoteAddress,
          socket.remotePort === server.address().port];
        session.close();
        await helper.once(session, 'close');
        server.close();
        return log;
      }), ['127.0.0.1 true true', '127.0.0.1', true]);
    });

    it('that is given, in any state', async () => {
      same(await run(async (net, helper) => {
        const http2 = require('http2');
        const texts = [];
        const file = helper.tmpPath();
        for (const where of [[0, '127.0.0.1'], [file]]) {
          const server = await helper.listen(http2.createServer(
            (request, response) => response.end('hello')), ...where);
          for (const isConnected of [false, true]) {
            const socket = where[0] === file ? net.connect(file) :
              net.connect(server.address().port, '127.0.0.1');
            if (isConnected) await helper.once(socket, 'connect');
            const session = http2.connect('http://localhost',
              { createConnection: () => socket });
            texts.push(String(await helper.collect(session.request())));
            session.close();
            await helper.closed(socket);
          }
          server.close();
        }
        return texts;
      }), ['hello', 'hello', 'hello', 'hello']);
    });

    it('that tries a second address', async () => {
      same(await run(async (net, helper) => {
        const http2 = require('http2');
        const server = await helper.listen(http2.createServer(
          (request, response) => response.end('hello')));
        const { port } = server.address();
        const session = http2.connect(`http://test.invalid:${port}`, {
          autoSelectFamily: true,
          lookup: (host, options, done) => setImmediate(done, null, [
            { address: '127.0.0.2', family: 4 },
            { address: '127.0.0.1', family: 4 },
          ]),
        });
        const text = await helper.collect(session.request());
        session.close();
        server.close();
        return String(text);
      }), 'hello');
    });

    it('that cannot connect', async () => {
      same(await run(async (net, helper) => {
        const http2 = require('http2');
        const port = await helper.closedPort(net);
        const session = http2.connect(`http://127.0.0.1:${port}`);
        const log = helper.eventLog(session, ['connect', 'error', 'close']);
        await helper.once(session, 'close').catch(() => {});
        await helper.turn();
        return log;
      }), ['error:ECONNREFUSED', 'close']);
    });

    it('that is destroyed while it connects', async () => {
      same(await run(async (net, helper) => {
        const http2 = require('http2');
        const server = await helper.listen(net.createServer());
        const session = http2.connect(
          `http://127.0.0.1:${server.address().port}`);
        const log = helper.eventLog(session, ['connect', 'error', 'close']);
        session.destroy();
        await helper.once(session, 'close');
        server.close();
        return log;
      }), ['connect', 'close']);
    });

    it('that another server gives away, with bytes read from it', async () => {
      same(await run(async (net, helper) => {
        const http2 = require('http2');
        const inner = http2.createServer((request, response) => {
          request.pipe(response);
        });
        const server = await helper.listen(net.createServer((peer) => {
          peer.once('data', (chunk) => {
            peer.pause();
            peer.unshift(chunk);
            inner.emit('connection', peer);
          });
        }));
        const session = http2.connect(
          `http://127.0.0.1:${server.address().port}`);
        const stream = session.request({ ':method': 'POST' });
        stream.end(Buffer.alloc(300000, 'x'));
        const text = await helper.collect(stream);
        session.close();
        server.close();
        return [text.length, text.includes('y')];
      }), [300000, false]);
    });

    it('performServerHandshake()', async () => {
      same(await run(async (net, helper) => {
        const http2 = require('http2');
        if (!http2.performServerHandshake) return 'hello';
        const server = await helper.listen(net.createServer((peer) => {
          http2.performServerHandshake(peer).on('stream', (stream) => {
            stream.respond();
            stream.end('hello');
          });
        }));
        const session = http2.connect(
          `http://127.0.0.1:${server.address().port}`);
        const text = await helper.collect(session.request());
        session.close();
        server.close();
        return String(text);
      }), 'hello');
    });

    it('megabytes both ways, with backpressure', async () => {
      same(await run(async (net, helper) => {
        const http2 = require('http2');
        const server = await helper.listen(http2.createServer(
          (request, response) => request.pipe(response)));
        const session = http2.connect(
          `http://127.0.0.1:${server.address().port}`);
        const sizes = await Promise.all([1, 2, 3].map(async (factor) => {
          const stream = session.request({ ':method': 'POST' });
          stream.end(Buffer.alloc(factor * 1e6, 'x'));
          return (await helper.collect(stream)).length;
        }));
        session.close();
        server.close();
        return sizes;
      }), [1e6, 2e6, 3e6]);
    });

    it('a session that is unref()ed keeps nothing alive', async () => {
      same(await run(async (net, helper) => {
        const http2 = require('http2');
        const server = http2.createServer();
        server.on('session', (session) => session.unref());
        server.listen(0, '127.0.0.1');
        await helper.once(server, 'listening');
        server.unref();
        const session = http2.connect(
          `http://127.0.0.1:${server.address().port}`);
        session.unref();
        return 'ends';
      }), 'ends');
    });
  });

  describe('http1 on the same port', () => {
    it('prior knowledge is told from the first bytes', async () => {
      same(await run(async (net, helper) => {
        const http = require('http');
        const http2 = require('http2');
        const one = http.createServer((request, response) => {
          response.end('http1');
        });
        const two = http2.createServer((request, response) => {
          response.end('http2');
        });
        const server = await helper.listen(net.createServer((peer) => {
          peer.once('readable', () => {
            const chunk = peer.read();
            peer.unshift(chunk);
            const isTwo = chunk.subarray(0, 3).toString() === 'PRI';
            (isTwo ? two : one).emit('connection', peer);
          });
        }));
        const { port } = server.address();
        const request = http.get({ port, host: '127.0.0.1', agent: false });
        const [response] = await helper.once(request, 'response');
        const session = http2.connect(`http://127.0.0.1:${port}`);
        const texts = [
          String(await helper.collect(response)),
          String(await helper.collect(session.request())),
        ];
        session.close();
        server.close();
        return texts;
      }), ['http1', 'http2']);
    });
  });
});
