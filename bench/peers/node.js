'use strict';

// The servers of ../subject.js in another runtime that has Node's modules:
//   bun bench/peers/node.js core SCENARIO OPTIONS
// It ends at the end of its input; there is no channel to the parent.

process.stdin.on('end', () => process.exit());
process.stdin.resume();
require('../subject');
