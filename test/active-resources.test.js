'use strict';

const assert = require('node:assert');
const path = require('node:path');
const { ROOT, forEachNet, spawnScript, tmpPath } = require('./helper');

const REGISTER = path.join(ROOT, 'lib', 'register.js');

// What process tells of net's handles and requests, sorted. process.stdout
// would add its own.
const SHOW = `
  const { writeSync } = require('node:fs');
  const types = () => process.getActiveResourcesInfo().sort().join();
  const owners = () => process._getActiveHandles()
    .map((object) => object.constructor.name).sort().join();
  const show = (title) => writeSync(1, [title, types(), owners(),
    process._getActiveRequests().length].join(' ') + '\\n');`;

const TCP_SCRIPT = `${SHOW}
  show('nothing');
  const server = net.createServer((peer) => {
    peer.pause();
    server.emit('peer', peer);
  });
  server.listen(0, '127.0.0.1', () => {
    show('listening');
    server.unref();
    show('unref');
    server.ref();
    const client = net.connect(server.address().port, '127.0.0.1');
    client.on('connectionAttempt', () =>
      process.nextTick(() => show('connecting')));
    server.on('peer', (peer) => setImmediate(() => {
      show('connected');
      client.unref();
      show('unref');
      client.ref();
      client.write(Buffer.alloc(30000000));
      show('writing');
      client.destroy();
      show('destroyed');
      setImmediate(() => {
        show('closed');
        peer.resume().on('error', () => {}).on('close', () =>
          setImmediate(() => show('peer closed')));
        server.close();
      });
    }));
  });`;

const TCP = ['nothing   0', 'listening TCPServerWrap Server 0', 'unref   0',
  'connecting ConnectWrap,TCPServerWrap,TCPSocketWrap Server,Socket 1',
  'connected TCPServerWrap,TCPSocketWrap,TCPSocketWrap Server,Socket,Socket 0',
  'unref TCPServerWrap,TCPSocketWrap Server,Socket 0',
  'writing SimpleWriteWrap,TCPServerWrap,TCPSocketWrap,TCPSocketWrap ' +
    'Server,Socket,Socket 1',
  'destroyed SimpleWriteWrap,TCPServerWrap,TCPSocketWrap,TCPSocketWrap ' +
    'Server,Socket,Socket 1',
  'closed TCPServerWrap,TCPSocketWrap Server,Socket 0', 'peer closed   0', ''];

const PIPE_SCRIPT = `${SHOW}
  const file = process.argv[2];
  const server = net.createServer((peer) => peer.resume());
  server.listen(file, () => {
    show('listening');
    const client = net.connect(file);
    show('connecting');
    client.on('connect', () => setImmediate(() => {
      client.end();
      show('ending');
      server.close();
      client.on('close', () => setImmediate(() => show('closed')));
    }));
  });`;

const PIPE = ['listening PipeWrap Server 0',
  'connecting ConnectWrap,PipeWrap,PipeWrap Server,Socket 1',
  'ending PipeWrap,PipeWrap,PipeWrap,SimpleShutdownWrap Server,Socket,Socket 1',
  'closed   0', ''];

forEachNet((net, name) => {
  const flags = name === 'uvnet' ? ['-r', REGISTER] : [];

  async function prints(lines, source, args = []) {
    // Core opens process.stderr when a socket closes: it must not be a pipe.
    const stdio = ['ignore', 'pipe', 'ignore'];
    const end = await spawnScript(name, source, { flags, args, stdio });
    assert.deepStrictEqual([end.stdout.split('\n'), end.code], [lines, 0]);
  }

  it('process tells what TCP handles and requests are active',
    () => prints(TCP, TCP_SCRIPT));

  it('the same for pipes', () => prints(PIPE, PIPE_SCRIPT,
    [tmpPath()]));

  it('names the objects themselves, and leaves others in', () => prints(
    ['true true true', 'Timeout,Timeout', ''], `
    const server = net.createServer((peer) => {
      const objects = process._getActiveHandles();
      console.log(...[server, peer, client]
        .map((object) => objects.includes(object)));
      const timers = [setTimeout(() => {}, 1e6), setTimeout(() => {}, 1e6)];
      console.log(process.getActiveResourcesInfo().slice(-2).join());
      timers.forEach(clearTimeout);
      client.destroy();
      peer.destroy();
      server.close();
    });
    let client;
    server.listen(0, () => {
      client = net.connect(server.address().port);
    });`));
});
