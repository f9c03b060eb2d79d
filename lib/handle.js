'use strict';

// The handles: what socket._handle and server._handle are. A handle is a number
// to C; the objects here give it core's method names, an async context, and a
// place in the table that keeps it alive until libuv has closed it.

const { AsyncResource } = require('async_hooks');
const process = require('process');
const { Accepted } = require('./accepted');
const binding = require('./binding');
const { TypeError } = require('./builtin');
const core = require('./core');
const {
  drainTicks, guarded, handles, hasMore, kinds, serve, takeChunk, takeLarge, takeReads,
  takeView,
} = require('./dispatch');
const { errnoException, uv } = require('./errors');
const { defineOnRead, kReader } = require('./interop/readers');
const { defineProvider } = require('./interop/provider');
const { defineWrites } = require('./interop/writes');
const outbox = require('./outbox');
const {
  Request, ShutdownWrap, TCPConnectWrap, complete, forUser,
} = require('./requests');
const { writeText, writeVector } = require('./vector');

const { results } = binding;

const {
  READ, WRITE, CONNECT, SHUTDOWN, CONNECTION, CLOSE, WRITE_FAILED, WRITE_QUEUED,
  READ_LARGE, READ_RELAY, STARVED,
} = kinds;

// A write that had waited in the outbox and ended before whatever happened to its
// handle since: UVNET_WRITE_FROM_OUTBOX.
const FROM_OUTBOX = 1;

const manual = { requireManualDestroy: true };

const enter = AsyncResource.prototype.runInAsyncScope;

// As lib/permission.js has it, for the few processes that need it.
const denial = process.permission ? require('./permission').denial : () => {};

// Throws where core's handles do, if the process may not listen.
function checkPermission(resource) {
  const error = denial(resource);
  if (error) throw error;
}

let idOf;
let deliver;
let expectEnd;
let requestsOf;
let startConnect;

// Where core keeps the net.Socket or net.Server that uses a handle.
const kOwner = core.ownerSymbol;

// A process may have many thousands of these, so what few of them need are
// properties of the prototype.
class Handle extends AsyncResource {
  #id;
  #onclose = null;
  // The connect and shutdown that run, the older one first.
  #request = null;
  // The oldest pending write; its `last` is the youngest.
  #writes = null;
  // What defer() took waits for the kernel: the stream must hear of more.
  #isQueued = false;

  [kOwner] = null;
  reading = false;

  constructor(type, kind, options) {
    const known = Accepted.take(options);
    super(type, known < 0 ? manual : options);
    const id = known < 0 ? binding.create(kind) : known;
    if (id < 0) throw errnoException(id, 'socket');
    this.#id = id;
    handles[id] = this;
  }

