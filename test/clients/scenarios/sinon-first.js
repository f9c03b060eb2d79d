'use strict';

// Members of net are replaced before anything has used net: each way in a
// process of its own.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { WAYS } = require('../first-use');
const { scenario } = require('../scenario');
const { ask, startServer } = require('../web');

const PROGRAM = path.join(__dirname, '../first-use.js');

async function outputOf(way, folder) {
  const file = path.join(folder, 'output');
  const fd = fs.openSync(file, 'w');
  const child = spawn(process.execPath, [...process.execArgv, PROGRAM, way],
    { stdio: ['ignore', fd, fd] });
  fs.closeSync(fd);
  const [code, signal] = await once(child, 'exit');
  const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n');
  return [...lines, `exit ${code ?? signal}`];
}

scenario(async (tools) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvc-first-'));
  try {
    for (const way of WAYS) {
      for (const line of await outputOf(way, folder)) tools.log(way, line);
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  const server = await startServer();
  await ask(tools, 'real', `${server.url}/text`);
  await server.stop();
});
