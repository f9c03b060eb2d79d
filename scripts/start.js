'use strict';

// npm start: a first look. Without arguments it runs an example and says what
// carried it; `npm start -- app.js` runs a script of your own on uvnet.

const path = require('node:path');
const { run } = require('../bin/uvnet');
const { setup } = require('./setup');
const { root, step } = require('./tools');

const args = process.argv.slice(2);

setup();
if (args.length > 0) {
  run(args);
} else {
  step('examples/echo.js');
  run(['-r', path.join(__dirname, 'report-carrier.js'),
    path.join(root, 'examples', 'echo.js')]);
}
