'use strict';

// Cells that differ, and why they may. The test fails for an entry that is not
// needed any more.

const ABORTED = 'core\'s constructor emits the AbortError but leaves the socket ' +
  'as if it were not destroyed; ours is';
const INSPECTED = 'the text shows a socket\'s own properties, which are not ' +
  'made in the same order';

module.exports = new Map([
  ['new Socket signal: an aborted signal', ABORTED],
  ['new Socket signal: aborted with a reason', ABORTED],
  ['new Socket signal: aborted: true', ABORTED],
  ['listen(a socket)', INSPECTED],
  ['listen(a socket, host)', INSPECTED],
  ['listen(a socket, callback)', INSPECTED],
]);
