'use strict';

// Runs scripts in this process and says on standard output how each ends. run.js
// starts it, with the settings as JSON.

const fs = require('node:fs');
const { startScripts } = require('./scripts');

process.removeAllListeners('warning');
startScripts(JSON.parse(process.argv[2]), (kind, index, what) => {
  fs.writeSync(1, `${kind} ${index} ${JSON.stringify(what)}\n`);
});
