'use strict';

// The command uvnet does what node does, but for its own help and version.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const packageJson = require('../../package.json');
const { Skip, must, run } = require('./harness');
const { installInto, node } = require('./programs');

const { version } = packageJson;
const CODE = 'console.log(process.versions.uvnet, process.argv.slice(1).join())';

// Runs both; what differs of them is but that one says uvnet's version.
function sameAsNode(args, { input, contains } = {}) {
  return async ({ uvnet, plain, folder }) => {
    const own = await run([...uvnet, ...args], { cwd: folder, input });
    const other = await run([...plain, ...args], { cwd: folder, input });
    const expected = other.stdout.replaceAll('undefined', version);
    assert.deepStrictEqual([own.code, own.signal, own.stdout, own.stderr],
      [other.code, other.signal, expected, other.stderr]);
    if (contains) assert.ok(own.stdout.includes(contains), own.stdout);
  };
}

async function help({ uvnet }) {
  const output = await must([...uvnet, '-h']);
  assert.match(output, /^Usage: uvnet /);
  assert.strictEqual(await must([...uvnet, '--help']), output);
}

async function versions({ uvnet, name }) {
  const output = await must([...uvnet, '-v']);
  assert.ok(output.startsWith(`uvnet ${version}, node ${name}`), output);
  assert.strictEqual(await must([...uvnet, '--version']), output);
}

// script gives it a terminal.
async function prompt({ uvnet }) {
  if (spawnSync('script', ['--version']).error) throw new Skip('no program script');
  const command = uvnet.map((word) => `'${word}'`).join(' ');
  const { stdout } = await run(['script', '-qec', command, '/dev/null'], {
    input: null,
    whenSaid(child, text) {
      if (text.endsWith('> ') || /> .{0,5}$/.test(text)) {
        child.stdin.end('process.versions.uvnet + "!"\n.exit\n');
      }
    },
  });
  assert.match(stdout, /Welcome to Node\.js/);
  assert.ok(stdout.includes(`${version}!`), stdout);
}

async function watch({ uvnet, folder }) {
  const file = path.join(folder, 'watched.js');
  const write = (word) => fs.writeFileSync(file, `console.log(process.versions.uvnet, '${word}');`);
  write('first');
  let isChanged = false;
  const { stdout, code, signal } = await run([...uvnet, '--watch', file], {
    cwd: folder,
    input: null,
    limit: 30000,
    whenSaid(child, text) {
      if (text.includes(`${version} second`)) child.kill('SIGTERM');
      else if (!isChanged && /Completed running/.test(text)) {
        isChanged = true;
        setTimeout(write, 500, 'second');
      }
    },
  });
  assert.ok(stdout.includes(`${version} second`), stdout);
  // What node --watch makes of SIGTERM is its own business.
  assert.ok(code !== null ? code !== 137 : signal === 'SIGTERM', `${code} ${signal}`);
}

// A signal to the command ends the script, or is heard by it, as with node.
async function signals({ uvnet, folder }) {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) {
    const whenSaid = (child) => child.kill(name);
    const dies = await run([...uvnet, '-e', 'console.log(1); setInterval(() => {}, 1e3)'],
      { cwd: folder, whenSaid });
    assert.deepStrictEqual([dies.code, dies.signal], [null, name]);
    const hears = await run([...uvnet, '-e', `process.on('${name}', () => process.exit(9));
      console.log(1); setInterval(() => {}, 1e3)`], { cwd: folder, whenSaid });
    assert.deepStrictEqual([hears.code, hears.signal], [9, null]);
  }
}

// The child's own end: by a signal, and by one that leaves a core file.
async function ends({ uvnet, folder }) {
  for (const name of ['SIGKILL', 'SIGTERM', 'SIGABRT']) {
    const { code, signal } = await run([...uvnet, '-e',
      `process.kill(process.pid, '${name}'); setInterval(() => {}, 1e3)`], { cwd: folder });
    assert.deepStrictEqual([code, signal], [null, name]);
  }
}

const CASES = {
  '-h, --help': help,
  '-v, --version': versions,
  'no argument, a script on stdin': sameAsNode([], { input: CODE, contains: version }),
  '-, a script on stdin': sameAsNode(['-', 'a', 'b'], { input: CODE, contains: version }),
  'no argument, a terminal': prompt,
  '-e': sameAsNode(['-e', CODE, 'a', '-h'], { contains: version }),
  '-p': sameAsNode(['-p', 'process.versions.uvnet'], { contains: version }),
  '-i': sameAsNode(['-i'], { input: 'process.versions.uvnet + ""\n', contains: version }),
  'a script that is not there': sameAsNode(['missing.js']),
  'an option that is not there': sameAsNode(['--no-such-option']),
  'an exit code': sameAsNode(['-e', 'process.exitCode = 7']),
  'a script of ES modules': async ({ uvnet, folder }) => {
    const said = JSON.parse(await must([...uvnet, 'module.mjs'], { cwd: folder }));
    assert.ok(said.bytesRead > 0 && said.preload === version);
  },
  'signals': signals,
  'a script that a signal ends': ends,
  '--watch': watch,
};

async function typed({ uvnet, folder }) {
  const said = JSON.parse(await must([...uvnet, 'typed.ts'], { cwd: folder }));
  assert.ok(said.bytesRead > 0 && said.preload === version);
}

function casesOf(name) {
  return Number.parseInt(name, 10) < 24 ? CASES : { ...CASES, 'TypeScript': typed };
}

async function main(report, { tarball }) {
  if (os.platform() === 'win32') return;
  const folder = await installInto('command', 'project', tarball);
  for (const name of ['20.9.0', '24']) {
    const plain = [node(name)];
    const uvnet = [...plain, path.join(folder, 'node_modules/uvnet', packageJson.bin.uvnet)];
    for (const [title, test] of Object.entries(casesOf(name))) {
      await report.add(`uvnet, Node ${name}: ${title}`,
        () => test({ uvnet, plain, folder, name }));
    }
  }
}

module.exports = main;
