'use strict';

// For resolvers that do not read "exports" in package.json, as TypeScript's
// "node10" does not.
module.exports = require('./lib/register');
