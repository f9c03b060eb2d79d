'use strict';

// Runs something near the end of the stack.

let reached = 0;

function dive(left, run) {
  reached++;
  return left === 0 ? run() : dive(left - 1, run);
}

// With room for so many frames like those of dive().
function deepDown(room, run) {
  reached = 0;
  try {
    dive(Infinity, run);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const depth = Math.max(reached - room, 0);
  return dive(depth, run);
}

module.exports = { deepDown };
