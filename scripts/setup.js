'use strict';

// Brings a fresh clone to the point where it runs: installs what
// package-lock.json pins, and builds the addon. Does nothing when both are
// there already.

const { build } = require('./build');
const { install } = require('./install');

function setup() {
  install();
  build();
}

if (require.main === module) setup();

module.exports = { setup };
