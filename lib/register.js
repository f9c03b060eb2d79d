'use strict';

// Replaces net in the whole process: node -r uvnet/register app.js. Core's own
// modules read net's members when they use them, so writing onto the builtin's
// exports reaches them, require(), import and process.getBuiltinModule() alike.
// The members are values, as core's are: stubs and instrumentation look at their
// descriptors before anything uses net. So all of uvnet is loaded here.

// First of all, for it refuses what uvnet cannot run on.
require('./binding');

const { internals } = require('./internals');
const isLate = internals.moduleLoadList.find()?.includes('NativeModule net') ??
  true;
const { syncBuiltinESMExports } = require('module');
const net = require('net');
const process = require('process');

const own = require('./index');
const defaults = require('./defaults');
const version = require('./version');

// A cluster's primary sends what _createServerHandle() gives to its workers,
// and only core's handles can be sent.
for (const name of Object.keys(net)) {
  if (name === '_createServerHandle' || !Object.hasOwn(own, name)) continue;
  const { configurable, enumerable } =
    Object.getOwnPropertyDescriptor(net, name);
  Object.defineProperty(net, name, {
    ...Object.getOwnPropertyDescriptor(own, name), configurable, enumerable });
}
syncBuiltinESMExports();
// For whoever wants to know whether he is on uvnet, and on which.
Object.defineProperty(process.versions, 'uvnet',
  { value: version, enumerable: true, configurable: true });
// tls, https and http2 connect by core's own methods.
defaults.shareWithCore();
require('./interop/active').install();
if (isLate) require('./interop/late').relinkLoaded(own);
