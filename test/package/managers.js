'use strict';

// The package as package managers install it: without scripts, a compiler, or
// anything but the tarball.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const packageJson = require('../../package.json');
const { environment, makeFolder, must } = require('./harness');
const { binFolder, newNode, toolsOf } = require('./programs');

const NODES = ['20.9.0', '22', '24', '26'];

// What runs a manager's command. pnpm is a program of its own.
function script(tool, file) {
  return (node = newNode()) => [node, path.join(toolsOf('managers'), tool, file)];
}

function pnpm() {
  const { arch, platform } = process;
  return [path.join(toolsOf('managers'), '@pnpm', `exe.${platform}-${arch}`, 'pnpm')];
}

const npm11 = script('npm-11', 'bin/npm-cli.js');
const npm12 = script('npm-12', 'bin/npm-cli.js');
const yarn1 = script('yarn-1', 'bin/yarn.js');
const yarn4 = script('yarn-4', 'bin/yarn.js');

function writeYarnrc(linker) {
  return (folder) => {
    fs.writeFileSync(path.join(folder, 'yarn.lock'), '');
    fs.writeFileSync(path.join(folder, '.yarnrc.yml'), `nodeLinker: ${linker}\n` +
      'enableGlobalCache: false\nenableTelemetry: false\n' +
      // Else import finds no packages in a project of CommonJS.
      'pnpEnableEsmLoader: true\n');
  };
}

// `install` is the command that installs the tarball; `node` what runs Node in
// the project, and `exec` what runs the package's own command, if not its npx.
const MANAGERS = {
  'npm 12': {
    install: (tarball) => [...npm12(), 'install', tarball],
    exec: () => [...npm12(), 'exec', '--no', '--', 'uvnet'],
  },
  'npm 11 --ignore-scripts': {
    install: (tarball) => [...npm11(), 'install', '--ignore-scripts', tarball],
    exec: () => [...npm11(), 'exec', '--no', '--', 'uvnet'],
  },
  'pnpm 12': {
    install: (tarball) => [...pnpm(), 'add', tarball],
    exec: () => [...pnpm(), 'exec', 'uvnet'],
  },
  'yarn 1': {
    install: (tarball) => [...yarn1(), 'add', `file:${tarball}`],
    exec: (node) => [...yarn1(node), 'run', '--silent', 'uvnet'],
  },
  'yarn 4, node-modules': {
    prepare: writeYarnrc('node-modules'),
    install: (tarball) => [...yarn4(), 'add', `uvnet@file:${tarball}`],
    exec: (node) => [...yarn4(node), 'run', 'uvnet'],
  },
  'yarn 4, PnP': {
    prepare: writeYarnrc('pnp'),
    install: (tarball) => [...yarn4(), 'add', `uvnet@file:${tarball}`],
    node: (node) => [...yarn4(node), 'node'],
    exec: (node) => [...yarn4(node), 'run', 'uvnet'],
  },
};

function settings(version) {
  return {
    ...environment(binFolder(version)),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  };
}

function folderOf(name) {
  return makeFolder(path.join('managers', name.replaceAll(/\W+/g, '-')), 'project');
}

async function install(name, folder, tarball) {
  const { prepare, install: command } = MANAGERS[name];
  fs.writeFileSync(path.join(folder, 'package.json'),
    JSON.stringify({ name: 'project', private: true }));
  prepare?.(folder);
  await must(command(tarball), { cwd: folder, env: settings('24') });
}

function waysIn({ node = (file) => [file], exec }, binary) {
  const run = node(binary);
  return {
    'require': [...run, 'require.js'],
    'import': [...run, 'import.mjs'],
    '-r uvnet/register': [...run, '-r', 'uvnet/register', 'preload.js'],
    'uvnet (the command)': [...exec(binary), 'preload.js'],
  };
}

async function checkWay(command, { cwd, node }) {
  const output = await must(command, { cwd, env: settings(node) });
  const said = JSON.parse(output.trim().split('\n').at(-1));
  assert.ok(node === 'running' || said.node.startsWith(node), `on Node ${said.node}`);
  assert.strictEqual(said.version, packageJson.version);
  assert.strictEqual(said.preload,
    command.at(-1) === 'preload.js' ? packageJson.version : undefined);
  assert.ok(said.bytesRead > 0, 'uvnet has read nothing');
}

async function runNode(name, folder, node) {
  const binary = path.join(binFolder(node), 'node');
  for (const command of Object.values(waysIn(MANAGERS[name], binary))) {
    await checkWay(command, { cwd: folder, node });
  }
}

async function runManager(report, name, { tarball, nodes }) {
  const folder = folderOf(name);
  const isInstalled = await report.add(`${name}: install`,
    () => install(name, folder, tarball));
  if (!isInstalled) return;
  for (const node of nodes) {
    const title = node === 'running' ? 'the running Node' : `Node ${node}`;
    await report.add(`${name}: ${title}: require, import, -r, command`,
      () => runNode(name, folder, node));
  }
}

async function main(report, { tarball, quick }) {
  const names = Object.keys(MANAGERS).slice(0, quick ? 1 : undefined)
    .filter((name) => report.selects(name));
  const nodes = quick ? ['running'] : NODES;
  for (const name of names) await runManager(report, name, { tarball, nodes });
}

module.exports = main;
