'use strict';

// msw in a program that speaks HTTPS: handled, passed through, closed.

const { scenario } = require('../scenario');

scenario((tools) => require('../msw').run(tools, 'https'), { minNode: '22.12' });
