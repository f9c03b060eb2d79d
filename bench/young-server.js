'use strict';

// The young process that is measured: node bench/young-server.js REPLY SIZE.
// An ordinary http server that answers with a string or a buffer of SIZE bytes;
// where a request has a body it is read first. It prints its port by fs, for
// the streams of process are sockets on pipes.

const fs = require('node:fs');
const http = require('node:http');

const [reply, size] = process.argv.slice(2);
const bytes = Buffer.alloc(Number(size), 'x');
const body = reply === 'string' ? bytes.toString('latin1') : bytes;

function answer(request, response) {
  if (request.method === 'GET') {
    response.end(body);
    return;
  }
  let received = 0;
  request.on('data', (chunk) => { received += chunk.length; });
  request.on('end', () => {
    if (received === 0) response.statusCode = 400;
    response.end(body);
  });
}

const server = http.createServer(answer);
server.listen(0, '127.0.0.1', () => {
  fs.writeSync(1, `${server.address().port}\n`);
});
