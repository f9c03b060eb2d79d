'use strict';

// What a socket or server is told when the stack is nearly full. The call may
// fail, and that socket with it; nothing else may.

const { Random } = require('../differential/random');
const { deepDown } = require('./deep');
const { attempt } = require('./world');

// Frames of a small function that are free when the call comes.
const ROOM = 250;

const operations = {
  write: ({ socket }) => socket.write('x'.repeat(100)),
  bigWrite: ({ socket }) => socket.write(Buffer.alloc(200000)),
  writeWithCallback: ({ socket }) => socket.write('x', () => {}),
  corked({ socket }) {
    socket.cork();
    socket.write('x');
    socket.write(Buffer.alloc(10));
    socket.uncork();
  },
  end: ({ socket }) => socket.end('x'),
  connect: ({ world, target }) => world.addSocket(world.net.connect(target)),
  connectByName: ({ world, target }) => world.addSocket(
    world.net.connect(target.path ? target : { ...target, host: 'localhost' })),
  reconnect: ({ socket, target }) => socket.connect(target),
  construct: ({ world }) => world.addSocket(new world.net.Socket()),
  listen({ world }) {
    const server = world.net.createServer();
    world.addServer(server);
    server.listen(0, '127.0.0.1');
  },
  close: ({ server }) => server.close(),
  destroy: ({ socket }) => socket.destroy(),
  destroyWithError: ({ socket }) => socket.destroy(new Error('x')),
  reset: ({ socket }) => socket.resetAndDestroy?.(),
  pause: ({ socket }) => socket.pause(),
  resume: ({ socket }) => socket.resume(),
  read: ({ socket }) => socket.read(),
  pipe: ({ socket }) => socket.pipe(socket),
  setTimeout: ({ socket }) => socket.setTimeout(1),
  address: ({ socket }) => [socket.address(), socket.remoteAddress],
  counts: ({ socket }) => [socket.bytesRead, socket.bytesWritten],
  unref: ({ socket }) => socket.unref(),
};
const NAMES = Object.keys(operations);

function turn() {
  return new Promise((resolve) => { setImmediate(resolve); });
}

class Stack {
  constructor(world, seed, steps) {
    this.world = world;
    this.random = new Random(seed);
    this.left = steps;
    this.done = 0;
  }

  // One operation, at once or in a listener of the socket or its peer.
  step() {
    const { random, world } = this;
    const server = random.pick(world.servers.slice(0, 2));
    const target = attempt(() => world.targetOf(server));
    const context = { world, server, target: target ?? { port: 1 },
      socket: world.anySocket(random) };
    const name = random.pick(NAMES);
    const room = random.below(ROOM);
    const run = () => deepDown(room, () => attempt(() => operations[name](context)));
    this.log?.(name, room);
    if (random.chance(0.5)) run();
    else context.socket.once(random.pick(['data', 'end', 'close', 'drain']), run);
    if (random.chance(0.3)) {
      attempt(() => world.anySocket(random).write('wake up'));
    }
  }

  async open() {
    await this.world.open(this.random);
    for (let i = 0; i < 4; i++) {
      const target = attempt(() => this.world.anyTarget(this.random));
      if (target) this.world.addSocket(this.world.net.connect(target));
    }
    await turn();
  }

  async run() {
    await this.open();
    for (; this.left > 0; this.left--) {
      attempt(() => this.step());
      this.done++;
      if (this.random.chance(0.3)) await turn();
    }
    for (let i = 0; i < 3; i++) await turn();
  }
}

module.exports = { Stack };
