'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const { finished, forEachNet, forEachTransport, once, outcome, scriptFile,
  spawnScript, startScript, tmpPath, track } = require('./helper');

forEachNet((net, name) => {
  it('reads stdin and writes stdout as sockets', async () => {
    const { code, stdout, stderr } = await spawnScript(name, `
      const input = new net.Socket({ fd: 0, writable: false });
      const output = new net.Socket({ fd: 1, readable: false });
      input.setEncoding('utf8');
      let text = '';
      input.on('data', (chunk) => { text += chunk; });
      input.on('end', () => output.end(text.toUpperCase()));
    `, { input: 'some text' });
    assert.deepStrictEqual([code, stdout, stderr], [0, 'SOME TEXT', '']);
  });

  it('input.pipe(output) of a megabyte', async () => {
    const text = 'abcdefgh'.repeat(131072);
    const { code, stdout } = await spawnScript(name, `
      new net.Socket({ fd: 0, writable: false })
        .pipe(new net.Socket({ fd: 1, readable: false }));
    `, { input: text });
    assert.strictEqual(code, 0);
    assert.strictEqual(stdout === text, true);
  });

  it('a pipe(7), which is no socket', async () => {
    const file = scriptFile(name, `
      const output = new net.Socket({ fd: 1, readable: false });
      const part = 'x'.repeat(1000);
      output.write('first ');
      setImmediate(() => {
        for (let i = 0; i < 200; i++) output.write(part);
        output.end(' last');
      });`);
    const shell = ['-c', '"$0" "$1" | cat', process.execPath, file];
    const { stdout } = await finished(track(spawn('sh', shell)));
    assert.strictEqual(stdout, `first ${'x'.repeat(200000)} last`);
  });

  it('a further pipe, both ways', async () => {
    const child = startScript(name, `
      const channel = new net.Socket({ fd: 3, readable: true,
        writable: true });
      channel.on('data', (chunk) => channel.end('got ' + chunk));
    `, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    const end = finished(child);
    child.stdio[3].write('this');
    const [data] = await once(child.stdio[3], 'data');
    child.stdio[3].end();
    const { code, stderr } = await end;
    assert.deepStrictEqual([String(data), code, stderr],
      ['got this', 0, '']);
  });

  forEachTransport((open, transport) => {
    it(`a connected ${transport} socket is inherited`, async () => {
      const { client, peer } = await open(net);
      peer.pause();
      const end = spawnScript(name, `
        const socket = new net.Socket({ fd: 3, readable: true });
        console.log(socket.remoteFamily, socket.connecting, socket.pending);
        socket.end('from the child');
      `, { stdio: ['ignore', 'pipe', 'pipe', peer._handle.fd] });
      const [data] = await once(client, 'data');
      const { code, stdout } = await end;
      const family = transport === 'TCP' ? 'IPv4' : 'undefined';
      assert.deepStrictEqual([String(data), code, stdout],
        ['from the child', 0, `${family} false false\n`]);
    });
  });

  it('the fd of a file is refused', () => {
    const file = tmpPath('plain');
    const fd = fs.openSync(file, 'w+');
    try {
      const got = outcome(() => new net.Socket({ fd }));
      assert.deepStrictEqual([got.name, got.code, got.message],
        ['TypeError', 'ERR_INVALID_FD_TYPE', 'Unsupported fd type: FILE']);
    } finally {
      fs.closeSync(fd);
    }
  });

  it('a fd that is not open is refused', () => {
    const got = outcome(() => new net.Socket({ fd: 100000 }));
    assert.deepStrictEqual([got.code, got.message],
      ['ERR_INVALID_FD_TYPE', 'Unsupported fd type: UNKNOWN']);
  });

  it('destroy closes the fd, but not that of stdio', async () => {
    const { code, stdout } = await spawnScript(name, `
      const fs = require('node:fs');
      for (const fd of [0, 3]) {
        const socket = new net.Socket({ fd });
        socket.on('close', () => {
          let state = 'open';
          try { fs.fstatSync(fd); } catch (error) { state = error.code; }
          console.log(fd, state);
        });
        socket.destroy();
      }
    `, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    assert.deepStrictEqual([code, stdout.split('\n').sort()],
      [0, ['', '0 open', '3 EBADF']]);
  });

  it('manualStart and readable: false do not read', async () => {
    const { stdout } = await spawnScript(name, `
      const input = new net.Socket({ fd: 0, readable: false });
      console.log(input.readable, input.bytesRead);
      const other = new net.Socket({ fd: 1, manualStart: true });
      console.log(other.readableFlowing, other.isPaused());
      process.exit();
    `, { input: 'text' });
    assert.strictEqual(stdout, 'false 0\nnull false\n');
  });
});
