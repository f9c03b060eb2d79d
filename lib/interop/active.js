'use strict';

// What keeps the process alive, as process tells it: our handles and requests
// among core's.

const process = require('process');
const { handles } = require('../dispatch');
const { idOf, kOwner, requestsOf } = require('../handle');
const { providerOf } = require('./provider');

// Core's names, which are not those of async hooks.
const names = {
  TCPWRAP: 'TCPSocketWrap',
  TCPSERVERWRAP: 'TCPServerWrap',
  PIPEWRAP: 'PipeWrap',
  PIPESERVERWRAP: 'PipeWrap',
  TCPCONNECTWRAP: 'ConnectWrap',
  PIPECONNECTWRAP: 'ConnectWrap',
  SHUTDOWNWRAP: 'SimpleShutdownWrap',
  WRITEWRAP: 'SimpleWriteWrap',
};

// Those that keep the process alive, and those that are about to close.
function activeHandles() {
  return handles.filter((handle) => handle !== undefined &&
    (handle.hasRef() || idOf(handle) < 0));
}

function activeRequests() {
  const requests = [];
  for (const handle of handles) {
    for (let request of handle ? requestsOf(handle) : []) {
      for (; request !== null; request = request.next) requests.push(request);
    }
  }
  return requests;
}

function isTimer(name) {
  return name === 'Timeout' || name === 'Immediate';
}

// Requests, then handles, then timers, as core lists them.
function withOurs(types) {
  const index = types.findIndex(isTimer);
  const end = index < 0 ? types.length : index;
  return [
    ...activeRequests().map(({ type }) => names[type]),
    ...types.slice(0, end),
    ...activeHandles().map((handle) => names[providerOf(handle)]),
    ...types.slice(end),
  ];
}

function wrap(name, extend) {
  const original = process[name];
  if (typeof original !== 'function') return;
  process[name] = { [name]() {
    return extend(original.call(process));
  } }[name];
}

function install() {
  wrap('getActiveResourcesInfo', withOurs);
  wrap('_getActiveHandles', (objects) => [
    ...objects, ...activeHandles().map((handle) => handle[kOwner] ?? handle)]);
  wrap('_getActiveRequests', (objects) => [...objects, ...activeRequests()]);
}

module.exports = { install };
