'use strict';

// The undici for Node 20.

const { scenario } = require('../scenario');

scenario((tools) => require('../undici').run(require('undici-7'), tools));
