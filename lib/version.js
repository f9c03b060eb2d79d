'use strict';

// As in package.json, which would be another file to find and parse.
module.exports = '0.1.0';
