'use strict';

// Loaded ahead of every process of a test, by way of NODE_OPTIONS.
require('../../lib/register.js');
require('./internals.js').install();
