'use strict';

// Replaces net in the whole process: node -r uvnet/register app.js. Core's own
// modules read net's members when they use them, so writing onto the builtin's
// exports reaches them, require(), import and process.getBuiltinModule() alike.
// A process that uses no network does not pay for ours: whoever reads a member
// first gets it loaded.

// Whoever starts the process learns that there is no binary, not whoever first
// reads a member.
require('./binding');

const process = require('process');

// Under the permission model all is read now: later it may be forbidden.
const isLate = process.permission !== undefined ||
  process.moduleLoadList.includes('NativeModule net');
const diagnostics = require('diagnostics_channel');
const { syncBuiltinESMExports } = require('module');
const net = require('net');
const builtin = require('./builtin');

// A cluster's primary sends what _createServerHandle() gives to its workers,
// and only core's handles can be sent.
const names = Object.keys(net).filter((name) => name !== '_createServerHandle');

// By name.
const getters = {};
let uvnet = null;

// Gives ours. Core's while ours is being loaded: what that needs may ask for a
// socket, such as a warning that goes to a pipe.
function load() {
  if (uvnet === null) require('./index');
  return uvnet ?? builtin.net;
}

// What somebody else has defined meanwhile stays.
function replace(name, own) {
  if (Object.getOwnPropertyDescriptor(net, name)?.get !== getters[name]) return;
  Object.defineProperty(net, name,
    Object.getOwnPropertyDescriptor(name in own ? own : builtin.net, name));
}

// Gives `own` net's place in the process.
function install(own) {
  const edges = ['active', 'ipc', 'perf']
    .map((name) => require(`./interop/${name}`));
  for (const name of names) replace(name, own);
  syncBuiltinESMExports();
  for (const edge of edges) edge.install();
  uvnet = own;
}

function installOnUse(name) {
  const { enumerable } = Object.getOwnPropertyDescriptor(builtin.net, name);
  getters[name] = () => load()[name];
  Object.defineProperty(net, name, {
    get: getters[name],
    set(value) {
      load();
      net[name] = value;
    },
    configurable: true,
    enumerable,
  });
}

// A child's object is made, and not spawned yet. To load child_process before
// would cost each process a millisecond.
function onFirstChild() {
  diagnostics.unsubscribe('child_process', onFirstChild);
  load();
  require('./interop/ipc').wrapSpawn();
}

names.forEach(installOnUse);
builtin.onload = install;
diagnostics.subscribe('child_process', onFirstChild);
if (isLate) {
  const own = require('./index');
  if (uvnet === null) install(own);
  require('./interop/late').relinkLoaded(own);
}
