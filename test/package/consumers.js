'use strict';

// What programs are made with and run in: compilers, bundlers, test runners,
// threads, permissions, single executables, snapshots.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const bundles = require('./bundles');
const { must, run } = require('./harness');
const { installInto, newNode, node, toolsOf } = require('./programs');
const single = require('./single');

// The fixture's output: the last line, of an echo that uvnet has carried.
function wasCarried(output) {
  const lines = output.split('\n').filter((line) => line.startsWith('{"node"'));
  assert.ok(lines.length > 0, `no echo:\n${output}`);
  for (const line of lines) assert.ok(JSON.parse(line).bytesRead > 0, line);
  return lines.length;
}

// `resolution` as tsconfig's, and what goes with it.
const TYPESCRIPT = {
  node10: ['commonjs', 'main.ts'],
  node16: ['node16', 'main.ts'],
  nodenext: ['nodenext', 'main.ts'],
  bundler: ['esnext', 'main.ts'],
};

async function typescript(folder, resolution, isModule) {
  const [module, file] = TYPESCRIPT[resolution];
  const type = isModule ? 'module' : 'commonjs';
  const out = path.join(folder, `out-${resolution}-${type}`);
  fs.mkdirSync(out);
  for (const name of ['echo.js', 'echo.d.ts', file]) {
    fs.copyFileSync(path.join(folder, name), path.join(out, name));
  }
  // echo.js is CommonJS; a package of its own says so of the rest.
  fs.writeFileSync(path.join(out, 'package.json'), JSON.stringify({ type }));
  if (isModule) fs.renameSync(path.join(out, 'echo.js'), path.join(out, 'echo.cjs'));
  if (isModule) {
    fs.renameSync(path.join(out, 'echo.d.ts'), path.join(out, 'echo.d.cts'));
    const text = fs.readFileSync(path.join(out, file), 'utf8');
    fs.writeFileSync(path.join(out, file), text.replace('./echo.js', './echo.cjs'));
  }
  await must([newNode(), path.join(toolsOf('consumers'), 'typescript/bin/tsc'), '--strict',
    '--esModuleInterop', '--target', 'es2022', '--types', 'node', '--module', module,
    '--moduleResolution', resolution, file], { cwd: out });
  wasCarried(await must([process.execPath, 'main.js'], { cwd: out }));
}

function typescriptCases(folder) {
  const asModule = ['node16', 'nodenext', 'bundler'];
  const asScript = ['node10', 'node16', 'nodenext'];
  return Object.fromEntries([
    ...asScript.map((name) => [`TypeScript, ${name}, CommonJS`,
      () => typescript(folder, name, false)]),
    ...asModule.map((name) => [`TypeScript, ${name}, ES modules`,
      () => typescript(folder, name, true)]),
  ]);
}

async function jest(folder) {
  const { code, stdout, stderr } = await run([newNode(),
    path.join(toolsOf('consumers'), 'jest/bin/jest.js'), '--rootDir', folder,
    '--testMatch', '**/uvnet.test.js', '--runInBand'], { cwd: folder });
  assert.strictEqual(code, 0, stdout + stderr);
  assert.match(stderr, /Tests: +2 passed/);
}

async function vitest(folder, pool) {
  const output = await must([newNode(), path.join(toolsOf('consumers'), 'vitest/vitest.mjs'),
    'run', '--root', folder, '--pool', pool, 'vitest.test.mjs'], { cwd: folder });
  assert.match(output, /Tests +2 passed/);
}

function runnerCases(folder) {
  return {
    'jest, with jest.resetModules()': () => jest(folder),
    'vitest, forks': () => vitest(folder, 'forks'),
    'vitest, threads': () => vitest(folder, 'threads'),
  };
}

const VERSIONS = ['20.9.0', '22', '24', '26'];

async function workers(folder, version) {
  for (const flags of [[], ['-r', 'uvnet/register']]) {
    const output = await must([node(version), ...flags, 'worker.js'], { cwd: folder });
    assert.strictEqual(wasCarried(output), 2);
  }
}

async function nodeTest(folder, version) {
  const output = await must([node(version), '-r', 'uvnet/register', '--test', 'node-test.js'],
    { cwd: folder });
  assert.match(output, /pass 2\b/);
}

function permissionFlags(version) {
  const major = Number.parseInt(version, 10);
  return [major < 22 ? '--experimental-permission' : '--permission', '--allow-fs-read=*',
    ...major < 22 ? [] : ['--allow-addons'], ...major > 24 ? ['--allow-net'] : []];
}

// Node 20 has no --allow-addons before 20.19: it never lets one load there.
async function permission(folder, version) {
  const flags = permissionFlags(version);
  const allowed = [node(version), ...flags, '-r', 'uvnet/register', 'preload.js'];
  if (!version.startsWith('20.')) wasCarried(await must(allowed, { cwd: folder }));
  const { code, stderr } = await run(allowed.filter((flag) => flag !== '--allow-addons'),
    { cwd: folder });
  assert.strictEqual(code, 1, stderr);
  assert.match(stderr, /uvnet: the native addon does not load: the permission model is on/);
}

function versionCases(folder) {
  const kinds = { 'worker threads': workers, 'node --test': nodeTest, permission };
  return Object.fromEntries(Object.entries(kinds).flatMap(([name, test]) =>
    VERSIONS.map((version) => [`${name}, Node ${version}`, () => test(folder, version)])));
}

async function importForms(folder) {
  for (const version of VERSIONS) {
    wasCarried(await must([node(version), 'forms.mjs'], { cwd: folder }));
  }
}

async function main(report, { tarball }) {
  // Where the tools are found as if they were the project's own.
  const folder = await installInto(path.join('consumers', 'project'), 'project', tarball);
  fs.symlinkSync(toolsOf('consumers'), path.join(folder, '..', 'node_modules'));
  const cases = {
    ...typescriptCases(folder),
    'import: named, default, namespace': () => importForms(folder),
    ...bundles(folder, wasCarried),
    ...runnerCases(folder),
    ...versionCases(folder),
    ...single(folder, wasCarried),
  };
  for (const [name, test] of Object.entries(cases)) await report.add(name, test);
}

module.exports = main;
