#!/usr/bin/env node
'use strict';

// uvnet app.js: runs node with net replaced. The command line is node's own.

const { spawn } = require('node:child_process');
const os = require('node:os');
const path = require('node:path');
const { isatty } = require('node:tty');

const REGISTER = path.join(__dirname, '..', 'lib', 'register.js');
// Those that node is ended or controlled by; SIGUSR1 starts its inspector.
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2',
  'SIGBREAK'].filter((name) => name in os.constants.signals);

const HELP = `Usage: uvnet [node options] [script.js] [arguments]

Runs node with uvnet in the place of net: for the script, for its packages and
for what Node builds on net (http, tls and others). Worker threads and forked
processes have it too. Without a script: node's prompt, or what comes on stdin.

  -h, --help      this text
  -v, --version   the versions of uvnet and of node

All other options are node's own, see node --help. The same without this command:
node -r uvnet/register script.js
`;

// Ends this process as the child ended.
function endAs(code, signal) {
  process.exitCode = code ?? 128 + os.constants.signals[signal];
  if (!signal) return;
  for (const name of FORWARDED) process.removeAllListeners(name);
  process.kill(process.pid, signal);
}

// What a key is pressed for, the terminal sends to the child as well.
function isFromTerminal(name) {
  return ['SIGINT', 'SIGQUIT', 'SIGBREAK'].includes(name) &&
    [0, 1, 2].some((fd) => isatty(fd));
}

/**
 * Runs node with net replaced. Signals go to the child; its exit code or signal
 * becomes this process's own.
 * @param {string[]} args node's command line: options, script, arguments
 */
function run(args) {
  try {
    // The child would print the same, but in the middle of a stack trace.
    require('../lib/binding');
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
    return;
  }
  const child = spawn(process.execPath, ['-r', REGISTER, ...args],
    { stdio: 'inherit' });
  for (const name of FORWARDED) {
    process.on(name, () => {
      if (!isFromTerminal(name)) child.kill(name);
    });
  }
  child.on('error', (error) => {
    console.error(`uvnet: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', endAs);
}

function main(args) {
  const [first] = args;
  if (first === '-v' || first === '--version') {
    const version = require('../lib/version');
    console.log(`uvnet ${version}, node ${process.versions.node}`);
  } else if (first === '-h' || first === '--help') {
    process.stdout.write(HELP);
  } else {
    run(args);
  }
}

if (require.main === module) main(process.argv.slice(2));

module.exports = { run };
