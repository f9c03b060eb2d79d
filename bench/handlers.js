'use strict';

// What the measured process does in each scenario: `server` handlers take an
// accepted socket, `client` handlers are told where to connect to. The load
// generator's messages, replies and counts fit these (scenarios.js).

const BATCH = 1 << 20;
const PIECE = 1 << 16;
const MESSAGE = 64;
const PART = Buffer.alloc(16, 'x');

function echo(socket) {
  socket.on('data', (chunk) => socket.write(chunk));
}

// A byte for each MB received.
function sink(socket) {
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
    for (; received >= BATCH; received -= BATCH) socket.write('x');
  });
}

// Four small writes for each message.
function small4(socket) {
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
    for (; received >= MESSAGE; received -= MESSAGE) {
      for (let i = 0; i < MESSAGE / PART.length; i++) socket.write(PART);
    }
  });
}

// A MB for each byte received, in pieces of 64 KB, with backpressure.
function source(socket, piece) {
  let due = 0;
  let waits = false;
  const send = () => {
    while (due > 0 && !waits) {
      due--;
      waits = !socket.write(piece, 'latin1');
    }
  };
  socket.on('drain', () => {
    waits = false;
    send();
  });
  socket.on('data', (chunk) => {
    due += chunk.length * (BATCH / PIECE);
    send();
  });
}

const pieceOfBytes = Buffer.alloc(PIECE, 'x');
const pieceOfText = 'x'.repeat(PIECE);

function relay(socket, { net, peer }) {
  const far = net.connect(peer);
  far.on('error', () => {});
  socket.pipe(far);
  far.pipe(socket);
}

const server = {
  echo,
  sink,
  small4,
  relay,
  'source': (socket) => source(socket, pieceOfBytes),
  'source-text': (socket) => source(socket, pieceOfText),
  'connect': (socket) => socket.on('data', (chunk) => socket.end(chunk)),
  'pipe': (socket) => socket.pipe(socket),
  'idle': () => {},
};

function connectAll({ net, peer, connections }, use) {
  for (let i = 0; i < connections; i++) use(net, peer);
}

function echoAsClient(net, peer) {
  const socket = net.connect(peer);
  socket.on('error', (err) => { throw err; });
  echo(socket);
}

// The memory is read into again as soon as the callback returns.
function echoWithOnread(net, peer) {
  const callback = (size, buffer) => {
    socket.write(Buffer.from(buffer.subarray(0, size)));
    return true;
  };
  const onread = { buffer: Buffer.alloc(PIECE), callback };
  const socket = net.connect({ ...peer, onread });
  socket.on('error', (err) => { throw err; });
}

// Connects, sends a byte, and is done when the answer and the end are there.
function connectInWindows({ net, peer, inWindows }) {
  inWindows((done) => {
    const socket = net.connect(peer, () => socket.write('x'));
    socket.resume();
    socket.on('error', (err) => { throw err; });
    socket.on('close', done);
  });
}

const client = {
  'client-echo': (context) => connectAll(context, echoAsClient),
  'client-onread': (context) => connectAll(context, echoWithOnread),
  'client-connect': connectInWindows,
};

module.exports = { client, server };
