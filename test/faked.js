'use strict';

// A program that fakes or deletes what net may not depend on, and then uses net:
// node faked.js NET FAKE PORT. Prints what happened, as JSON. At PORT of 127.0.0.2
// nobody answers.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const timers = require('node:timers');

const net = require(process.argv[2]);
const fake = process.argv[3];
const deafPort = Number(process.argv[4]);
const node = process;
const real = { Buffer, Error, Promise, setTimeout };
// What comes at all comes at once where no tick does.
const WAIT = fake === 'ticks that never come' ? 500 : 5000;

function fail() {
  throw new real.Error('faked');
}

function remove(...names) {
  for (const name of names) delete globalThis[name];
}

const TIMERS = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate',
  'setInterval', 'clearInterval'];

const fakes = {
  'nothing': () => {},
  'timers deleted': () => remove(...TIMERS),
  'timers that throw': () => {
    for (const name of TIMERS) {
      timers[name] = fail;
      globalThis[name] = fail;
    }
  },
  'timers of node:test': () => {
    require('node:test').mock.timers.enable(
      { apis: ['setTimeout', 'setImmediate', 'setInterval'] });
  },
  'clocks that throw': () => {
    performance.now = fail;
    node.hrtime = fail;
    Date.now = fail;
  },
  'performance deleted': () => remove('performance'),
  'Buffer deleted': () => remove('Buffer', 'Uint8Array'),
  'process deleted': () => remove('process'),
  'Promise and errors deleted': () => remove('Promise', 'queueMicrotask',
    'Error', 'TypeError', 'RangeError', 'AggregateError'),
  'what the web has deleted': () => remove('AbortController', 'AbortSignal',
    'Event', 'EventTarget', 'URL', 'TextDecoder', 'TextEncoder', 'console',
    'structuredClone', 'WeakRef', 'FinalizationRegistry'),
  'another platform': () => {
    Object.defineProperty(node, 'platform', { value: 'win32' });
  },
  // Core waits for these.
  'ticks that never come': () => { node.nextTick = () => {}; },
};

function sleep(ms) {
  return new real.Promise((resolve) => { real.setTimeout(resolve, ms); });
}

function watch(emitter, log, ...more) {
  for (const name of ['listening', 'connect', 'timeout', 'end', 'error',
    'close', ...more]) {
    emitter.on(name, (error) => {
      const isError = error instanceof real.Error;
      log.push(isError ? `${name} ${error.constructor.name} ${error.code}` :
        name);
    });
  }
  return emitter;
}

// A server that sends back what it gets. Calls use(server) when it listens.
function serve(log, where, use) {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => socket.write(chunk));
    socket.on('end', () => socket.end());
  });
  server.listen(where, () => use(server));
  return server;
}

const LOCAL = { port: 0, host: '127.0.0.1' };

function talk(log, done, where) {
  const server = serve(log, where, () => {
    const socket = watch(net.connect(where.path ? where :
      { port: server.address().port, host: '127.0.0.1' }), log);
    socket.setEncoding('latin1');
    let got = '';
    socket.on('data', (chunk) => { got += chunk; });
    socket.write('a');
    socket.write(real.Buffer.from('b'), () => log.push('written'));
    socket.end('63', 'hex');
    socket.on('close', () => {
      log.push(got);
      server.getConnections((error, count) => log.push(count));
      server.close(done);
    });
  });
}

// A socket with an idle timeout that begins when it is connected.
function idle(log, done, delay, onConnect) {
  const server = serve(log, LOCAL, () => {
    const socket = watch(net.connect(server.address().port, '127.0.0.1'), log);
    socket.on('connect', () => {
      socket.setTimeout(delay);
      onConnect(socket);
    });
    // Time for what must not come.
    socket.on('close', () => real.setTimeout(() => server.close(done), 60));
  });
}

function select(log, addresses, port, timeout) {
  const socket = watch(new net.Socket(), log, 'connectionAttempt',
    'connectionAttemptTimeout', 'connectionAttemptFailed');
  socket.connect({ port, host: 'name.invalid', autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: timeout, lookup(host, options, callback) {
      log.push(JSON.stringify(options));
      callback(null, addresses.map((address) => ({ address, family: 4 })));
    } });
  return socket;
}

const scenes = {
  tcp: (log, done) => talk(log, done, LOCAL),
  unix(log, done) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-'));
    node.on('exit', () => fs.rmSync(folder, { recursive: true }));
    talk(log, done, { path: path.join(folder, 's') });
  },
  idle: (log, done) => idle(log, done, 20, (socket) =>
    socket.on('timeout', () => socket.destroy())),
  destroyed: (log, done) => idle(log, done, 1, (socket) => socket.destroy()),
  family(log, done) {
    select(log, ['127.0.0.2', '127.0.0.1'], deafPort, 50).on('close', done);
  },
  // Two that answer at once: the timer is stopped.
  refused: (log, done) =>
    select(log, ['127.0.0.1', '127.0.0.3'], 1, 9999).on('close', done),
  inUse(log, done) {
    const first = serve(log, LOCAL, () => {
      const second = watch(net.createServer(), log);
      second.listen(first.address().port, '127.0.0.1');
      second.on('error', () => first.close(done));
    });
  },
  unused(log, done) {
    watch(new net.Socket(), log).on('close', done).destroy();
  },
  // A pause between two reads of one turn of the loop.
  onread(log, done) {
    const buffer = real.Buffer.alloc(4);
    const server = serve(log, LOCAL, () => {
      const socket = net.connect({ port: server.address().port,
        host: '127.0.0.1', onread: { buffer, callback(count) {
          log.push(buffer.toString('latin1', 0, count));
          socket.pause();
          real.setTimeout(() => socket.resume(), 2);
        } } });
      socket.end('abcdefghijkl');
      socket.on('close', () => server.close(done));
    });
  },
  // Six small writes in one turn of the loop.
  batch(log, done) {
    const sockets = [];
    const server = serve(log, LOCAL, () => {
      while (sockets.length < 6) {
        sockets.push(net.connect(server.address().port, '127.0.0.1'));
      }
      for (const [index, socket] of sockets.entries()) {
        socket.on('data', () => {
          socket.destroy();
          sockets[index] = null;
          if (sockets.every((other) => other === null)) server.close(done);
        });
      }
      real.setTimeout(() => sockets.forEach((socket) => socket.write('x')), 30);
    });
  },
  dispose(log, done) {
    const server = serve(log, LOCAL, async () => {
      if (Symbol.asyncDispose) await server[Symbol.asyncDispose]();
      else server.close();
      done();
    });
  },
  arguments(log, done) {
    for (const call of [() => net.connect({ port: 1e6 }), () => net.connect({}),
      () => net.createServer(1), () => net.createServer().listen({})]) {
      try {
        call();
      } catch (error) {
        log.push(error instanceof real.Error, error.constructor.name,
          error.code);
      }
    }
    done();
  },
};

// Plays a scene to its end, or until it is clear that there is none.
function play(name, log) {
  const end = new real.Promise((resolve) => {
    scenes[name](log, () => {
      log.push('done');
      resolve();
    });
  });
  return real.Promise.race([end, sleep(WAIT)]);
}

// All at once, for each takes its time.
async function main() {
  const logs = { thrown: [] };
  node.on('uncaughtException', (error) => logs.thrown.push(error.message));
  fakes[fake]();
  await real.Promise.all(Object.keys(scenes).map((name) => {
    logs[name] = [];
    return play(name, logs[name]);
  }));
  fs.writeSync(1, JSON.stringify(logs));
  node.exit();
}

main();
