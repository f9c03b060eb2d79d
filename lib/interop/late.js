'use strict';

// Modules of Node's own that took classes or functions from net before it was
// replaced get ours. Classes that users derived before then stay core's.

const process = require('process');
const core = require('../core');
const { Server } = require('../server');

const { moduleLoadList } = process;

// Lets a class that is derived from core's Server derive from ours.
function relink(Class) {
  if (Object.getPrototypeOf(Class.prototype) !== core.Server.prototype) return;
  Object.setPrototypeOf(Class.prototype, Server.prototype);
  Object.setPrototypeOf(Class, Server);
}

// By module; https loads parts of http without http itself.
const relinkers = {
  http({ Agent: { prototype }, Server: HttpServer }, { connect }) {
    relink(HttpServer);
    if (prototype.createConnection === core.connect) {
      prototype.createConnection = connect;
    }
  },
  http2(http2) {
    relink(http2.createServer().constructor);
  },
  tls(tls) {
    relink(tls.Server);
  },
};

function isLoaded(name) {
  return moduleLoadList.includes(`NativeModule ${name}`);
}

// Reaches the modules that are loaded already; `net` is ours.
function relinkLoaded(net) {
  for (const [name, change] of Object.entries(relinkers)) {
    if (!isLoaded(name) && !isLoaded(`_${name}_server`)) continue;
    change(require(name), net);
  }
}

module.exports = { relinkLoaded };