  static {
    idOf = (handle) => {
      if (handle === null || typeof handle !== 'object' || !(#id in handle)) {
        throw new TypeError('Illegal invocation');
      }
      return handle.#id;
    };

    // What C has not answered yet: the first connect or shutdown, and the first
    // write.
    requestsOf = (handle) => [handle.#request, handle.#writes];

    // 0, and request.oncomplete(status, …) will be called; or a negative error, or
    // as with core's handles the error of the permission model.
    startConnect = (handle, Class, request, address, port) => {
      const id = idOf(handle);
      const denied = denial(address);
      if (denied !== undefined) return denied;
      // C may have connected by now, which is nobody's to know before the event.
      const again = handle.#request instanceof Class;
      if (again) return handle.#connectAgain(Class, request);
      const status = binding.connect(id, address, port, 0);
      if (status === 0) handle.#expectAnswer(Class, request);
      return status;
    };

    // `request`, a new one of ours, will be completed when the last send has
    // ended. No method of the handle, for others would give it what they have.
    expectEnd = (handle, request) => {
      if (idOf(handle) < 0) return;
      if (handle.#writes === null) handle.#writes = request;
      else handle.#writes.last.next = request;
      handle.#writes.last = request;
    };

    // Brings one event to its handle, inside the async scope it belongs to.
    deliver = (handle, kind, a, b) => {
      switch (kind) {
        case READ:
          if (b >= 0) handle.#bringChunk(a, b);
          else enter.call(handle, guarded, handle, handle[kReader], a);
          break;
        case READ_LARGE:
          enter.call(handle, guarded, handle, handle[kReader], a,
            takeLarge(b));
          break;
        case READ_RELAY:
          enter.call(handle, guarded, handle, handle.onrelay, a, b);
          break;
        case WRITE:
          if (b === FROM_OUTBOX) handle.#finishWrite(a);
          else handle.#finish(kind, a);
          break;
        case CONNECT:
        case SHUTDOWN: handle.#finish(kind, a); break;
        case CONNECTION: handle.#accept(a, b); break;
        case CLOSE: handle.#finishClose(); break;
        case WRITE_FAILED:
          enter.call(handle, guarded, handle, handle.onwriteerror, a);
          break;
        case WRITE_QUEUED: handle.#isQueued = a === 1; break;
        case STARVED:
          enter.call(handle, guarded, handle, handle.onstarved, a);
          break;
      }
    };
  }

  // A read whose bytes lie in C's memory. Without memory for the chunk the socket
  // fails, as if the read had.
  #bringChunk(length, offset) {
    let count = length;
    let chunk;
    try {
      chunk = this.#copiesReads() ? takeView(length, offset) :
        takeChunk(length, offset);
    } catch {
      count = uv.ENOMEM;
    }
    enter.call(this, guarded, this, this[kReader], count, chunk);
  }

  // Whether what is read goes on into the user's own buffer, or to a reader who is
  // done with it when he returns, so that nobody sees a chunk.
  #copiesReads() {
    const { [kReader]: reader } = this;
    return this.userBuffers === null ? reader === this.viewReader :
      reader === Handle.prototype[kReader];
  }

  // What C had done, or failed to do, when a listener of the same turn of the loop
  // closed the handle: libuv would cancel it on closing, as #finishClose() does. Not
  // so if nobody owns the handle, for the connection goes on elsewhere.
  #finish(kind, status) {
    if (this.#id < 0 && this[kOwner] !== null) return;
    if (kind === WRITE) this.#finishWrite(status);
    else this.#finishRequest(kind === SHUTDOWN, status);
  }

  #finishWrite(status) {
    const request = this.#writes;
    // Somebody wrote through the handle and did not care.
    if (request === null) return;
    this.#writes = request.next;
    if (request.next !== null) request.next.last = request.last;
    complete(request, this, status);
  }

