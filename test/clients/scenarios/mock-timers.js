'use strict';

// The mocked timers of node:test, and sockets.

const { mock } = require('node:test');
const { scenario } = require('../scenario');
const { run } = require('../timers');

const { timers } = mock;

scenario((tools) => run(tools, {
  install: () => timers.enable({
    apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'],
  }),
  tick: (time) => timers.tick(time),
  uninstall: () => timers.reset(),
}));
