'use strict';

// What others' checkers say of the tarball and of package-lock.json.

const path = require('node:path');
const { root } = require('../../scripts/tools');
const { Skip, environment, must, run } = require('./harness');
const { newNode, toolsOf } = require('./programs');

function tool(file) {
  return [newNode(), path.join(toolsOf('consumers'), file)];
}

// The registry need not have this service.
async function audit(...args) {
  const { stdout, stderr } = await run(['npm', 'audit', '--json', ...args],
    { cwd: root, env: { ...environment(), PATH: process.env.PATH } });
  const { metadata } = JSON.parse(stdout || '{}');
  if (!metadata) throw new Skip(`no answer: ${stderr.split('\n')[0]}`);
  return metadata.vulnerabilities;
}

function told({ low, moderate, high, critical }) {
  return `${critical} critical, ${high} high, ${moderate} moderate, ${low} low`;
}

async function auditRuntime() {
  const found = await audit('--omit=dev');
  if (found.total > 0) throw new Error(told(found));
}

async function main(report, { tarball }) {
  await report.add('publint --strict', async () => {
    await must([...tool('publint/src/cli.js'), 'run', '--strict', tarball]);
  });
  await report.add('attw', async () => {
    await must([...tool('@arethetypeswrong/cli/dist/index.js'), tarball]);
  });
  await report.add('npm audit --omit=dev', auditRuntime);
  // Tools of the checkout; told, and no failure.
  await report.add('npm audit', async () => told(await audit()));
}

module.exports = main;
