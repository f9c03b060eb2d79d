'use strict';

const assert = require('node:assert');
const { forEachNet, spawnScript } = require('./helper');

// The states a worker is ended in; each runs go() once it is reached.
const STATES = {
  'listening': 'net.createServer().listen(0, go);',
  'listening on a path': `
    net.createServer().listen('\\0uvnet-worker-' + process.pid + '-' +
      require('node:worker_threads').threadId, go);`,
  'connecting': `
    const server = net.createServer().listen(0, () => {
      net.connect(server.address().port, '127.0.0.1');
      go();
    });`,
  'looking up': `
    net.connect({ port: 1, host: 'localhost' }).on('error', () => {});
    go();`,
  'connected': `
    const server = net.createServer().listen(0, () => {
      net.connect(server.address().port, '127.0.0.1', go);
    });`,
  'writing with a backlog': `
    const server = net.createServer((peer) => peer.pause());
    server.listen(0, () => {
      const client = net.connect(server.address().port, '127.0.0.1', () => {
        for (let i = 0; i < 20; i++) client.write(Buffer.alloc(1000000));
        setImmediate(go);
      });
    });`,
  'receiving': `
    const server = net.createServer((peer) => {
      const more = () => peer.write(Buffer.alloc(65536), more);
      peer.on('error', () => {});
      more();
    });
    server.listen(0, () => {
      net.connect(server.address().port, '127.0.0.1').once('data', go);
    });`,
  'paused': `
    const server = net.createServer((peer) => {
      peer.write(Buffer.alloc(1000000));
    });
    server.listen(0, () => {
      const client = net.connect(server.address().port, '127.0.0.1', () => {
        client.pause();
        setImmediate(go);
      });
    });`,
  'with an onread buffer': `
    const server = net.createServer((peer) => {
      peer.write(Buffer.alloc(1000000));
    });
    server.listen(0, () => {
      net.connect({ port: server.address().port, onread: {
        buffer: Buffer.alloc(1000), callback: go } });
    });`,
  'after end': `
    const server = net.createServer({ allowHalfOpen: true });
    server.listen(0, () => {
      const client = net.connect(server.address().port, '127.0.0.1');
      client.end('x', go);
    });`,
  'closing': `
    const server = net.createServer((peer) => {
      peer.destroy();
      client.destroy();
      server.close();
      go();
    });
    const client = net.connect(server.listen(0).address().port);
    client.on('error', () => {});`,
};

// How the worker ends; TERMINATE is done by the main thread.
const ENDS = {
  'terminate()': 'parentPort.postMessage(1)',
  'process.exit()': 'process.exit(0)',
  'an exception': 'setImmediate(() => { throw new Error("end"); })',
};

function script(state, end, workers = 1) {
  const source = `
    const { parentPort } = require('node:worker_threads');
    let gone = false;
    function go() {
      if (gone) return;
      gone = true;
      ${end};
    }`;
  return `
    const { Worker } = require('node:worker_threads');
    const source = 'const net = require(' + JSON.stringify(NET) + ');' +
      ${JSON.stringify(source)} + ${JSON.stringify(state)};
    let left = ${workers};
    function next() {
      if (left-- === 0) return console.log('survived');
      const worker = new Worker(source, { eval: true });
      worker.on('message', () => worker.terminate());
      worker.on('error', () => {});
      worker.on('exit', next);
    }
    next();`;
}

const SURVIVED = { code: 0, signal: null, stdout: 'survived\n', stderr: '' };

forEachNet((net, name) => {
  for (const [how, end] of Object.entries(ENDS)) {
    for (const [title, state] of Object.entries(STATES)) {
      it(`${how} while ${title}`, async () => {
        assert.deepStrictEqual(
          await spawnScript(name, script(state, end)), SURVIVED);
      });
    }
  }

  it('30 workers, one after the other', async () => {
    assert.deepStrictEqual(await spawnScript(name,
      script(STATES.connected, ENDS['terminate()'], 30)), SURVIVED);
  });

  it('servers and clients of several workers at once', async () => {
    const { code, stdout, stderr } = await spawnScript(name, `
      const { Worker } = require('node:worker_threads');
      const source = 'const net = require(' + JSON.stringify(NET) + ');' + \`
        const server = net.createServer((peer) => peer.pipe(peer));
        server.listen(0, () => {
          const client = net.connect(server.address().port);
          let bytes = 0;
          client.on('data', (chunk) => { bytes += chunk.length; });
          client.on('close', () => {
            require('node:worker_threads').parentPort.postMessage(bytes);
            server.close();
          });
          client.end(Buffer.alloc(500000));
        });\`;
      let total = 0;
      for (let i = 0; i < 4; i++) {
        new Worker(source, { eval: true })
          .on('message', (bytes) => { total += bytes; });
      }
      process.on('exit', () => console.log(total));
    `);
    assert.deepStrictEqual([code, stdout, stderr], [0, '2000000\n', '']);
  });

  it('a worker and the main thread talk', async () => {
    const { code, stdout } = await spawnScript(name, `
      const { Worker } = require('node:worker_threads');
      const server = net.createServer((peer) => {
        peer.end('from main');
        server.close();
      }).listen(0, () => {
        new Worker('const net = require(' + JSON.stringify(NET) + ');' + \`
          const { workerData, parentPort } = require('node:worker_threads');
          net.connect(workerData).on('data', (d) => {
            parentPort.postMessage(String(d));
          });\`, { eval: true, workerData: server.address().port })
          .on('message', console.log);
      });
    `);
    assert.deepStrictEqual([code, stdout], [0, 'from main\n']);
  });
});
