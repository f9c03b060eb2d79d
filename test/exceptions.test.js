'use strict';

const assert = require('node:assert');
const { forEachNet, spawnScript } = require('./helper');

// A server that answers each connection with "hello" and ends.
const PRELUDE = `
  const log = (...words) => console.log(...words);
  process.on('uncaughtException', (error, origin) => {
    log('caught', error.message, origin);
  });
  const boom = (text) => { log('throwing', text); throw new Error(text); };
`;

const SERVE = `
  const server = net.createServer((peer) => {
    peer.on('error', () => {});
    peer.resume();
    peer.end('hello');
  });
  server.listen(0, '127.0.0.1', () => {
    const port = server.address().port;
    run(port);
  });
  server.on('close', () => log('server close'));
  setTimeout(() => { log('left over'); process.exit(); }, 400).unref();
`;

// What each script prints, on core as on uvnet, is in EXPECTED.
const SCRIPTS = {
  'listening': `
    const server = net.createServer().listen(0, () => boom('listening'));
    server.on('listening', () => log('second listener'));
    setImmediate(() => { log(server.listening); server.close(); });`,
  'connection': `${SERVE}
    server.prependListener('connection', (peer) => {
      if (!server.seen) { server.seen = 1; peer.end(); boom('connection'); }
    });
    function run(port) {
      net.connect(port).on('close', () => {
        log('first closed');
        net.connect(port).on('data', (d) => log(String(d)))
          .on('close', () => server.close());
      }).resume();
    }`,
  'connect': `${SERVE}
    function run(port) {
      const client = net.connect(port, () => boom('connect'));
      for (const e of ['ready', 'data', 'end', 'close']) {
        client.on(e, () => log(e));
      }
      client.on('end', () => { server.close(); });
    }`,
  'data': `
    const server = net.createServer((peer) => {
      peer.write('one');
      setTimeout(() => peer.end('two'), 30);
    }).listen(0, () => {
      const client = net.connect(server.address().port);
      client.on('data', (d) => boom('data ' + d));
      client.on('end', () => log('end'));
      client.on('close', () => { log('close'); server.close(); });
    });`,
  'end': `${SERVE}
    function run(port) {
      const client = net.connect(port).resume();
      client.on('end', () => boom('end'));
      client.on('close', () => log('close'));
      client.on('connect', () => server.close());
    }`,
  'close': `${SERVE}
    function run(port) {
      const client = net.connect(port).resume();
      client.on('close', () => boom('close'));
      client.on('close', () => log('second'));
      client.on('connect', () => server.close());
    }`,
  'error': `
    const client = net.connect({ port: 1, host: '127.0.0.1' });
    client.on('error', (error) => boom('on ' + error.code));
    client.on('close', () => log('close'));`,
  'an error nobody listens to': `
    const client = net.connect({ port: 1, host: '127.0.0.1' });
    client.on('close', () => log('close'));`,
  'write callback': `${SERVE}
    function run(port) {
      const client = net.connect(port).resume();
      client.write('a', () => boom('write'));
      client.write('b', () => log('second write'));
      client.on('close', () => { log('close'); });
      client.on('end', () => server.close());
    }`,
  'end callback': `${SERVE}
    function run(port) {
      const client = net.connect(port).resume();
      client.end(() => boom('end callback'));
      client.on('finish', () => log('finish'));
      client.on('close', () => log('close'));
      client.on('connect', () => server.close());
    }`,
  'timeout': `${SERVE}
    function run(port) {
      const client = net.connect(port);
      client.pause();
      client.setTimeout(20, () => boom('timeout'));
      client.on('timeout', () => { log('second'); });
      client.on('close', () => log('close'));
      setTimeout(() => { client.destroy(); server.close(); }, 100);
    }`,
  'lookup': `
    const client = net.connect({ port: 1, host: 'x.invalid',
      lookup(host, options, callback) {
        setImmediate(() => callback(null, [
          { address: '127.0.0.1', family: 4 }]));
      } });
    client.on('lookup', () => boom('lookup'));
    client.on('error', () => log('error'));
    client.on('close', () => log('close'));
    setTimeout(() => process.exit(), 50);`,
  'getConnections': `
    const server = net.createServer();
    server.getConnections(() => boom('getConnections'));
    server.getConnections(() => log('second'));`,
  'close callback of a server': `
    const server = net.createServer().listen(0, () => {
      server.close(() => boom('closed'));
      server.on('close', () => log('second'));
    });`,
  'onread callback': `
    const server = net.createServer((peer) => {
      peer.write('one');
      setTimeout(() => peer.end('two'), 30);
    }).listen(0, () => {
      const client = net.connect({ port: server.address().port, onread: {
        buffer: Buffer.alloc(10),
        callback(n, b) { boom('onread ' + b.toString('utf8', 0, n)); },
      } });
      client.on('end', () => log('end'));
      client.on('close', () => { log('close'); server.close(); });
    });`,
  'onread, between buffers that fill up': `
    const server = net.createServer((peer) => {
      peer.end(Buffer.alloc(40960));
      server.close();
    }).listen(0, () => {
      let calls = 0;
      let bytes = 0;
      const client = net.connect({ port: server.address().port, onread: {
        buffer: Buffer.alloc(4096),
        callback(count) {
          bytes += count;
          if (++calls === 4) process.nextTick(() => boom('in a tick'));
          if (calls !== 6) return;
          process.nextTick(() => log('after'));
          boom('in the callback');
        },
      } });
      client.pause();
      setTimeout(() => client.resume(), 50);
      client.on('end', () => log('end', bytes));
      client.on('close', () => log('close'));
    });`,
  'several sockets in one turn': `
    let open = 3;
    const server = net.createServer((peer) => {
      peer.on('data', (d) => {
        log('got', String(d)[0]);
        peer.destroy();
        if (--open === 0) server.close();
        if (open === 2) boom('first');
      });
    }).listen(0, () => {
      for (let i = 0; i < 3; i++) {
        const client = net.connect(server.address().port);
        client.on('error', () => {});
        client.write('x');
        client.resume();
      }
    });`,
};

