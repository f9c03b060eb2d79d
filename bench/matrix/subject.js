'use strict';

// The process that is measured, both ends of each cell's connection in it:
//   node bench/matrix/subject.js core|uvnet FOLDER
// It does one request after the other: { open: cell }, { collect: true },
// { calibrate: ms }, { run: count }, { close: true }. It ends when its parent does.

const [net, folder] = process.argv.slice(2);
if (net === 'uvnet') require('../../lib/register.js');

const { Work } = require('./work');

let work;

const requests = {
  async open(cell) {
    work = await Work.open(cell, folder);
    return {};
  },
  // What cells before have left is not for this one to collect.
  async collect() {
    globalThis.gc();
    return {};
  },
  calibrate: (milliseconds) => work.calibrate(milliseconds),
  run: async (count) => ({ cost: await work.cost(count) }),
  async close() {
    await work.close();
    work = undefined;
    return {};
  },
};

function fail(err) {
  process.send({ error: err.stack });
}

process.on('message', (message) => {
  const [[name, value]] = Object.entries(message);
  requests[name](value).then((answer) => process.send(answer), fail);
});
process.on('uncaughtException', fail);
process.on('disconnect', () => process.exit());
