'use strict';

// Bare sockets: one connection that stays, or one for each operation.

const { once } = require('node:events');
const net = require('node:net');
const { close, listen } = require('../places');
const { connectOptions, read } = require('../readers');
const { countdown } = require('../sink');
const { callbacks, stayingWriter, writeAndEnd } = require('../writers');

// Else many small writes wait for acknowledgements, which others delay.
const noDelay = true;

async function openStaying(context) {
  const { cell, payload, sink } = context;
  const server = net.createServer({ noDelay });
  const at = await listen(server, cell, context);
  const client = net.connect({ ...at, noDelay, ...connectOptions(cell, sink) });
  const [[accepted]] = await Promise.all([once(server, 'connection'),
    once(client, 'connect')]);
  const [writer, reader] = cell.direction === 'up' ? [client, accepted] :
    [accepted, client];
  read(cell, reader, sink);
  const write = stayingWriter(cell, writer, payload);
  const count = 1 + callbacks(cell);
  return {
    operate(done) {
      const finish = count === 1 ? done : countdown(count, done);
      sink.expect(finish);
      write(finish);
    },
    async close() {
      client.destroy();
      accepted.destroy();
      await close(server);
    },
  };
}

// Each ends with all that has to be there: bytes, and both sockets closed.
async function openEach(context) {
  const { cell, payload, sink } = context;
  const isUp = cell.direction === 'up';
  const count = 3 + callbacks(cell);
  let finish;
  const use = (socket, writes) => {
    socket.on('close', finish);
    if (writes) {
      socket.resume();
      writeAndEnd(cell, socket, payload, finish);
    } else {
      read(cell, socket, sink);
    }
  };
  const server = net.createServer({ noDelay }, (socket) => use(socket, !isUp));
  const at = await listen(server, cell, context);
  return {
    operate(done) {
      finish = countdown(count, done);
      sink.expect(finish);
      use(net.connect({ ...at, noDelay, ...connectOptions(cell, sink) }), isUp);
    },
    close: () => close(server),
  };
}

module.exports = (context) => (context.cell.verb === 'end' ?
  openEach(context) : openStaying(context));
