'use strict';

const assert = require('node:assert');
const { forEachReplaced } = require('./replaced');

const { deepStrictEqual: same } = assert;

// Each script runs in a child process and sees nothing of this file.
forEachReplaced((run, name) => {
  describe('http', () => {
    it('ticks run between the messages of one read', async () => {
      same(await run(async (net, helper) => {
        const http = require('http');
        const log = [];
        const server = await helper.listen(http.createServer((req, res) => {
          const note = (text) => log.push(`${text} ${req.url}`);
          note('request');
          process.nextTick(note, 'tick');
          Promise.resolve('microtask').then(note);
          req.on('data', (chunk) => note(`data ${chunk}`));
          req.on('end', () => {
            note(`end ${JSON.stringify(req.trailers)}`);
            res.end(req.url);
          });
        }));
        const client = net.connect(server.address().port, '127.0.0.1');
        client.write('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n' +
          'abcPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n' +
          'Trailer: x\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx: y\r\n\r\n' +
          'GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
        const text = String(await helper.collect(client));
        server.close();
        return [text.match(/\r\n\/\d/g).join('').replace(/\r\n/g, ''),
          ...log];
      }), ['/1/2/3', 'request /1', 'tick /1', 'data abc /1', 'microtask /1',
        'request /2', 'end {} /1', 'tick /2', 'data abc /2', 'microtask /2',
        'data de /2', 'end {"x":"y"} /2', 'request /3', 'tick /3',
        'end {} /3', 'microtask /3']);
    });

    // Core drops the rest of the read.
    const isKept = name !== 'core';
    (isKept ? it : it.skip)('what a tick throws stops no message', async () => {
      same(await run(async (net, helper) => {
        const http = require('http');
        const caught = [];
        process.on('uncaughtException', (error) => caught.push(error.message));
        const server = await helper.listen(http.createServer((req, res) => {
          process.nextTick(() => { throw new Error(req.url); });
          req.resume().on('end', () => res.end(req.url));
        }));
        const client = net.connect(server.address().port, '127.0.0.1');
        client.write('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n' +
          'abcPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n' +
          'Connection: close\r\n\r\nabc');
        const text = String(await helper.collect(client));
        server.close();
        return [caught, text.match(/\r\n\/\d/g).length];
      }), [['/1', '/2'], 2]);
    });

    for (const method of ['CONNECT', 'UPGRADE']) {
      it(`${method} hands over the socket and what was read`, async () => {
        const text = await run(method === 'CONNECT' ? async (net, helper) => {
          const http = require('http');
          const server = await helper.listen(http.createServer());
          server.on('connect', (request, socket, head) => {
            socket.write(`HTTP/1.1 200 Fine\r\n\r\n${head}`);
            socket.pipe(socket);
          });
          const client = net.connect(server.address().port, '127.0.0.1');
          client.end('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nhead');
          const all = await helper.collect(client);
          server.close();
          return String(all);
        } : async (net, helper) => {
          const http = require('http');
          const server = await helper.listen(http.createServer());
          server.on('upgrade', (request, socket, head) => {
            socket.write(`HTTP/1.1 200 Fine\r\n\r\n${head}`);
            socket.pipe(socket);
          });
          const client = net.connect(server.address().port, '127.0.0.1');
          client.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n' +
            'Upgrade: b\r\n\r\nhead');
          const all = await helper.collect(client);
          server.close();
          return String(all);
        });
        same(text, 'HTTP/1.1 200 Fine\r\n\r\nhead');
      });
    }

    it('a parser that is given a handle', async () => {
      same(await run(async (net, helper) => {
        const { HTTPParser, parsers } = require('_http_common');
        const { server, client, peer } = await helper.pair(net);
        const parser = parsers.alloc();
        parser.initialize(HTTPParser.RESPONSE, {});
        const status = new Promise((resolve) => {
          parser.onIncoming = ({ statusCode }) => resolve(statusCode);
        });
        // Core 26 parses nothing without one.
        parser[HTTPParser.kOnExecute] = () => {};
        parser.consume(client._handle);
        client.resume();
        peer.write('HTTP/1.1 204 Fine\r\n\r\n');
        const code = await status;
        parser.unconsume();
        client.destroy();
        server.close();
        return code;
      }), 204);
    });
  });
});
