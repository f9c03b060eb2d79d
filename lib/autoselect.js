'use strict';

// Family selection: tries the addresses of a name one after the other until one
// connects (RFC 8305 section 5, in the loose form that Node documents).

const { AggregateError, setTimeout } = require('./builtin');
const debug = require('./debug');
const errors = require('./errors');
const { TCP, newHandle } = require('./transports');
const perf = require('./interop/perf');
const { attachHandle } = require('./stream');
const { kConnector } = require('./symbols');
const versions = require('./versions');

const { uv } = errors;

// Alternates the families, beginning with that of the first address.
function alternate(addresses) {
  const first = addresses.filter(({ family }) =>
    family === addresses[0].family);
  const other = addresses.filter(({ family }) =>
    family !== addresses[0].family);
  const sorted = [];
  for (let i = 0; i < first.length || i < other.length; i++) {
    if (i < first.length) sorted.push(first[i]);
    if (i < other.length) sorted.push(other[i]);
  }
  return sorted;
}

function connectError({ address, port }, status) {
  return errors.connectionException(status, 'connect', address, port);
}

class Selection {
  constructor(socket, target, addresses, steps) {
    this.socket = socket;
    this.target = target;
    this.addresses = alternate(addresses);
    this.steps = steps;
    this.errors = [];
    this.next = 0;
    this.timer = null;
  }

  // Tries the next address; when none is left, the socket fails with all that
  // went wrong.
  tryNext() {
    this.stopTimer();
    const { socket } = this;
    while (socket.connecting) {
      if (this.next === this.addresses.length) {
        socket.destroy(this.failure());
        return;
      }
      const index = this.next++;
      if (this.start(index)) {
        this.watch(index);
        return;
      }
    }
  }

  failure() {
    if (this.errors.length === 0) {
      return errors.codeError('ERR_SOCKET_CONNECTION_TIMEOUT');
    }
    const error = new AggregateError(this.errors);
    error.code = this.errors[0].code;
    return error;
  }

  // Each attempt has a handle of its own; the socket's first one is there. A
  // negative error if there is none to be had: the one before stays.
  freshHandle(index) {
    const { socket } = this;
    if (index > 0) {
      const fresh = newHandle(TCP, TCP.SOCKET);
      if (typeof fresh === 'number') return fresh;
      this.handle()?.close();
      if (socket[kConnector]) socket[kConnector] = fresh;
      else attachHandle(socket, fresh);
    }
    return this.handle();
  }

  // What connects: the socket's handle, or the one behind it.
  handle() {
    return this.socket[kConnector] ?? this.socket._handle;
  }

  // True if the attempt is under way.
  start(index) {
    const { socket } = this;
    const attempt = this.target.at(this.addresses[index]);
    const { address, family, port } = attempt;
    let handle = this.freshHandle(index);
    if (typeof handle === 'number') {
      this.fail(attempt, connectError(attempt, handle));
      return false;
    }
    const bindError = this.steps.bindLocal(handle, attempt);
    if (bindError) {
      this.errors.push(bindError);
      return false;
    }
    const blocked = versions.blockError(socket.blockList, address, family);
    if (blocked) {
      this.fail(attempt, blocked);
      return false;
    }
    socket.autoSelectFamilyAttemptedAddresses.push(`${address}:${port}`);
    if (debug.isOn) {
      debug.log('connect: attempt %s %d, %d of %d', address, port, index + 1,
        this.addresses.length);
    }
    socket.emit('connectionAttempt', address, port, family);
    // A listener may have given the socket another one, or none.
    handle = this.handle();
    if (!socket.connecting || !handle) return false;
    const finish = perf.startConnect(attempt);
    const status = this.steps.startConnect(handle, attempt, (result) => {
      finish(result);
      this.onResult(index, attempt, handle, result);
    });
    if (status) {
      this.fail(attempt, this.steps.startError(socket, status, attempt));
    }
    return !status;
  }

  // The last attempt has all the time it wants.
  watch(index) {
    if (index === this.addresses.length - 1) return;
    const handle = this.handle();
    this.timer = setTimeout(() => {
      if (this.handle() === handle) this.onTimeout(index, handle);
    }, this.target.selection.timeout);
  }

  stopTimer() {
    this.timer?.close();
    this.timer = null;
  }

  onTimeout(index, handle) {
    const { port } = this.target;
    const { address, family } = this.addresses[index];
    handle.abandoned = true;
    if (debug.isOn) debug.log('connect: %s took too long', address);
    this.errors.push(connectError({ address, port }, uv.ETIMEDOUT));
    this.socket.emit('connectionAttemptTimeout', address, port, family);
    this.tryNext();
  }

  onResult(index, attempt, handle, status) {
    if (handle.abandoned) return;
    this.stopTimer();
    if (status === 0) {
      if (!this.socket.destroyed) this.steps.connected(this.socket);
      return;
    }
    this.fail(attempt, connectError(attempt, status));
    this.tryNext();
  }

  fail({ address, family, port }, error) {
    this.errors.push(error);
    this.socket.emit('connectionAttemptFailed', address, port, family, error);
  }
}

// Connects `socket` to one of `addresses` ({ address, family } each, two or
// more). `steps` are what this shares with a plain connection.
function connectToFirst(socket, target, addresses, steps) {
  socket.autoSelectFamilyAttemptedAddresses = [];
  new Selection(socket, target, addresses, steps).tryNext();
}

module.exports = { connectToFirst };
