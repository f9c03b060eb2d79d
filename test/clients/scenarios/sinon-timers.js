'use strict';

// sinon's fake timers, which are @sinonjs/fake-timers as in jest, and sockets.

const sinon = require('sinon');
const { scenario } = require('../scenario');
const { run, runPumped } = require('../timers');

// All but nextTick and queueMicrotask.
const TIMERS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval',
  'setImmediate', 'clearImmediate', 'Date', 'performance', 'hrtime'];

let fake = null;

scenario(async (tools) => {
  await run(tools, {
    install: () => { fake = sinon.useFakeTimers({ toFake: TIMERS }); },
    tick: (time) => fake.tick(time),
    uninstall: () => fake.restore(),
  });
  // With ticks, which are sinon's default: they run when the clock is pumped.
  await runPumped(tools, {
    install: () => { fake = sinon.useFakeTimers(); },
    tick: () => fake.runMicrotasks(),
    uninstall: () => fake.restore(),
  });
});
