'use strict';

// What a process holds: memory, descriptors, handles of sockets and servers.

const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { ROOT } = require('../agent');

const BINDING = path.join(ROOT, 'lib/binding.js');
const OF_NET = /^TCP/;
const TURNS = 20;

// Of uvnet, if the process has loaded it; else of core, which names them.
function liveHandles() {
  const own = require.cache[BINDING]?.exports.liveHandles() ?? 0;
  const cores = process.getActiveResourcesInfo()
    .filter((name) => OF_NET.test(name)).length;
  return Math.max(own, cores);
}

function descriptors() {
  return fs.readdirSync('/proc/self/fd').length;
}

// Garbage is collected, and what waits for a turn of the loop has had some.
async function settle() {
  for (let i = 0; i < TURNS; i++) {
    await sleep(5);
    if (i % 5 === 0) global.gc();
  }
  global.gc();
}

async function measure() {
  await settle();
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    rss, heapUsed, external, arrayBuffers,
    descriptors: descriptors(),
    handles: liveHandles(),
    seconds: (user + system) / 1e6,
  };
}

module.exports = { descriptors, liveHandles, measure };
