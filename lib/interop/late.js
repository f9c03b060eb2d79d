'use strict';

// Modules of Node's own that took classes or functions from net before it was
// replaced get ours. Classes that users derived before then stay core's.

const core = require('../core');
const { Server } = require('../server');
const { Socket } = require('../socket');

// Lets a class that is derived from one of core's derive from ours.
function relink(Class, CoreClass, Own) {
  if (Object.getPrototypeOf(Class.prototype) !== CoreClass.prototype) return;
  Object.setPrototypeOf(Class.prototype, Own.prototype);
  Object.setPrototypeOf(Class, Own);
}

function relinkServer(Class) {
  relink(Class, core.Server, Server);
}

// By module; https loads parts of http without http itself.
const relinkers = {
  http({ Agent: { prototype }, Server: HttpServer }, { connect }) {
    relinkServer(HttpServer);
    if (prototype.createConnection === core.connect) {
      prototype.createConnection = connect;
    }
  },
  http2(http2) {
    relinkServer(http2.createServer().constructor);
  },
  tls(tls) {
    relinkServer(tls.Server);
    relink(tls.TLSSocket, core.Socket, Socket);
  },
};

// Each named in full, for bundlers turn other calls of require() into errors.
const load = {
  http: () => require('http'),
  http2: () => require('http2'),
  tls: () => require('tls'),
};

function isLoaded(name) {
  return core.moduleLoadList?.includes(`NativeModule ${name}`) ?? false;
}

// Reaches the modules that are loaded already; `net` is ours.
function relinkLoaded(net) {
  for (const [name, change] of Object.entries(relinkers)) {
    if (!isLoaded(name) && !isLoaded(`_${name}_server`)) continue;
    change(load[name](), net);
  }
}

module.exports = { relinkLoaded };
