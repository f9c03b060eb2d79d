'use strict';

// Loaded last into each process that startup.js measures: tells at its end what
// processor time it has had, in microseconds, all threads and the kernel's part.

const { writeSync } = require('node:fs');

process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  writeSync(3, String(user + system));
});
