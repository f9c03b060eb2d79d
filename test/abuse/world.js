'use strict';

// The sockets, servers and handles that a script may hurt, and how it ends: all
// that it has opened is closed, and what is left is a finding.

const { HostileError } = require('./errors');

// Turns of the loop until all must be closed.
const PATIENCE = 400;

function ignore() {}

class World {
  sockets = [];
  servers = [];
  handles = [];
  memories = [];
  // A step has reached behind the public methods: what it leaves open is its own.
  isTampered = false;

  // `isOurs` tells uvnet's handles: on core's a wrong call ends the process.
  constructor(net, isOurs, folder) {
    this.net = net;
    this.isOurs = isOurs;
    this.folder = folder;
  }

  keepMemory(memory) {
    this.memories.push(memory);
    if (this.memories.length > 20) this.memories.shift();
  }

  keepHandle(owner) {
    const handle = owner?._handle;
    if (!this.isOurs(handle) || this.handles.includes(handle)) return;
    this.handles.push(handle);
  }

  addSocket(socket) {
    if (!(socket instanceof this.net.Socket)) return;
    if (!this.sockets.includes(socket)) this.sockets.push(socket);
    socket.on('error', ignore);
    this.keepHandle(socket);
  }

  addServer(server) {
    if (!this.servers.includes(server)) this.servers.push(server);
    server.on('error', ignore);
    server.prependListener('connection', (socket) => {
      this.addSocket(socket);
      if (socket.listenerCount('data') === 0) socket.resume();
    });
  }

  // A TCP server and one on a path, each with a connection.
  async open(random) {
    for (let i = 0; i < 2; i++) {
      const server = this.net.createServer({ allowHalfOpen: random.chance(0.2) });
      this.addServer(server);
      const path = `${this.folder}/${i}-${random.below(2 ** 31)}`;
      await new Promise((resolve) => {
        server.once('error', resolve);
        if (i === 0) server.listen(0, '127.0.0.1', resolve);
        else server.listen(path, resolve);
      });
      this.keepHandle(server);
      const target = this.targetOf(server);
      if (target === null) continue;
      const client = this.net.connect(target);
      this.addSocket(client);
      client.resume();
      await new Promise((resolve) => {
        client.once('connect', resolve);
        client.once('close', resolve);
      });
      this.keepHandle(client);
    }
  }

  targetOf(server) {
    const address = server.address();
    if (address === null) return null;
    return typeof address === 'string' ? { path: address } :
      { port: address.port, host: '127.0.0.1' };
  }

  // Where a connection may go: to one of these servers, or nowhere.
  anyTarget(random) {
    for (const server of this.servers) {
      if (!random.chance(0.5)) continue;
      try {
        const target = this.targetOf(server);
        if (target) return target;
      } catch { /* its handle is not what it was */ }
    }
    return random.pick([{ port: 1, host: '127.0.0.1' },
      { path: `${this.folder}/none` }, { port: 0, host: '127.0.0.1' }]);
  }

  anySocket(random) { return random.pick(this.sockets); }
  anyServer(random) { return random.pick(this.servers); }
  anyHandle(random) { return random.pick(this.handles); }

  anyObject(random) {
    return random.pick([this.anySocket(random), this.anyServer(random),
      this.anyHandle(random), this.net, this.net.Socket, {}, [], globalThis.Map,
      new AbortController().signal, new this.net.BlockList(),
      AbortSignal.abort(), new Date(0)]);
  }

  // Closes all by the classes' own methods, whatever objects carry now.
  close() {
    const { Server, Socket } = this.net;
    for (const socket of this.sockets) {
      attempt(() => socket.on('error', ignore));
      attempt(() => Socket.prototype.destroy.call(socket));
    }
    for (const server of this.servers) {
      attempt(() => server.on('error', ignore));
      attempt(() => Server.prototype.close.call(server));
    }
  }

  closeHandles(handles) {
    for (const handle of handles) {
      attempt(() => Object.getPrototypeOf(handle).close.call(handle));
    }
  }
}

async function until(condition) {
  for (let i = 0; i < PATIENCE && !condition(); i++) {
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

// Ends all that a script has opened; a text if something is left. `countHandles`
// gives how many handles there are beside the canary's, `handlesNow` which.
async function closeWorld(world, countHandles, handlesNow) {
  world.close();
  await until(() => countHandles() <= 0);
  const left = countHandles();
  if (left <= 0) return '';
  const wasTampered = world.isTampered;
  world.closeHandles(handlesNow());
  await until(() => countHandles() <= 0);
  if (countHandles() > 0) return `${countHandles()} handles are left for ever`;
  return wasTampered ? '' : `${left} handles were left open`;
}

function attempt(call) {
  try {
    return call();
  } catch (error) {
    return error instanceof HostileError ? undefined : error;
  }
}

module.exports = { World, attempt, closeWorld };
