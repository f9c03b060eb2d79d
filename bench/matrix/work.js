'use strict';

// One cell, opened in this process: operations on it, and what they cost.

const { makePayload } = require('./payload');
const { Sink } = require('./sink');

const protocols = {
  net: () => require('./protocols/net'),
  http: () => require('./protocols/http').http,
  https: () => require('./protocols/http').https,
  ws: () => require('./protocols/ws'),
  redis: () => require('./protocols/redis'),
  pg: () => require('./protocols/pg'),
};

// Readers of strings count characters.
function makeSink({ protocol, direction, reader }, payload) {
  const isText = reader === 'encoding' ||
    (protocol === 'pg' && direction === 'down');
  return isText ? new Sink(payload.characters, payload.decode) :
    new Sink(payload.bytes);
}

function turn() {
  return new Promise((resolve) => { setImmediate(resolve); });
}

async function openLane(cell, folder, payload) {
  const sink = makeSink(cell, payload);
  const session = await protocols[cell.protocol]()({ cell, folder, payload,
    sink });
  return { sink, session };
}

class Work {
  /** Opens a cell, and makes sure by one operation of each lane that it works. */
  static async open(cell, folder) {
    const work = new Work();
    work.payload = makePayload(cell);
    work.lanes = [];
    try {
      for (let i = 0; i < cell.lanes; i++) {
        work.lanes.push(await openLane(cell, folder, work.payload));
      }
      await work.verify();
    } catch (err) {
      await work.close();
      throw err;
    }
    return work;
  }

  async verify() {
    for (const { sink } of this.lanes) sink.startHash();
    await this.operate(this.lanes.length);
    for (const { sink } of this.lanes) {
      const hash = sink.endHash();
      if (sink.left !== 0 || hash !== this.payload.hash) {
        throw new Error(`${sink.left} bytes missing, or others than sent`);
      }
    }
  }

  /** One operation after the other on each lane, so many in all. */
  operate(count) {
    return new Promise((resolve) => {
      let left = count;
      let running = 0;
      const next = ({ session }) => {
        left--;
        running++;
        session.operate(() => {
          running--;
          if (left > 0) next({ session });
          else if (running === 0) resolve();
        });
      };
      for (const lane of this.lanes) if (left > 0) next(lane);
    });
  }

  /** Microseconds of processor time of that. */
  async cost(count) {
    const before = process.cpuUsage();
    await this.operate(count);
    // What the last one leaves to be done: callbacks of its writes.
    await turn();
    await turn();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  }

  /**
   * Operates more and more, until a batch takes these milliseconds.
   * @returns {Promise<object>} how many operations would take that, and how
   *   many there were in all
   */
  async calibrate(milliseconds) {
    const wanted = milliseconds * 1000;
    const until = performance.now() + 20 * milliseconds;
    let all = 0;
    for (let count = this.lanes.length; ; count *= 2) {
      const cost = await this.cost(count);
      all += count;
      if (cost >= wanted / 2 || performance.now() > until) {
        return { all, count: Math.max(1, Math.round(count * wanted / cost)) };
      }
    }
  }

  async close() {
    for (const { session } of this.lanes) await session.close();
  }
}

module.exports = { Work };
