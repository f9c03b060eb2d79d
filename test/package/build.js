'use strict';

// The addon built from the tarball, as one has to where it has no binary, and
// what uvnet says before that.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { headers, root } = require('../../scripts/tools');
const { environment, must, run } = require('./harness');
const { installInto } = require('./programs');

const SOURCE = path.join('node_modules', 'uvnet', 'src');

async function refuses(folder) {
  fs.rmSync(path.join(folder, 'node_modules', 'uvnet', 'prebuilds'), { recursive: true });
  const { code, stderr } = await run([process.execPath, 'require.js'], { cwd: folder });
  const advice = /the native addon is not there .*Run "npx (node-gyp .*)"; it needs/.exec(stderr);
  assert.ok(code === 1 && advice, stderr);
  return advice[1].split(' ');
}

// What it said to run, by the node-gyp that is here and with headers of this Node.
async function rebuilds(folder, args) {
  const gyp = path.join(root, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  assert.strictEqual(args[0], 'node-gyp');
  await must([process.execPath, gyp, ...args.slice(1),
    `--nodedir=${path.resolve(headers(), '..', '..')}`],
  { cwd: folder, env: { ...environment(), PATH: process.env.PATH } });
  assert.ok(fs.existsSync(path.join(folder, SOURCE, 'build/Release/uvnet.node')));
  const output = await must([process.execPath, 'require.js'], { cwd: folder });
  assert.ok(JSON.parse(output).bytesRead > 0);
}

async function main(report, { tarball }) {
  let folder;
  let command;
  await report.add('no binary: uvnet says how to build one', async () => {
    folder = await installInto('build', 'project', tarball);
    command = await refuses(folder);
  });
  if (command) await report.add('node-gyp rebuild', () => rebuilds(folder, command));
}

module.exports = main;
