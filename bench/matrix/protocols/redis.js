'use strict';

// ioredis and a server that knows enough of the protocol: it takes SET, and
// answers GET by the next piece. Many pieces are a pipeline.

const net = require('node:net');
const Redis = require('ioredis');
const { close, listen } = require('../places');
const { Frames } = require('./frames');

const CR = 13;

// Commands are arrays of byte strings: *2\r\n$3\r\nGET\r\n$1\r\nk\r\n.
class Commands extends Frames {
  constructor(onCommand) {
    super();
    this.onCommand = onCommand;
  }

  // The number in a line, and where the next one begins.
  line(data, at) {
    const end = data.indexOf(CR, at);
    if (end < 0 || end + 1 >= data.length) return undefined;
    return { value: Number(data.latin1Slice(at + 1, end)), next: end + 2 };
  }

  frame(data, start) {
    const head = this.line(data, start);
    if (!head) return undefined;
    const parts = [];
    let at = head.next;
    for (let i = 0; i < head.value; i++) {
      const part = this.line(data, at);
      if (!part) return undefined;
      at = part.next + part.value + 2;
      if (at > data.length) {
        this.wanted = at - start;
        return undefined;
      }
      parts.push(data.subarray(part.next, part.next + part.value));
    }
    this.onCommand(parts);
    return at;
  }
}

function serve({ payload: { pieces, encoding }, sink }, socket) {
  let next = 0;
  const answer = {
    SET([, , value]) {
      sink.add(value);
      socket.write('+OK\r\n');
    },
    GET() {
      const piece = pieces[next++ % pieces.length];
      const length = typeof piece === 'string' ?
        Buffer.byteLength(piece, encoding) : piece.length;
      socket.cork();
      socket.write(`$${length}\r\n`);
      socket.write(piece, encoding);
      socket.write('\r\n');
      socket.uncork();
    },
  };
  const commands = new Commands((parts) => {
    const name = parts[0].toString('latin1').toUpperCase();
    if (answer[name]) answer[name](parts);
    else socket.write('+OK\r\n');
  });
  socket.on('data', (chunk) => commands.push(chunk));
  socket.on('error', () => {});
}

module.exports = async function open(context) {
  const { cell, payload: { pieces }, sink } = context;
  const server = net.createServer({ noDelay: true },
    (socket) => serve(context, socket));
  const at = await listen(server, cell, context);
  const client = new Redis({ ...at, enableReadyCheck: false,
    disableClientInfo: true, lazyConnect: true });
  await client.connect();
  const isUp = cell.direction === 'up';
  const ask = isUp ? (piece) => client.set('key', piece) :
    async () => sink.add(await client.getBuffer('key'));
  return {
    operate(done) {
      // Upwards the answers have to be there too.
      sink.expect(() => {});
      Promise.all(pieces.map(ask)).then(() => done());
    },
    async close() {
      client.disconnect();
      await close(server);
    },
  };
};
