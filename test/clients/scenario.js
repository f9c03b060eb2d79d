'use strict';

// The part of a scenario that runs in the child: what happened is kept in
// lanes, each in its own order, for what happens in one socket has an order
// that must be the same on both nets, and what happens in two need not.

const assert = require('node:assert');

const SOCKET_EVENTS = ['lookup', 'connect', 'ready', 'end', 'finish', 'close',
  'error', 'timeout'];

let nextCall = 0;
const calls = new Map();

/** Sends the runner a message, once it has been taken over by the channel. */
function send(message) {
  return new Promise((resolve, reject) => {
    process.send(message, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

function settle({ id, error }) {
  const { resolve, reject } = calls.get(id);
  calls.delete(id);
  if (error) reject(new Error(error));
  else resolve();
}

/** Asks the runner for something: 'kill' or 'start', a server. */
function call(action) {
  const id = nextCall++;
  return new Promise((resolve, reject) => {
    calls.set(id, { resolve, reject });
    send({ call: action, id }).catch(reject);
  });
}

function text(value) {
  if (value instanceof Error) return value.code ?? value.message;
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  return value;
}

class Lanes {
  lanes = {};

  log(lane, ...words) {
    this.lanes[lane] ??= [];
    this.lanes[lane].push(words.map(text).join(' '));
  }

  /** Logs events of an emitter; only errors and flags of them are told. */
  watch(lane, emitter, names) {
    for (const name of names) {
      emitter.on(name, (value) => {
        const isTold = value instanceof Error || typeof value === 'boolean';
        this.log(lane, name, ...(isTold ? [value] : []));
      });
    }
    return emitter;
  }

  watchSocket(lane, socket) {
    return this.watch(lane, socket, SOCKET_EVENTS);
  }
}

/** On uvnet bytes must have gone through the addon, on core it is not there. */
function checkCarrier(name) {
  const net = require('node:net');
  if (name === 'core') {
    const loaded = Object.keys(require.cache)
      .filter((file) => file.endsWith('.node'));
    assert.deepStrictEqual(loaded, []);
    return;
  }
  assert.strictEqual(net.Socket, require('../../lib').Socket);
  const { bytesRead, bytesWritten } =
    require('../../lib/binding').statistics();
  assert.ok(bytesRead > 0 && bytesWritten > 0, 'no byte went through uvnet');
}

function isOlderThan(wanted) {
  const own = process.versions.node;
  return own.localeCompare(wanted, 'en', { numeric: true }) < 0;
}

/** What closes only now is part of the scenario, too. */
function reportAtEnd(lanes) {
  process.channel.unref();
  process.once('beforeExit', () => {
    process.channel.ref();
    send({ lanes }).then(() => process.disconnect());
  });
}

/**
 * Runs a scenario. It gets { log, watch, watchSocket, call, key, cert } and
 * the target of its server, and throws if a result is wrong; afterwards the
 * process must end by itself.
 * @param {function(object): Promise} body
 * @param {object} options minNode: the oldest Node that its libraries support,
 *   which it requires in its body then
 */
async function scenario(body, { minNode = '20' } = {}) {
  if (isOlderThan(minNode)) {
    await send({ skipped: `needs Node ${minNode}` });
    process.disconnect();
    return;
  }
  const { name, ...setting } = JSON.parse(process.argv[2]);
  const lanes = new Lanes();
  process.on('message', settle);
  const tools = {
    ...setting,
    call,
    log: lanes.log.bind(lanes),
    watch: lanes.watch.bind(lanes),
    watchSocket: lanes.watchSocket.bind(lanes),
  };
  try {
    await body(tools);
    checkCarrier(name);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
  reportAtEnd(lanes.lanes);
}

module.exports = { scenario };
