'use strict';

// A reporter for mocha: a line of JSON for each test as it ends, appended to a
// file. What a process that crashes or hangs has done by then is there, and
// nothing depends on standard output, which is no pipe under wine.

const fs = require('node:fs');
const Mocha = require('mocha');

const { UVNET_RESULTS, UVNET_SLOWER } = process.env;

// An emulated processor is some times slower: all limits grow by that. The
// reporter is loaded before the tests are.
const { timeout } = Mocha.Runnable.prototype;
Mocha.Runnable.prototype.timeout = function slower(...args) {
  return args.length === 0 ? timeout.call(this) :
    timeout.call(this, args[0] * Number(UVNET_SLOWER || 1));
};

function write(line) {
  fs.appendFileSync(UVNET_RESULTS, `${JSON.stringify(line)}\n`);
}

class Lines {
  constructor(runner) {
    for (const state of ['pass', 'fail', 'pending']) {
      runner.on(state, (test, error) => {
        const title = test.fullTitle();
        write({ state, title, error: error && String(error.stack) });
      });
    }
    runner.on('end', () => write({ state: 'end' }));
  }
}

module.exports = Lines;
