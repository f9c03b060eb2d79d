'use strict';

// Scripts in a worker, which is ended in the middle of one.

const { parentPort, workerData: settings } = require('node:worker_threads');
const { startScripts } = require('./scripts');

startScripts(settings, (kind, index, what) => {
  if (kind === 'bad') parentPort.postMessage(what);
});
