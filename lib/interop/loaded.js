'use strict';

// Modules of Node's own that have to be changed, but not loaded for that: it
// would cost each process some milliseconds.

const process = require('process');
const { moduleLoadList } = process;

// Gives a function to be called often: once one of the named modules is loaded,
// it calls `patch`, one time.
function onceLoaded(names, patch) {
  let isDone = false;
  let seen = 0;
  return (...args) => {
    if (isDone || moduleLoadList.length === seen) return;
    seen = moduleLoadList.length;
    if (!names.some((name) => moduleLoadList.includes(name))) return;
    isDone = true;
    patch(...args);
  };
}

module.exports = { onceLoaded };