  #finishRequest(isShutdown, status) {
    let before = null;
    let request = this.#request;
    while (request !== null && request instanceof ShutdownWrap !== isShutdown) {
      before = request;
      request = request.next;
    }
    if (request === null) return;
    // As with libuv, a connect that runs comes first.
    if (isShutdown && (before ?? request.next) !== null) {
      request.status = status;
      return;
    }
    if (before === null) this.#request = request.next;
    else before.next = request.next;
    complete(request, this, isShutdown ? status : request.status ?? status);
    const { status: held } = this.#request ?? {};
    if (held !== undefined) this.#finishRequest(true, held);
  }

  // C will answer a connect or shutdown for `object`: a request of ours, or what
  // somebody else gave to the handle's method.
  #expectAnswer(Class, object, status) {
    const request = object instanceof Request ? object :
      forUser(Class, object, this.asyncId());
    request.status = status;
    if (this.#request === null) this.#request = request;
    else this.#request.next = request;
  }

  // As libuv does while one runs: on a pipe, which is connected by then, another
  // fails in the place of the first.
  #connectAgain(Class, object) {
    if (Class === TCPConnectWrap) return uv.EALREADY;
    this.#request = this.#request.next;
    this.#expectAnswer(Class, object, uv.EISCONN);
    return 0;
  }

  // As with core, a connection is triggered by its server but made outside of
  // its scope: it does not inherit the store of who called listen().
  #accept(status, id) {
    let client;
    if (this.#id < 0) {
      // Closed meanwhile: as the kernel does with those in a queue that ends. A
      // pipe has no RST.
      if (status === 0 && binding.closeReset(id) !== 0) binding.close(id);
      return;
    }
    if (status === 0) client = this.#acceptedHandle(id);
    enter.call(this, guarded, this, this.onconnection, status, client);
  }

  // The handle of a connection that C has accepted. Where that cannot be made (a
  // user has put something else in the place of its class), nobody has the id.
  #acceptedHandle(id) {
    const { constructor: Class } = this;
    try {
      return new Class(Class.SOCKET, new Accepted(id, this.asyncId()));
    } finally {
      if (handles[id] === undefined) binding.close(id);
    }
  }

  // In libuv's order, with ticks after each.
  #cancel() {
    this.#finishRequest(false, uv.ECANCELED);
    drainTicks();
    for (; this.#writes !== null; drainTicks()) this.#finishWrite(uv.ECANCELED);
    this.#finishRequest(true, uv.ECANCELED);
    drainTicks();
  }

  #finishClose() {
    if (this.#request !== null || this.#writes !== null) this.#cancel();
    const done = this.#onclose;
    this.#onclose = null;
    if (done !== null) enter.call(this, guarded, this, done);
    super.emitDestroy();
  }

  // Each send gives 0 if the kernel has all bytes, a negative error, or 1: then
  // expectEnd() must say next who wants to know of its end.
  send(view) { return binding.write(idOf(this), view); }

  // Keeps a small chunk until the running dispatch ends. False if it has to be
  // sent at once.
  defer(chunk, asLatin1) {
    const id = idOf(this);
    return id >= 0 && !this.#isQueued && outbox.put(id, chunk, asLatin1);
  }

  // As defer(), for the elements of a stream's buffer, of which expectEnd() must
  // say next who wants to know of their end. The last event's writes would wait
  // for nobody's.
  deferVector(chunks) {
    const id = idOf(this);
    return hasMore() && id >= 0 && !this.#isQueued &&
      outbox.putVector(id, chunks);
  }

  // As send(), with the elements of a stream's buffer.
  sendVector(chunks) { return writeVector(idOf(this), chunks); }

  // Encodes as UTF-8, or with `latin1` as Latin-1.
  sendString(string, latin1) { return writeText(idOf(this), string, latin1); }

  // What the kernel has not taken and another handle has to send; or an error.
  takeWrites() {
    const bytes = binding.unsent(idOf(this)) ?? null;
    if (bytes === null || typeof bytes === 'number') return bytes;
    let next = this.#writes;
    this.#writes = null;
    return { bytes: bytes.subarray(0, results[0]), done: (status) => {
      for (; next !== null; next = next.next) complete(next, this, status);
    } };
  }

  // What was read and nobody has seen yet, for whoever takes over.
  takeReads() {
    const chunks = takeReads(idOf(this));
    if (this.held !== null) chunks.unshift(...this.held);
    this.held = null;
    return chunks;
  }

  // 0, and request.oncomplete(status, …) will be called; or a negative error.
  shutdown(request) {
    const status = binding.shutdown(idOf(this));
    if (status === 0) this.#expectAnswer(ShutdownWrap, request);
    return status;
  }

  // Closes once; `done` runs when libuv has let go of the handle. Leaves in
  // `results` the bytes read and written.
  close(done) {
    const id = idOf(this);
    if (id < 0) return;
    binding.close(id);
    this.#closing(done);
  }

  // As close(), with RST in place of FIN. 0 or a negative error; with an error
  // the handle stays open.
  reset(done) {
    const id = idOf(this);
    // As from libuv while it shuts down; C may have done so at once.
    const shuts = id >= 0 && this.#request instanceof ShutdownWrap;
    const status = shuts ? uv.EINVAL : binding.closeReset(id);
    if (status === 0) this.#closing(done);
    return status;
  }

  // From here on every method answers UV_EBADF.
  #closing(done) {
    this.#id = -1;
    if (typeof done === 'function') this.#onclose = done;
  }

  readStart() { return binding.readStart(idOf(this)); }
  readStop() { return binding.readStop(idOf(this)); }
  // Whether reads come to onrelay(length, offset).
  useRelay(enable) { return binding.useRelay(idOf(this), enable); }

  // From now on `reader`, while it is the handle's, is given views of memory that
  // will serve again, instead of chunks; null for nobody.
  readViews(reader) {
    const status = binding.useInbox(idOf(this), reader !== null);
    if (status === 0) this.viewReader = reader;
  }

  // Writes what was read for a relay. Bytes sent, or a negative error.
  relay(offset, length) { return binding.relay(idOf(this), offset, length); }

  // From now on reads go to `view`. From the second one on C looks for it in an
  // array, where to change it is cheaper than a new reference for each.
  useUserBuffer(view) {
    const id = idOf(this);
    const { userBuffers } = this;
    if (id >= 0 && this.userBuffersChange && ArrayBuffer.isView(view) &&
        view.byteLength === userBuffers[0].byteLength) {
      userBuffers[0] = view;
      return 0;
    }
    const isFirst = userBuffers === null;
    const holder = isFirst ? [view] : binding.bufferHolder(view);
    const status = binding.useUserBuffer(id, isFirst ? view : holder);
    if (status === 0) {
      this.userBuffers = holder;
      this.userBuffersChange = !isFirst;
    }
    return status;
  }

  // From now on reads become chunks.
  dropUserBuffer() {
    const id = idOf(this);
    if (this.userBuffers === null) return;
    binding.useUserBuffer(id, null);
    this.userBuffers = null;
    this.userBuffersChange = false;
  }

  // Reads at once what else has arrived for the user's buffer. Bytes, 0 if there
  // are none, or a negative error.
  readOn() {
    const id = idOf(this);
    return id >= 0 && this.reading && this.held === null ?
      binding.readOn(id, this.userBuffers?.[0]) : 0;
  }

  open(fd) { return binding.open(idOf(this), fd); }

  listen(backlog) {
    const id = idOf(this);
    checkPermission('');
    return binding.listen(id, backlog | 0);
  }

  setBlocking(enable) { return binding.setBlocking(idOf(this), !!enable); }
  ref() { binding.ref(idOf(this)); }
  unref() { binding.unref(idOf(this)); }
  hasRef() { return binding.hasRef(idOf(this)) === true; }
  getAsyncId() { idOf(this); return this.asyncId(); }

  get fd() { return Math.max(binding.fd(idOf(this)), -1); }

  get bytesRead() {
    return binding.handleBytes(idOf(this)) === 0 ? results[0] : 0;
  }

  get bytesWritten() {
    return binding.handleBytes(idOf(this)) === 0 ? results[1] : 0;
  }

  get writeQueueSize() {
    return Math.max(binding.writeQueueSize(idOf(this)), 0);
  }
}

Object.assign(Handle.prototype, {
  // The buffer that onread gave last is its only element.
  userBuffers: null,
  // C knows that array.
  userBuffersChange: false,
  // The chunks that were read before a pause in the same turn of the loop.
  held: null,
  // The listener that views suffice for.
  viewReader: null,
  onrelay: null,
  onconnection: null,
  // Told when bytes that defer() took could not be sent.
  onwriteerror: null,
});

defineOnRead(Handle.prototype);
defineWrites(Handle.prototype, { expectEnd, idOf });

// On a wrong receiver AsyncResource's own methods corrupt Node's stack of async
// ids, which aborts the process.
function guard(name) {
  const method = AsyncResource.prototype[name];
  Handle.prototype[name] = { [name](...args) {
    idOf(this);
    return method.apply(this, args);
  } }[name];
}
['asyncId', 'emitDestroy', 'runInAsyncScope', 'triggerAsyncId'].forEach(guard);
defineProvider(Handle, idOf);

serve(deliver);

module.exports = {
  Handle, checkPermission, denial, expectEnd, idOf, kOwner, requestsOf, results,
  startConnect, uv,
};
