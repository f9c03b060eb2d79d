'use strict';

// pg and a server that knows enough of the protocol. Upwards a piece is the
// parameter of a query, and many are one query after the other; downwards it is
// a row, and many are rows of one query.

const net = require('node:net');
const path = require('node:path');
const { Client } = require('pg');
const { asBytes } = require('../payload');
const { close, listen } = require('../places');
const { Frames } = require('./frames');

// Types of columns, of the catalogue of PostgreSQL.
const TEXT = 25;

let clients = 0;

function int16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

// A message is its letter, and its length with these four bytes.
function message(letter, ...parts) {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(letter), int32(body.length + 4), body]);
}

const welcome = Buffer.concat([message('R', int32(0)), message('Z', Buffer.from('I'))]);
const description = message('T', int16(1), Buffer.from('x\0'), int32(0),
  int16(0), int32(TEXT), int16(-1), int32(-1), int16(0));
const finished = Buffer.concat([message('C', Buffer.from('SELECT 1\0')),
  message('Z', Buffer.from('I'))]);
const parsed = message('1');
const bound = message('2');

// The first message has no letter.
class Messages extends Frames {
  constructor(onMessage) {
    super();
    this.onMessage = onMessage;
    this.head = 0;
  }

  frame(data, start) {
    const body = start + this.head + 4;
    if (data.length < body) return undefined;
    const end = start + this.head + data.readInt32BE(start + this.head);
    if (data.length < end) {
      this.wanted = end - start;
      return undefined;
    }
    const letter = this.head ? String.fromCharCode(data[start]) : '';
    this.head = 1;
    this.onMessage(letter, data.subarray(body, end));
    return end;
  }
}

// The parameter in a Bind message: two names, formats, and values with lengths.
function parameter(body) {
  let at = body.indexOf(0, body.indexOf(0) + 1) + 1;
  at += 2 + 2 * body.readInt16BE(at) + 2;
  return body.subarray(at + 4, at + 4 + body.readInt32BE(at));
}

function serve({ payload: { pieces, encoding }, sink }, socket) {
  const rows = pieces.map((piece) => asBytes(piece, encoding))
    .map((bytes) => message('D', int16(1), int32(bytes.length), bytes));
  const answer = {
    '': () => socket.write(welcome),
    // One query downwards: rows are written as they come.
    'Q': function() {
      socket.cork();
      socket.write(description);
      for (const row of rows) socket.write(row);
      socket.write(finished);
      socket.uncork();
    },
    'P': () => socket.write(parsed),
    'B': function(body) {
      sink.add(parameter(body));
      socket.write(bound);
    },
    'D': () => socket.write(description),
    'S': () => socket.write(finished),
    'X': () => socket.end(),
  };
  const messages = new Messages((letter, body) => answer[letter]?.(body));
  socket.on('data', (chunk) => messages.push(chunk));
  socket.on('error', () => {});
}

function operator({ cell, payload: { pieces }, sink }, client) {
  if (cell.direction === 'up') {
    return async () => {
      for (const piece of pieces) {
        await client.query({ text: 'SELECT $1 AS x', values: [piece] });
      }
    };
  }
  // Text is what the column has, so bytes are handed on as such.
  return async () => {
    const { rows } = await client.query('SELECT x');
    for (const { x } of rows) sink.add(x);
  };
}

module.exports = async function open(context) {
  const { cell, sink } = context;
  const server = net.createServer({ noDelay: true },
    (socket) => serve(context, socket));
  const port = process.pid * 1000 + ++clients;
  const at = await listen(server, cell, context, `.s.PGSQL.${port}`);
  const client = new Client({ user: 'bench', database: 'bench',
    // A Unix socket is told by its folder and the last part of its name.
    ...(at.path ? { host: path.dirname(at.path), port } : at) });
  await client.connect();
  const operate = operator(context, client);
  return {
    operate(done) {
      sink.expect(() => {});
      operate().then(() => done());
    },
    async close() {
      await client.end();
      await close(server);
    },
  };
};
