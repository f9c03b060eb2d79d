'use strict';

// One end of a load: see run.js. Both ends run on the net that is measured.

const { ownNet, serve } = require('../agent');
const churn = require('./churn');
const hold = require('./hold');
const { measure } = require('./measure');
const pair = require('./pair');

const net = ownNet();
const LOADS = { churn, hold, pair };
let load;

serve({
  measure,
  // Gives what the other end needs to know.
  start(name, role, settings) {
    load = new LOADS[name][role](net, settings);
    return load.start();
  },
  // One step of the load, with its arguments.
  step(name, ...args) { return load[name](...args); },
});
