'use strict';

// One script: a world, and a number of steps that are drawn from its seed.

const { Random, WEIGHTS, actions, seedOf } = require('./actions');
const { HostileError } = require('./errors');

const DEPTH = 4;

function turn() {
  return new Promise((resolve) => { setImmediate(resolve); });
}

class Script {
  depth = 0;
  isOver = false;
  done = 0;
  log = null;
  // How many steps are left when exit() ends the process.
  exitAt = -1;
  exit = null;

  constructor(world, seed, steps) {
    this.world = world;
    this.random = new Random(seed);
    this.left = steps;
  }

  // A callback that does something hostile each time it is called, the same in
  // each run, and then may throw.
  trap(random) {
    const own = new Random(seedOf(random));
    const throws = own.chance(0.1);
    return () => {
      if (this.isOver) return;
      this.step(own);
      if (throws) throw new HostileError('a callback throws');
    };
  }

  step(random) {
    if (this.isOver || this.depth >= DEPTH || this.left <= 0) return;
    this.left--;
    this.done++;
    this.depth++;
    const name = random.weighted(WEIGHTS);
    this.log?.(name, this.depth);
    if (this.left === this.exitAt) this.exit();
    try {
      actions[name](this, random);
      for (const socket of this.world.sockets) this.world.keepHandle(socket);
    } catch (error) {
      this.world.caught?.(error);
    } finally {
      this.depth--;
    }
  }

  async run() {
    await this.world.open(this.random);
    while (this.left > 0) {
      this.depth = 0;
      this.step(this.random);
      if (this.random.chance(0.3)) await turn();
    }
    for (let i = 0; i < 3; i++) await turn();
  }
}

module.exports = { Script };
