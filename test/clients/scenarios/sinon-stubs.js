'use strict';

// sinon's stubs and spies of net, of its servers and of its sockets' methods.

const net = require('node:net');
const sinon = require('sinon');
const { scenario } = require('../scenario');

/** A program that looks members up when it uses them, as most do. */
function dial(port) {
  return net.connect({ port, host: '127.0.0.1' });
}

function startEcho() {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => socket.pipe(socket));
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

async function converse(socket, words) {
  socket.setEncoding('latin1');
  let heard = '';
  socket.on('data', (text) => { heard += text; });
  const closed = new Promise((resolve) => {
    socket.once('close', resolve);
    socket.once('error', (error) => { heard += error.code; });
  });
  socket.end(words);
  await closed;
  return heard;
}

function stubFunctions({ log }) {
  const { PassThrough } = require('node:stream');
  const double = new PassThrough();
  const connect = sinon.stub(net, 'connect').returns(double);
  const create = sinon.stub(net, 'createConnection').callsFake(() => double);
  const createServer = sinon.stub(net, 'createServer').throws(new Error('no server'));
  log('functions', dial(1) === double, net.createConnection(2) === double);
  log('functions', connect.callCount, connect.firstCall.args[0].port, create.callCount);
  try {
    net.createServer();
  } catch (error) {
    log('functions', error.message);
  }
  log('functions', createServer.threw(), net.connect === connect);
  sinon.restore();
  log('functions', 'restored', net.connect.restore === undefined);
}

function stubIsIP({ log }) {
  sinon.stub(net, 'isIP').withArgs('mocked').returns(4);
  log('isIP', net.isIP('mocked'), net.isIP('::1') ?? 'undefined');
  net.isIP.restore();
  log('isIP', net.isIP('::1'));
}

/** The socket is real and only some methods of it are not. */
async function stubMethods({ log }) {
  const { prototype } = net.Socket;
  const connect = sinon.stub(prototype, 'connect').callsFake(function() {
    process.nextTick(() => this.emit('connect'));
    return this;
  });
  const write = sinon.stub(prototype, 'write').returns(true);
  const socket = dial(7);
  await new Promise((resolve) => { socket.on('connect', resolve); });
  log('methods', socket.write('nothing'), connect.calledOnce, write.args[0][0]);
  const [normalized] = connect.firstCall.args;
  log('methods', Array.isArray(normalized), normalized[0]?.port, connect.firstCall.args.length);
  socket.destroy();
  sinon.restore();
}

/** Spies see what passes, and it passes. */
async function spy({ log }) {
  const { prototype } = net.Socket;
  const spies = ['connect', 'write', 'end', 'destroy', 'setNoDelay', 'setTimeout', 'ref'];
  for (const name of spies) sinon.spy(prototype, name);
  const connect = sinon.spy(net, 'connect');
  const server = await startEcho();
  const socket = dial(server.address().port);
  socket.setNoDelay(true).setTimeout(10000);
  log('spies', await converse(socket, 'through'));
  await new Promise((resolve) => { server.close(resolve); });
  log('spies', connect.callCount, connect.firstCall.returnValue === socket);
  for (const name of spies) log('spies', name, prototype[name].callCount);
  sinon.restore();
}

/** Errors that a stub brings where the real thing would not. */
async function troubles({ log }) {
  const server = await startEcho();
  const failure = Object.assign(new Error('no'), { code: 'EMOCKED' });
  const write = sinon.stub(net.Socket.prototype, '_write').callsFake(
    (chunk, encoding, done) => done(failure));
  const writev = sinon.stub(net.Socket.prototype, '_writev').callsFake(
    (chunks, done) => done(failure));
  log('troubles', await converse(dial(server.address().port), 'fails'));
  log('troubles', write.callCount + writev.callCount > 0);
  sinon.restore();
  const lookup = sinon.stub(require('node:dns'), 'lookup').yieldsAsync(failure);
  log('troubles', await converse(net.connect(1, 'host.test'), 'x'), lookup.callCount);
  sinon.restore();
  log('troubles', await converse(dial(server.address().port), 'works'));
  await new Promise((resolve) => { server.close(resolve); });
}

/** Servers whose methods are stubbed, one object or all of them. */
async function servers({ log }) {
  const server = new net.Server();
  sinon.stub(server, 'address').returns({ port: 4711 });
  sinon.stub(server, 'listen').yieldsAsync();
  await new Promise((resolve) => { server.listen(0, resolve); });
  log('servers', server.address().port);
  const listen = sinon.stub(net.Server.prototype, 'listen').returnsThis();
  const other = net.createServer();
  log('servers', other.listen(1) === other, listen.callCount);
  const { createServer } = require('node:http');
  createServer().listen(2);
  log('servers', 'http', listen.callCount);
  sinon.restore();
}

scenario(async (tools) => {
  stubFunctions(tools);
  stubIsIP(tools);
  await stubMethods(tools);
  await spy(tools);
  await troubles(tools);
  await servers(tools);
});
