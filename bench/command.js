'use strict';

// What the benchmarks that have rows do with their arguments.

const fs = require('node:fs');
const { parseArgs } = require('node:util');

async function main({ usage, optionTypes, rows, choose, measure }) {
  const { values: options } = parseArgs({ options: optionTypes });
  const chosen = rows.filter((row) =>
    row.name.includes(options.only) && choose(row, options));
  if (options.help) {
    process.stdout.write(usage);
  } else if (options.list) {
    console.log(rows.map(({ name }) => name).join('\n'));
  } else if (chosen.length === 0) {
    throw new Error(`no row has "${options.only}" in its name; see --list`);
  } else if (process.platform === 'linux') {
    const results = await measure(options, chosen);
    if (options.json) {
      fs.writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
    }
  } else {
    throw new Error('the benchmarks need Linux');
  }
}

/**
 * Runs a benchmark as its arguments say: --help, --list, --only TEXT, --json FILE.
 * @param {object} settings `usage`, and `optionTypes` for parseArgs(); `rows`,
 *   each with a name; `choose(row, options)`, whether a row that --only has left
 *   is wanted; `measure(options, chosen)`, whose results --json writes
 */
function runCommand(settings) {
  main({ choose: () => true, ...settings }).catch((err) => {
    console.error(`bench: ${err.message}`);
    process.exitCode = 1;
  });
}

module.exports = { runCommand };
