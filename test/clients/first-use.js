'use strict';

// A program that replaces members of net before anything has used net: its
// first argument says how. A process without a channel, and whose output is a
// file, has not used net when it starts.

const fs = require('node:fs');
const net = require('node:net');

function say(...words) {
  fs.writeSync(1, `${words.join(' ')}\n`);
}

function describe(value) {
  const { get, writable, enumerable, configurable } = value;
  return `${get ? 'accessor' : 'value'} ${writable} ${enumerable} ${configurable}`;
}

/** What the replaced function gives, as net's own users call it. */
function probe(double) {
  say('replaced', net.connect === double, net.connect({ port: 1 }) === 'double');
}

function restored(own) {
  say('restored', typeof net.connect, net.connect.name, net.connect !== own,
    describe(Object.getOwnPropertyDescriptor(net, 'connect')));
}

const WAYS = {
  'sinon.stub': () => {
    const sinon = require('sinon');
    const double = sinon.stub(net, 'connect').returns('double');
    probe(double);
    say('called', double.callCount);
    double.restore();
    restored(double);
  },
  'sinon.replace': () => {
    const sinon = require('sinon');
    const double = sinon.replace(net, 'connect', sinon.fake.returns('double'));
    probe(double);
    sinon.restore();
    restored(double);
  },
  'sinon.spy': () => {
    const sinon = require('sinon');
    const double = sinon.spy(net, 'connect');
    const socket = net.connect({ port: 1, host: '127.0.0.1', lookup() {} });
    socket.on('error', (error) => say(error.code));
    say('spied', net.connect === double, double.callCount,
      double.firstCall?.returnValue === socket);
    sinon.restore();
    restored(double);
  },
  'sinon.mock': () => {
    const sinon = require('sinon');
    const mock = sinon.mock(net);
    mock.expects('connect').once().returns('double');
    say('mocked', net.connect(1) === 'double');
    mock.verify();
    mock.restore();
    restored();
  },
  'sinon.stub of all': () => {
    const sinon = require('sinon');
    const double = sinon.stub(net);
    say('stubbed', typeof double.connect.restore, typeof double.createServer.restore,
      typeof net.isIP.restore, net.connect() === undefined);
    sinon.restore();
    restored();
    say('isIP', net.isIP('::1'));
  },
  'sinon.createStubInstance': () => {
    const sinon = require('sinon');
    const socket = sinon.createStubInstance(net.Socket);
    socket.write.returns('written');
    say('instance', socket instanceof net.Socket, socket.write('a'), socket.write.callCount,
      typeof socket.connect.restore, typeof socket.setNoDelay.restore);
  },
  'prototype': () => {
    const sinon = require('sinon');
    const double = sinon.stub(net.Socket.prototype, 'connect').returnsThis();
    const socket = net.connect(1);
    say('prototype', double.callCount, double.firstCall.thisValue === socket);
    sinon.restore();
  },
  'node:test': () => {
    const { mock } = require('node:test');
    const { mock: calls } = mock.method(net, 'connect', () => 'double');
    probe(net.connect);
    say('called', calls.callCount());
    mock.restoreAll();
    restored();
  },
  // As jest.spyOn() and proxyquire do.
  'assignment': () => {
    const own = net.connect;
    const double = () => 'double';
    net.connect = double;
    probe(double);
    net.connect = own;
    restored(double);
  },
  'unread assignment': () => {
    const double = () => 'double';
    net.connect = double;
    probe(double);
    say('other members', net.createConnection !== double, net.isIP('::1'));
  },
  'defineProperty': () => {
    const own = Object.getOwnPropertyDescriptor(net, 'connect');
    const double = () => 'double';
    Object.defineProperty(net, 'connect', { ...own, value: double });
    probe(double);
    Object.defineProperty(net, 'connect', own);
    restored(double);
  },
  'copy': () => {
    const copy = { ...net, connect: () => 'double' };
    say('copy', copy.connect() === 'double', copy.isIP('::1'), typeof copy.Socket);
    say('real', net.connect !== copy.connect, net.Socket === copy.Socket);
  },
  'Proxy': () => {
    const proxy = new Proxy(net, {
      get: (target, key) => (key === 'connect' ? () => 'double' : target[key]),
    });
    say('proxy', proxy.connect() === 'double', proxy.Socket === net.Socket);
  },
  'ES module': async () => {
    const before = await import('node:net');
    const sinon = require('sinon');
    const double = sinon.stub(net, 'connect').returns('double');
    say('import', before.default.connect === double, before.connect === double);
    require('node:module').syncBuiltinESMExports();
    say('synchronized', before.connect === double);
    sinon.restore();
    require('node:module').syncBuiltinESMExports();
    say('restored', before.connect === net.connect, typeof net.connect);
  },
};

module.exports = { WAYS: Object.keys(WAYS) };

if (require.main === module) {
  Promise.resolve(WAYS[process.argv[2]]()).catch((error) => say(error.message));
}
