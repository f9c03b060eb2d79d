'use strict';

// The nock for Node 20, in a program that speaks HTTPS.

const { scenario } = require('../scenario');

scenario((tools) => {
  const nock = require('nock-14');
  return require('../nock').run(nock, tools, 'https');
});
