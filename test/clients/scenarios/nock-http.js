'use strict';

// nock in a program that speaks HTTP: mocked, passed through, restored.

const { scenario } = require('../scenario');

scenario((tools) => {
  const { default: nock } = require('nock');
  return require('../nock').run(nock, tools, 'http');
}, { minNode: '22.20' });
