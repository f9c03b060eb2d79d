'use strict';

// What happens to a kept-alive connection while http's agent has no use for it
// depends on the version of Node: core says what is right.

const assert = require('node:assert');
const path = require('node:path');
const { ROOT, finished, forEachNet, scriptFile, spawnNode } = require('./helper');

const REGISTER = path.join(ROOT, 'lib', 'register.js');
const ANSWER = 'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok';

const MEANWHILE = {
  nothing: 'setImmediate(next);',
  bytes: `socket.once('data', next); socket.once('close', next);
    peers[0].write('${ANSWER}');`,
  end: 'socket.once(\'close\', next); peers[0].end();',
  reset: 'socket.once(\'close\', next); peers[0].resetAndDestroy();',
};

// Two requests, and between them something comes from the server.
function source(meanwhile) {
  return `
    const http = require('node:http');
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const peers = [];
    const server = net.createServer((peer) => {
      peers.push(peer);
      peer.on('error', () => {});
      peer.on('data', () => peer.write('${ANSWER}'));
    });
    function watch(socket) {
      if (socket.isWatched) return;
      socket.isWatched = true;
      for (const name of ['data', 'end', 'finish', 'error', 'close']) {
        socket.on(name, (value) => console.log(name, value?.code ?? value?.length ?? value));
      }
    }
    function get(next) {
      const request = http.get({ host: '127.0.0.1', port: server.address().port, agent });
      request.on('socket', watch);
      request.on('response', (response) => {
        response.on('data', (data) => console.log('body', String(data)));
      });
      agent.once('free', (socket) => setImmediate(next, socket));
    }
    server.listen(0, '127.0.0.1', () => get((socket) => {
      let isNext = true;
      function next() {
        if (!isNext) return;
        isNext = false;
        setImmediate(() => get(() => {
          console.log(peers.length, 'connections');
          agent.destroy();
          for (const peer of peers) peer.destroy();
          server.close();
        }));
      }
      ${meanwhile}
    }));`;
}

function run(name, meanwhile) {
  const preload = name === 'uvnet' ? ['-r', REGISTER] : [];
  const file = scriptFile('core', source(meanwhile));
  return finished(spawnNode([...preload, file]));
}

forEachNet((net, name) => {
  describe('an idle socket of http\'s agent', () => {
    for (const [what, meanwhile] of Object.entries(MEANWHILE)) {
      it(`gets ${what}`, async() => {
        const { code, stdout, stderr } = await run(name, meanwhile);
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: '' });
        assert.strictEqual(stdout.match(/^body ok$/mg).length, 2);
        const core = await run('core', meanwhile);
        assert.strictEqual(stdout, core.stdout);
      });
    }
  });
});