const EXPECTED = {
  listening: [
    'throwing listening',
    'caught listening uncaughtException',
    'true'
  ],
  connection: [
    'throwing connection',
    'caught connection uncaughtException',
    'first closed',
    'hello',
    'server close'
  ],
  connect: [
    'throwing connect',
    'caught connect uncaughtException',
    'left over'
  ],
  'onread, between buffers that fill up': [
    'throwing in a tick',
    'caught in a tick uncaughtException',
    'throwing in the callback',
    'caught in the callback uncaughtException',
    'after',
    'end 40960',
    'close'
  ],
  data: [
    'throwing data one',
    'caught data one uncaughtException',
    'throwing data two',
    'caught data two uncaughtException',
    'end',
    'close'
  ],
  end: [ 'throwing end', 'caught end uncaughtException', 'left over' ],
  close: [
    'throwing close',
    'caught close uncaughtException',
    'server close'
  ],
  error: [
    'throwing on ECONNREFUSED',
    'caught on ECONNREFUSED uncaughtException',
    'close'
  ],
  'an error nobody listens to': [
    'caught connect ECONNREFUSED 127.0.0.1:1 uncaughtException',
    'close'
  ],
  'write callback': [
    'throwing write',
    'caught write uncaughtException',
    'second write',
    'left over'
  ],
  'end callback': [
    'throwing end callback',
    'caught end callback uncaughtException',
    'server close',
    'close'
  ],
  timeout: [
    'throwing timeout',
    'caught timeout uncaughtException',
    'server close',
    'close'
  ],
  lookup: [ 'throwing lookup', 'caught lookup uncaughtException' ],
  getConnections: [
    'throwing getConnections',
    'caught getConnections uncaughtException',
    'second'
  ],
  'close callback of a server': [ 'throwing closed', 'caught closed uncaughtException' ],
  'onread callback': [
    'throwing onread one',
    'caught onread one uncaughtException',
    'throwing onread two',
    'caught onread two uncaughtException',
    'end',
    'close'
  ],
  'several sockets in one turn': [
    'got x',
    'throwing first',
    'caught first uncaughtException',
    'got x',
    'got x'
  ]
};

forEachNet((net, name) => {
  for (const [title, source] of Object.entries(SCRIPTS)) {
    it(`thrown in ${title}`, async () => {
      const { code, signal, stdout } =
        await spawnScript(name, PRELUDE + source);
      const printed = stdout.trim().split('\n');
      assert.deepStrictEqual([code, signal, printed],
        [0, null, EXPECTED[title]]);
    });
  }

  const events = ['listening', 'connection', 'connect', 'data', 'end',
    'close'];
  for (const event of events) {
    it(`thrown in ${event} without a handler ends the process`, async () => {
      const { code, signal, stdout, stderr } = await spawnScript(name, `
        const boom = (name) => {
          if (name === '${event}') throw new Error('boom ' + name);
        };
        const server = net.createServer((peer) => {
          boom('connection');
          peer.end('x');
        });
        server.listen(0, () => {
          boom('listening');
          const client = net.connect(server.address().port);
          for (const name of ['connect', 'data', 'end', 'close']) {
            client.on(name, () => boom(name));
          }
          client.on('close', () => server.close());
        });
        process.on('exit', (code) => console.log('exit', code));
      `);
      assert.deepStrictEqual([code, signal, stdout], [1, null, 'exit 1\n']);
      assert.match(stderr, new RegExp(`Error: boom ${event}\n`));
    });
  }
});
