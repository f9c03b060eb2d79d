'use strict';

// Single executables and startup snapshots, neither of which can hold an addon.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const packageJson = require('../../package.json');
const { binaryOf } = require('./bundles');
const { makeFolder, must, run } = require('./harness');
const { newNode, node, toolsOf } = require('./programs');

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

async function bundle(folder, entry, output) {
  const kind = entry === 'sea-beside.js' ? 'external' : 'named';
  await must([newNode(), path.join(__dirname, 'bundle.js'), 'esbuild', kind, entry, output],
    { cwd: folder });
}

async function executable(folder, version, entry) {
  const output = makeFolder(path.join('consumers', 'project', `sea-${version}-${entry}`));
  await bundle(folder, entry, output);
  fs.writeFileSync(path.join(output, 'sea.json'), JSON.stringify({
    main: 'main.js', output: 'app.blob', disableExperimentalSEAWarning: true,
    ...entry === 'sea.js' && { assets: { 'uvnet.node': binaryOf(folder) } },
  }));
  await must([node(version), '--experimental-sea-config', 'sea.json'], { cwd: output });
  const program = path.join(output, 'app');
  fs.copyFileSync(fs.realpathSync(node(version)), program);
  await must([newNode(), path.join(toolsOf('consumers'), 'postject/dist/cli.js'), program,
    'NODE_SEA_BLOB', path.join(output, 'app.blob'), '--sentinel-fuse', FUSE]);
  return program;
}

async function checkExecutable(folder, version, entry, wasCarried) {
  const program = await executable(folder, version, entry);
  wasCarried(await must([program], { cwd: path.dirname(program) }));
  fs.rmSync(program);
}

// Node skips -r when it makes a snapshot, and the process that is made of it is on
// uvnet if it is started so. uvnet inside, by way of a bundle, is refused.
async function snapshot(folder, version) {
  const blob = path.join(folder, `snapshot-${version}.blob`);
  const start = [node(version), '-r', 'uvnet/register', '--snapshot-blob', blob];
  await must([...start, '--build-snapshot', 'snapshot.js'], { cwd: folder });
  assert.strictEqual(await must(start, { cwd: folder }),
    `of a snapshot, ${packageJson.version}\n`);
  const output = makeFolder(path.join('snapshots', version));
  await bundle(folder, 'require.js', output);
  const { code, signal, stderr } = await run([node(version), '--snapshot-blob', blob,
    '--build-snapshot', path.join(output, 'main.js')]);
  assert.deepStrictEqual([code, signal], [1, null], stderr);
  assert.match(stderr, /uvnet: a startup snapshot cannot have native addons in it/);
}

function cases(folder, wasCarried) {
  const check = (version, entry) => () => checkExecutable(folder, version, entry, wasCarried);
  return {
    'single executable, Node 24: the binary is an asset': check('24', 'sea.js'),
    'single executable, Node 26: the binary is an asset': check('26', 'sea.js'),
    'single executable, Node 20.9: uvnet lies beside it': check('20.9.0', 'sea-beside.js'),
    'single executable, Node 24: uvnet lies beside it': check('24', 'sea-beside.js'),
    'snapshot, Node 20.9': () => snapshot(folder, '20.9.0'),
    'snapshot, Node 24': () => snapshot(folder, '24'),
    'snapshot, Node 26': () => snapshot(folder, '26'),
  };
}

module.exports = cases;
