'use strict';

// Loaded ahead of every process of a test, by way of NODE_OPTIONS.
require('../../lib/register.js');
require('./internals.js').install();

// The addon's own sums, for the runner: the proof that bytes went through it.
if (process.env.UVNET_STATS) {
  const { appendFileSync } = require('fs');
  const { statistics } = require('../../lib/binding.js');
  const file = process.env.UVNET_STATS;
  process.on('exit', () => {
    appendFileSync(file, `${JSON.stringify(statistics())}\n`);
  });
}
