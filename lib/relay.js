'use strict';

// What a socket knows that is piped to another one of ours, and whether all
// else leaves the two alone: then the bytes go from one to the other in C.

const binding = require('./binding');
const { emit } = require('./core');

// A copy of the relay's memory between two offsets, as a chunk.
function relayMemory(start, end) {
  return binding.relayed(start, end - start);
}

class Relay {
  // pipe()'s listener of 'data', and the socket that it writes to.
  constructor(listener, to) {
    this.listener = listener;
    this.to = to;
    // pipe()'s listener of 'drain', once it has one.
    this.onDrain = undefined;
  }

  // Whether the pipe is still there, and nobody else listens to 'data'.
  isAlive(from) {
    return from._events.data === this.listener;
  }

  // Whether nobody would notice that the source is not paused and resumed for
  // each chunk that fills up its destination.
  isFree(from) {
    const { _events: events } = from;
    const { to } = this;
    return emit !== undefined && from.emit === emit && to.emit === emit &&
      events.pause === undefined && events.resume === undefined &&
      to._events.drain === this.onDrain;
  }
}

module.exports = { Relay, relayMemory };
