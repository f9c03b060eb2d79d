'use strict';

// The page of memory by which a process tells the shim in it what shall fail;
// struct page in shim.c. The shim maps the file, so what is written to the file
// is what it sees.

const fs = require('node:fs');

const CALLS = ['none', 'socket', 'bind', 'listen', 'accept', 'connect', 'read',
  'write', 'shutdown', 'close', 'epoll', 'getname', 'setoption', 'malloc'];
const ROLES = ['unknown', 'fresh', 'listener', 'client', 'accepted'];

const WATCHING = 0;
const ARMED = 1;
const PLAN = 2;
const HITS = 8;
const COUNTS = 9;
const FIELDS = COUNTS + CALLS.length * ROLES.length;
const WORD = 4;

// In the place of an errno: the call moves one byte.
const ONE_BYTE = -1;

class Page {
  #fd;

  constructor(file) {
    this.#fd = fs.openSync(file, 'r+');
  }

  /** A file for a process that is started with UVNET_FAULTS set to its name. */
  static create(file) {
    fs.writeFileSync(file, Buffer.alloc(4096));
  }

  #write(field, values) {
    fs.writeSync(this.#fd, Buffer.from(Int32Array.from(values).buffer), 0,
      values.length * WORD, field * WORD);
  }

  #read(field, count) {
    const words = new Int32Array(count);
    fs.readSync(this.#fd, words, 0, count * WORD, field * WORD);
    return words;
  }

  /** Nothing fails, and all counts are 0. */
  reset() { this.#write(0, new Int32Array(FIELDS)); }

  /** Sockets that are made from now on may be made to fail. */
  watch(isOn) { this.#write(WATCHING, [isOn ? 1 : 0]); }

  /** The n-th call fails; all that follow too, or the next with `then`. */
  plan({ call, role, nth, keepsFailing, error, then = 0 }) {
    this.#write(PLAN, [CALLS.indexOf(call), ROLES.indexOf(role), nth,
      keepsFailing ? 1 : 0, error, then]);
  }

  arm(isOn) { this.#write(ARMED, [isOn ? 1 : 0]); }

  get hits() { return this.#read(HITS, 1)[0]; }

  /** How often each call was made: { 'write client': 3, … }. */
  counts() {
    const words = this.#read(COUNTS, CALLS.length * ROLES.length);
    const counts = {};
    words.forEach((count, at) => {
      if (count === 0) return;
      const call = CALLS[Math.floor(at / ROLES.length)];
      counts[`${call} ${ROLES[at % ROLES.length]}`] = count;
    });
    return counts;
  }
}

module.exports = { ONE_BYTE, Page };
