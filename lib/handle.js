'use strict';

// The handles: what socket._handle and server._handle are. A handle is a number
// to C; the objects here give it core's method names, an async context, and a
// place in the table that keeps it alive until libuv has closed it.

const { AsyncResource } = require('async_hooks');
const process = require('process');
const binding = require('./binding');
const { TypeError } = require('./builtin');
const {
  FastBuffer, guarded, handles, kinds, serve, takeReads,
} = require('./dispatch');
const { errnoException, uv } = require('./errors');
const { defineOnRead, kReader } = require('./interop/readers');
const { defineProvider } = require('./interop/provider');
const outbox = require('./outbox');
const versions = require('./versions');

const { results } = binding;

const {
  READ, WRITE, CONNECT, SHUTDOWN, CONNECTION, CLOSE, WRITE_FAILED, WRITE_QUEUED,
  READ_BULK, READ_RELAY,
} = kinds;

const IS_TCP = 0;
const IS_PIPE = 1;

const manual = { requireManualDestroy: true };

const enter = AsyncResource.prototype.runInAsyncScope;

// The id of an accepted connection while its handle object is made, and the
// server that triggered it.
let acceptedId = -1;
const acceptedOptions = { requireManualDestroy: true, triggerAsyncId: 0 };

// As lib/permission.js has it, for the few processes that need it.
const denial = process.permission ? require('./permission').denial : () => {};

// Throws where core's handles do, if the process may not listen.
function checkPermission(resource) {
  const error = denial(resource);
  if (error) throw error;
}

let idOf;
let deliver;
let requestsOf;

function illegalInvocation() {
  return new TypeError('Illegal invocation');
}

// A request that C will answer by an event: who asked, in which async context.
class Request extends AsyncResource {
  constructor(type, triggerAsyncId, done) {
    super(type, { triggerAsyncId, requireManualDestroy: true });
    this.type = type;
    this.done = done;
    // For writes.
    this.next = null;
    this.last = this;
  }
}

function complete(request, handle, status) {
  request.runInAsyncScope(guarded, handle, request.done, status);
  request.emitDestroy();
}

// A process may have many thousands of these, so what few of them need are
// properties of the prototype.
class Handle extends AsyncResource {
  #id;
  #onclose = null;
  // The connect or shutdown that runs: never both.
  #request = null;
  // The oldest pending write; its `last` is the youngest.
  #writes = null;
  // What defer() took waits for the kernel: the stream must hear of more.
  #isQueued = false;

  // The net.Socket or net.Server that uses this handle.
  owner = null;
  reading = false;

  constructor(type, kind) {
    super(type, acceptedId < 0 ? manual : acceptedOptions);
    let id = acceptedId;
    acceptedId = -1;
    if (id < 0) id = binding.create(kind);
    if (id < 0) throw errnoException(id, 'socket');
    this.#id = id;
    handles[id] = this;
  }

  static {
    idOf = (handle) => {
      if (handle === null || typeof handle !== 'object' || !(#id in handle)) {
        throw illegalInvocation();
      }
      return handle.#id;
    };

    // What C has not answered yet: a connect or shutdown, and the first write.
    requestsOf = (handle) => [handle.#request, handle.#writes];

    // Brings one event to its handle, inside the async scope it belongs to.
    deliver = (handle, kind, a, b, slab) => {
      switch (kind) {
        case READ:
        case READ_BULK:
          enter.call(handle, guarded, handle, handle[kReader], a,
            b < 0 ? undefined : new FastBuffer(slab, b, a));
          break;
        case READ_RELAY:
          enter.call(handle, guarded, handle, handle.onrelay, a, b);
          break;
        case WRITE: handle.#finishWrite(a); break;
        case CONNECT:
        case SHUTDOWN: handle.#finishRequest(a); break;
        case CONNECTION: handle.#accept(a, b); break;
        case CLOSE: handle.#finishClose(); break;
        case WRITE_FAILED:
          enter.call(handle, guarded, handle, handle.onwriteerror, a);
          break;
        case WRITE_QUEUED: handle.#isQueued = a === 1; break;
      }
    };
  }

  #finishWrite(status) {
    const request = this.#writes;
    // Somebody wrote through the handle and did not care.
    if (request === null) return;
    this.#writes = request.next;
    if (request.next !== null) request.next.last = request.last;
    complete(request, this, status);
  }

  #finishRequest(status) {
    const request = this.#request;
    this.#request = null;
    complete(request, this, status);
  }

