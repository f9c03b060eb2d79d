'use strict';

// msw in a program that speaks HTTP: handled, passed through, closed.

const { scenario } = require('../scenario');

scenario((tools) => require('../msw').run(tools, 'http'), { minNode: '22.12' });
