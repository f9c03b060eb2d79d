'use strict';

// undici, as it is installed rather than as Node has it built in.

const { scenario } = require('../scenario');

scenario((tools) => require('../undici').run(require('undici'), tools),
  { minNode: '22.19' });
