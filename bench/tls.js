'use strict';

// TLS in the measured process, both ends of it; net is core's or replaced by
// the time this is loaded.

const net = require('node:net');
const tls = require('node:tls');
const { certificate: cert, privateKey: key } = require('./certificate');

const host = '127.0.0.1';
const MB = Buffer.alloc(1 << 20, 'x');
const PIECE = 1 << 16;

const settings = {
  host,
  rejectUnauthorized: false,
  secureContext: tls.createSecureContext(),
};

function listen(onConnection) {
  const server = tls.createServer({ key, cert }, onConnection);
  return new Promise((resolve) => {
    server.listen(0, host, () => resolve(server.address().port));
  });
}

// An operation is a connection with its handshake and its end.
async function handshake({ inWindows }, connect) {
  const port = await listen((peer) => peer.end());
  inWindows((done) => connect(port, (client) => {
    client.resume();
    client.on('close', done);
  }));
}

function connectItself(port, use) {
  use(tls.connect({ ...settings, port }));
}

// What libraries do that talk in plain text before.
function connectOver(port, use) {
  const socket = net.connect(port, host, () => {
    use(tls.connect({ ...settings, socket }));
  });
}

// An operation is a MB that the client sends and the server answers by a byte.
async function bulk({ inWindows }) {
  const port = await listen((peer) => {
    let received = 0;
    peer.on('data', (chunk) => {
      received += chunk.length;
      for (; received >= MB.length; received -= MB.length) peer.write('x');
    });
  });
  connectItself(port, (client) => {
    let onAnswer;
    client.on('data', () => onAnswer());
    inWindows((done) => {
      onAnswer = done;
      for (let at = 0; at < MB.length; at += PIECE) {
        client.write(MB.subarray(at, at + PIECE));
      }
    });
  });
}

module.exports = {
  'tls-connect': (context) => handshake(context, connectItself),
  'tls-over': (context) => handshake(context, connectOver),
  'tls-bulk': bulk,
};
