'use strict';

// Node's permission model. It looks after core's handles and knows nothing of an
// addon's, so ours ask here before they use the network. Loaded only if the
// model is on.

const { permission } = require('process');
const core = require('./core');

// Whether this version of Node has a permission for the network.
let isKnown = true;

// Core's error if the process may not use the network for `resource`, else
// undefined. A program can give up a permission while it runs.
function denial(resource) {
  if (!isKnown || permission.has('net')) return undefined;
  try {
    // The folder cannot exist: nothing is made where it is allowed.
    core.createServerHandle('/dev/null/uvnet', -1, -1);
    isKnown = false;
    return undefined;
  } catch (error) {
    error.resource = resource;
    return error;
  }
}

module.exports = { denial };
