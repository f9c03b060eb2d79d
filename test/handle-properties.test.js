'use strict';

// What programs set, delete and define on socket._handle and server._handle works,
// throws, or does nothing as it does on core's.

const assert = require('node:assert');
const { SPECIFIERS, disposeAll, listen, tmpPath } = require('./helper');

const VALUES = {
  'undefined': () => undefined,
  'null': () => null,
  '0': () => 0,
  'false': () => false,
  'text': () => 'x',
  'function': () => () => {},
  'object': () => ({}),
};
// What only core's handles have, and what aborts the process there.
const LEFT_OUT = new Set(['owner', '_externalStream', 'onread', 'constructor']);

function namesOf(handle) {
  const names = new Set();
  for (let at = handle; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (!LEFT_OUT.has(name)) names.add(name);
    }
  }
  return [...names];
}

function outcome(run) {
  try {
    return run();
  } catch (error) {
    return error.name;
  }
}

// What is done to a property, by name; each on a handle of its own.
const ACTS = {
  delete: (handle, name) => delete handle[name],
  define(handle, name) {
    Object.defineProperty(handle, name, { value: 5, configurable: true });
    return handle[name];
  },
};
for (const [title, make] of Object.entries(VALUES)) {
  ACTS[`set ${title}`] = (handle, name) => {
    const value = make();
    handle[name] = value;
    return handle[name] === value;
  };
}

async function table(net, names, where) {
  const rows = {};
  for (const name of names) {
    for (const [title, act] of Object.entries(ACTS)) {
      const server = await listen(net.createServer(), ...where());
      const handle = server._handle;
      rows[`${name}: ${title}`] = outcome(() => act(handle, name));
      server._handle = null;
      // By core's own method, whatever lies in its place now.
      delete handle.close;
      handle.close();
    }
  }
  return rows;
}

describe('properties of handles', function suite() {
  this.timeout(60000);
  afterEach(disposeAll);

  for (const [title, where] of Object.entries({
    TCP: () => [0, '127.0.0.1'], Pipe: () => [tmpPath()] })) {
    it(title, async () => {
      const core = require(SPECIFIERS.core);
      const own = require(SPECIFIERS.uvnet);
      const server = await listen(core.createServer(), ...where());
      const names = namesOf(server._handle);
      assert.ok(names.includes('isStreamBase') && names.length > 20, `${names}`);
      assert.deepStrictEqual(await table(own, names, where),
        await table(core, names, where));
    });
  }
});