  // As with core, a connection is triggered by its server but made outside of
  // its scope: it does not inherit the store of who called listen().
  #accept(status, id) {
    let client;
    if (this.#id < 0) {
      // Closed meanwhile: as the kernel does with those in a queue that ends.
      if (status === 0) binding.closeReset(id);
      return;
    }
    if (status === 0) {
      acceptedId = id;
      acceptedOptions.triggerAsyncId = this.asyncId();
      client = new this.constructor(this.constructor.SOCKET);
    }
    enter.call(this, guarded, this, this.onconnection, status, client);
  }

  #finishClose() {
    const done = this.#onclose;
    this.#onclose = null;
    if (done !== null) enter.call(this, guarded, this, done);
    super.emitDestroy();
  }

  // Each write gives 0 if the kernel has all bytes, a negative error, or 1: then
  // expect() must say next who wants to know of its end.
  write(view) { return binding.write(idOf(this), view); }

  // Keeps a small chunk until the running dispatch ends. False if it has to be
  // written at once.
  defer(chunk, asLatin1) {
    const id = idOf(this);
    return id >= 0 && !this.#isQueued && outbox.put(id, chunk, asLatin1);
  }

  // As write(), with the elements of a stream's buffer; undefined if they are
  // too many, or have unusual encodings.
  writeVector(chunks) { return outbox.writeVector(idOf(this), chunks); }

  writev(views) { return binding.writev(idOf(this), views, views?.length); }

  // Encodes as UTF-8, or with `latin1` as Latin-1.
  writeString(string, latin1) {
    return binding.writeString(idOf(this), string, latin1);
  }

  // done(status) will be called when the last write has ended.
  expect(done) {
    idOf(this);
    const request = new Request('WRITEWRAP', this.asyncId(), done);
    if (this.#writes === null) this.#writes = request;
    else this.#writes.last.next = request;
    this.#writes.last = request;
  }

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

  // 0, and done(status) will be called; or a negative error, or as with core's
  // handles the error of the permission model.
  connect(address, port, done, type) {
    const id = idOf(this);
    const status = denial(address) ?? binding.connect(id, address, port, 0);
    if (status === 0) this.#request = new Request(type, this.asyncId(), done);
    return status;
  }

  shutdown(done) {
    const status = binding.shutdown(idOf(this));
    if (status === 0) {
      this.#request = new Request('SHUTDOWNWRAP', this.asyncId(), done);
    }
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
    const status = binding.closeReset(idOf(this));
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
  // Whether reads come to onrelay(length, offset) instead of onread.
  useRelay(enable) { return binding.useRelay(idOf(this), enable); }

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
    const holder = [view];
    const isFirst = userBuffers === null;
    const status = binding.useUserBuffer(id, isFirst ? view : holder);
    if (status === 0) {
      this.userBuffers = holder;
      this.userBuffersChange = !isFirst;
    }
    return status;
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
  onrelay: null,
  onconnection: null,
  // Told when bytes that defer() took could not be sent.
  onwriteerror: null,
});

defineOnRead(Handle.prototype);

// On a wrong receiver AsyncResource's own methods corrupt Node's stack of async
// ids, which aborts the process.
function guard(name) {
  const method = AsyncResource.prototype[name];
  Handle.prototype[name] = { [name](...args) {
    idOf(this);
    return method.apply(this, args);
  } }[name];
}

guard('asyncId');
guard('emitDestroy');
guard('runInAsyncScope');
guard('triggerAsyncId');
defineProvider(Handle, idOf);

// Fills `out` with address, family and port. 0 or a negative error.
function fillName(handle, peer, out) {
  const address = binding.name(idOf(handle), peer);
  if (typeof address === 'number') return address;
  out.address = address;
  out.family = results[1] === 6 ? 'IPv6' : 'IPv4';
  out.port = results[0];
  return 0;
}

class TCP extends Handle {
  static PROVIDERS = ['TCPWRAP', 'TCPSERVERWRAP'];
  static SOCKET = 0;
  static SERVER = 1;
  static UV_TCP_IPV6ONLY = 1;
  static UV_TCP_REUSEPORT = 2;

  constructor(type) {
    if (type !== TCP.SOCKET && type !== TCP.SERVER) {
      throw new TypeError('type must be TCP.SOCKET or TCP.SERVER');
    }
    super(type === TCP.SERVER ? 'TCPSERVERWRAP' : 'TCPWRAP', IS_TCP);
  }

  bind(address, port, flags) {
    const id = idOf(this);
    checkPermission('');
    return binding.bind(id, address, port, flags | 0);
  }

  connect(address, port, done) {
    return super.connect(address, port, done, 'TCPCONNECTWRAP');
  }

  getsockname(out) { return fillName(this, false, out); }
  getpeername(out) { return fillName(this, true, out); }
  setNoDelay(enable) { return binding.setNoDelay(idOf(this), !!enable); }

  // `delay` in seconds.
  setKeepAlive(enable, delay) {
    return binding.setKeepAlive(idOf(this), !!enable, delay | 0);
  }

  // `option` is an enum uvnet_os_option of src/os.h.
  setOption(option, value) {
    return binding.setOption(idOf(this), option, value);
  }

  getOption(option) { return binding.getOption(idOf(this), option); }
}
TCP.prototype.bind6 = TCP.prototype.bind;

class Pipe extends Handle {
  static PROVIDERS = ['PIPEWRAP', 'PIPESERVERWRAP'];
  static SOCKET = 0;
  static SERVER = 1;
  static UV_READABLE = 1;
  static UV_WRITABLE = 2;

  constructor(type) {
    if (type !== Pipe.SOCKET && type !== Pipe.SERVER) {
      throw new TypeError('type must be Pipe.SOCKET or Pipe.SERVER');
    }
    super(type === Pipe.SERVER ? 'PIPESERVERWRAP' : 'PIPEWRAP', IS_PIPE);
  }

  bind(path) {
    const id = idOf(this);
    checkPermission(path);
    return versions.refusesPath(path) ? uv.EINVAL : binding.bind(id, path, 0, 0);
  }

  connect(path, done) {
    return !denial(path) && versions.refusesPath(path) ? uv.EINVAL :
      super.connect(path, 0, done, 'PIPECONNECTWRAP');
  }

  fchmod(mode) { return binding.chmod(idOf(this), mode); }
}

serve(deliver);

module.exports = {
  Handle, Pipe, TCP, idOf, requestsOf, results, uv,
};
