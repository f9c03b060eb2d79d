'use strict';

// What a handle will answer by an event, in core's own protocol: whoever asks
// gives an object, whose oncomplete(status, handle, …) is called when it is
// over. Users replace handles' methods and keep such objects, and call methods
// of ours with objects of their own.

const { AsyncResource } = require('async_hooks');
const { report } = require('./dispatch');

// A request with an async context of its own, which core makes in C++.
class Request extends AsyncResource {
  // Set by the socket.
  oncomplete = null;
  // Whether the answer comes by oncomplete(); for writes.
  async = false;
  // Of a shutdown that waits for a connect, or of a connect that fails whatever
  // becomes of the connection.
  status = undefined;
  // For the handle: requests wait in a chain, and its first one knows the last.
  next = null;
  last = this;

  constructor(type, triggerAsyncId) {
    super(type, { triggerAsyncId, requireManualDestroy: true });
    this.type = type;
  }

  // Calls who waits, as core calls for a shutdown or a write.
  finish(status, handle) {
    this.oncomplete(status, handle, undefined);
  }
}

class ConnectWrap extends Request {
  // With what core adds for a connection: it can be read and written.
  finish(status, handle) {
    this.oncomplete(status, handle, this, true, true);
  }
}

class TCPConnectWrap extends ConnectWrap {
  constructor(trigger) { super('TCPCONNECTWRAP', trigger); }
}

class PipeConnectWrap extends ConnectWrap {
  constructor(trigger) { super('PIPECONNECTWRAP', trigger); }
}

class ShutdownWrap extends Request {
  constructor(trigger) { super('SHUTDOWNWRAP', trigger); }
}

class WriteWrap extends Request {
  constructor(trigger) { super('WRITEWRAP', trigger); }
}

// A request that a user's object, or nobody, waits for.
function forUser(Class, object, trigger) {
  const request = new Class(trigger);
  request.user = object;
  request.oncomplete = answerUser;
  return request;
}

function answerUser(...args) {
  const { user } = this;
  if (typeof user?.oncomplete !== 'function') return;
  user.oncomplete(...args.map((value) => (value === this ? user : value)));
}

// Calls a request's listener; what it throws is reported in its async scope.
function answer(request, handle, status) {
  try {
    request.finish(status, handle);
  } catch (error) {
    report(error);
  }
}

function complete(request, handle, status) {
  request.runInAsyncScope(answer, undefined, request, handle, status);
  request.emitDestroy();
}

module.exports = {
  PipeConnectWrap, Request, ShutdownWrap, TCPConnectWrap, WriteWrap, complete,
  forUser,
};
