#!/usr/bin/env node
'use strict';

// npm run test:package: the package as its users have it. See README.md here.

const { parseArgs } = require('node:util');
const { Report } = require('./harness');
const { pack } = require('./programs');

const PARTS = ['managers', 'hygiene', 'consumers', 'command', 'build'];
const HELP = `Usage: npm run test:package -- [options] [PARTS...]

  --quick        npm 12 and the running Node alone, of the part managers alone
  --filter TEXT  only cases whose name contains TEXT
  --help         this text

PARTS are ${PARTS.join(', ')}; without any, all of them.
`;

function commandLine() {
  const { values, positionals } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      filter: { type: 'string', default: '' },
      help: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !PARTS.includes(name));
  if (unknown.length > 0) throw new Error(`no part: ${unknown.join(', ')}`);
  const all = values.quick ? ['managers'] : PARTS;
  return { ...values, parts: positionals.length > 0 ? positionals : all };
}

async function main() {
  const { parts, help, ...options } = commandLine();
  if (help) {
    process.stdout.write(HELP);
    return;
  }
  const report = new Report(options.filter);
  const tarball = pack(options.quick);
  for (const part of parts) await require(`./${part}`)(report, { ...options, tarball });
  if (!report.finish()) process.exitCode = 1;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
