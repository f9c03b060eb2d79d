'use strict';

const assert = require('node:assert');
const { AsyncResource, executionAsyncId } = require('node:async_hooks');
const path = require('node:path');
const { ROOT, forEachNet, spawnScript, tmpPath } = require('./helper');

const REGISTER = path.join(ROOT, 'lib', 'register.js');

// Prints each resource with the one that triggered it, and the triggers that
// listeners see. Ticks stand for what triggered them.
const SCRIPT = `
  const hooks = require('node:async_hooks');
  const { writeSync } = require('node:fs');
  require('node:dns');
  const names = new Map([[1, 'main']]);
  const counts = {};
  const lines = [];
  hooks.createHook({
    init(id, type, trigger) {
      if (type === 'TickObject') {
        names.set(id, names.get(trigger));
        return;
      }
      counts[type] = (counts[type] ?? 0) + 1;
      names.set(id, type + counts[type]);
      lines.push(type + ' by ' + names.get(trigger));
    },
  }).enable();
  const note = (title) => () =>
    lines.push('  ' + title + ' by ' + names.get(hooks.triggerAsyncId()));
  process.on('exit', () => writeSync(1, lines.join('\\n')));

  const where = JSON.parse(process.argv[2]);
  const server = net.createServer((peer) => {
    note('connection')();
    peer.resume().on('close', note('peer close'));
    server.getConnections(note('getConnections'));
    server.close(note('server close'));
  });
  server.listen(where.path ?? 0, where.path ? undefined : '127.0.0.1', () => {
    note('listening')();
    const { port } = server.address();
    const client = net.connect({ port, ...where }, note('connect'));
    client.on('lookup', note('lookup'));
    client.on('connectionAttempt', note('attempt'));
    client.on('connect', () => setImmediate(() => {
      client.write(Buffer.alloc(30000000), note('written'));
      client.end();
    }));
    client.on('finish', note('finish'));
    client.on('close', note('close'));
  });`;

function expected(kind, isLookup) {
  const [server, client] = [`${kind}SERVERWRAP1`, `${kind}WRAP1`];
  const connect = `${kind}CONNECTWRAP1`;
  return [
    `${kind}SERVERWRAP by main`,
    `  listening by ${server}`,
    `${kind}WRAP by ${server}`,
    ...(isLookup ? [`GETADDRINFOREQWRAP by ${client}`,
      `  lookup by ${client}`] : []),
    ...(kind === 'TCP' ? [`  attempt by ${client}`] : []),
    `${kind}CONNECTWRAP by ${client}`,
    `${kind}WRAP by ${server}`,
    '  connection by main',
    `  getConnections by ${server}`,
    `  connect by ${client}`,
    `Immediate by ${connect}`,
    `WRITEWRAP by ${client}`,
    `  written by ${client}`,
    `SHUTDOWNWRAP by ${client}`,
    '  finish by SHUTDOWNWRAP1',
    `SHUTDOWNWRAP by ${kind}WRAP2`,
    `  server close by ${server}`,
    `  peer close by ${server}`,
    `  close by ${server}`,
  ];
}

forEachNet((net, name) => {
  async function graph(where) {
    // Core opens process.stderr when a socket closes: it must not be a pipe.
    const { stdout, code } = await spawnScript(name, SCRIPT, {
      args: [JSON.stringify(where)], stdio: ['ignore', 'pipe', 'ignore'] });
    assert.strictEqual(code, 0);
    return stdout.split('\n');
  }

  it('who triggers what: an address', async () => {
    assert.deepStrictEqual(await graph({ host: '127.0.0.1' }),
      expected('TCP', false));
  });

  it('who triggers what: a name', async () => {
    assert.deepStrictEqual(await graph({ host: 'localhost', family: 4 }),
      expected('TCP', true));
  });

  it('who triggers what: a path', async () => {
    assert.deepStrictEqual(await graph({ path: tmpPath() }),
      expected('PIPE', false));
  });

  it('a lookup function that throws leaves no trace', () => {
    const socket = new net.Socket();
    const lookup = () => { throw new Error('mine'); };
    assert.throws(() => socket.connect({ port: 1, host: 'x', lookup }),
      { message: 'mine' });
    assert.strictEqual(new AsyncResource('MINE').triggerAsyncId(),
      executionAsyncId());
    socket.destroy();
  });

  it('a socket that http\'s agent reuses gets a new id', async () => {
    const flags = name === 'uvnet' ? ['-r', REGISTER] : [];
    const { stdout, stderr } = await spawnScript(name, `
      const { AsyncLocalStorage, createHook } = require('node:async_hooks');
      const http = require('node:http');
      const storage = new AsyncLocalStorage();
      const destroyed = [];
      createHook({ destroy(id) { destroyed.push(id); } }).enable();
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const server = http.createServer((request, response) => response.end());
      const ids = [];
      const get = (store, done) => storage.run(store, () => {
        http.get({ port: server.address().port, agent }, (response) => {
          const { socket } = response;
          ids.push(socket._handle.getAsyncId());
          response.resume().on('end', () => setImmediate(done, socket));
          console.log(store, storage.getStore());
        });
      });
      server.listen(0, () => get('a', (first) => get('b', (second) => {
        console.log(first === second, ids[0] !== ids[1], second._handle
          .getProviderType() === require('node:async_hooks')
            .asyncWrapProviders.TCPWRAP);
        second.on('close', () => setImmediate(() =>
          console.log(ids.map((id) => destroyed.includes(id)).join())));
        agent.destroy();
        server.close();
      })));`, { flags });
    assert.deepStrictEqual([stdout, stderr],
      ['a a\nb b\ntrue true true\ntrue,true\n', '']);
  });

  it('what comes between two requests ends the connection', async () => {
    const flags = name === 'uvnet' ? ['-r', REGISTER] : [];
    const { stdout, stderr } = await spawnScript(name, `
      const http = require('node:http');
      const agent = new http.Agent({ keepAlive: true });
      const server = http.createServer((request, response) => {
        response.end();
        server.once('poison', () => request.socket.write('poison'));
      });
      server.listen(0, () => {
        const { port } = server.address();
        http.get({ port, agent }, (response) => {
          const { socket } = response;
          response.resume().on('end', () => setImmediate(() => {
            // Older versions of Node have no guard.
            const isGuarded =
              socket._handle.onread.name === 'freeSocketOnReadGuard';
            socket.on('close', () => { console.log('closed'); server.close(); });
            if (isGuarded) server.emit('poison');
            else socket.destroy();
          }));
        });
      });`, { flags });
    assert.deepStrictEqual([stdout, stderr], ['closed\n', '']);
  });
});
