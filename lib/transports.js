'use strict';

// The two kinds of handles: what socket._handle and server._handle are.

const binding = require('./binding');
const { TypeError } = require('./builtin');
const {
  Handle, checkPermission, denial, idOf, results, startConnect, uv,
} = require('./handle');
const { PipeConnectWrap, TCPConnectWrap } = require('./requests');
const versions = require('./versions');

// enum uvnet_os_option in src/os.h.
const KEEP_ALIVE_INTERVAL = 0;
const KEEP_ALIVE_COUNT = 1;
const TYPE_OF_SERVICE = 2;

// libuv's: seconds, and probes.
const DEFAULT_INTERVAL = 1;
const DEFAULT_COUNT = 10;

const IS_TCP = 0;
const IS_PIPE = 1;

// Core's C++ takes the default for what is no 32-bit integer from 0 on.
function uint32Or(value, standard) {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffffff &&
    !Object.is(value, -0) ? value : standard;
}

// As libuv does for core, step by step: where the system refuses a value, that
// and what follows stay as they are, and nobody hears of it.
function setProbes(id, delay, interval, count) {
  const before = [KEEP_ALIVE_INTERVAL, KEEP_ALIVE_COUNT]
    .map((option) => binding.getOption(id, option));
  // A delay of 0 is refused after probes have been turned on.
  const isRefused = interval === 0 || count === 0;
  const status = binding.setKeepAlive(id, true, isRefused ? 0 : delay);
  if (status < 0) return status;
  if (binding.setOption(id, KEEP_ALIVE_INTERVAL, interval | 0) < 0) {
    binding.setOption(id, KEEP_ALIVE_INTERVAL, before[0]);
  } else if (binding.setOption(id, KEEP_ALIVE_COUNT, count | 0) === 0) {
    return 0;
  }
  binding.setOption(id, KEEP_ALIVE_COUNT, before[1]);
  return 0;
}

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

  constructor(type, accepted) {
    if (type !== TCP.SOCKET && type !== TCP.SERVER) {
      throw new TypeError('type must be TCP.SOCKET or TCP.SERVER');
    }
    super(type === TCP.SERVER ? 'TCPSERVERWRAP' : 'TCPWRAP', IS_TCP, accepted);
  }

  bind(address, port, flags) {
    const id = idOf(this);
    checkPermission('');
    return binding.bind(id, address, port, flags | 0);
  }

  connect(request, address, port) {
    return startConnect(this, TCPConnectWrap, request, address, port);
  }

  getsockname(out) { return fillName(this, false, out); }
  getpeername(out) { return fillName(this, true, out); }
  setNoDelay(enable) { return binding.setNoDelay(idOf(this), !!enable); }

  // `delay` and `interval` in seconds.
  setKeepAlive(enable, delay, interval, count) {
    const id = idOf(this);
    const seconds = uint32Or(interval, DEFAULT_INTERVAL);
    const probes = uint32Or(count, DEFAULT_COUNT);
    const isUsual = seconds === DEFAULT_INTERVAL && probes === DEFAULT_COUNT;
    return enable && !isUsual ? setProbes(id, delay | 0, seconds, probes) :
      binding.setKeepAlive(id, !!enable, delay | 0);
  }

  setTypeOfService(value) {
    return binding.setOption(idOf(this), TYPE_OF_SERVICE, value);
  }

  getTypeOfService() { return binding.getOption(idOf(this), TYPE_OF_SERVICE); }
}
TCP.prototype.bind6 = TCP.prototype.bind;
TCP.prototype.connect6 = TCP.prototype.connect;

class Pipe extends Handle {
  static PROVIDERS = ['PIPEWRAP', 'PIPESERVERWRAP'];
  static SOCKET = 0;
  static SERVER = 1;
  static UV_READABLE = 1;
  static UV_WRITABLE = 2;

  constructor(type, accepted) {
    if (type !== Pipe.SOCKET && type !== Pipe.SERVER) {
      throw new TypeError('type must be Pipe.SOCKET or Pipe.SERVER');
    }
    super(type === Pipe.SERVER ? 'PIPESERVERWRAP' : 'PIPEWRAP', IS_PIPE,
      accepted);
  }

  bind(path) {
    const id = idOf(this);
    checkPermission(path);
    return versions.refusesPath(path) ? uv.EINVAL : binding.bind(id, path, 0, 0);
  }

  connect(request, path) {
    idOf(this);
    return !denial(path) && versions.refusesPath(path) ? uv.EINVAL :
      startConnect(this, PipeConnectWrap, request, path, 0);
  }

  fchmod(mode) { return binding.chmod(idOf(this), mode); }
}

// A new handle; or a negative error, where there is no memory for one.
function newHandle(Class, type) {
  try {
    return new Class(type);
  } catch (error) {
    if (error?.syscall !== 'socket') throw error;
    return error.errno;
  }
}

module.exports = { Pipe, TCP, newHandle };
