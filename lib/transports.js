'use strict';

// The two kinds of handles: what socket._handle and server._handle are.

const binding = require('./binding');
const { TypeError } = require('./builtin');
const {
  Handle, checkPermission, denial, idOf, results, startConnect, uv,
} = require('./handle');
const { PipeConnectWrap, TCPConnectWrap } = require('./requests');
const versions = require('./versions');

const IS_TCP = 0;
const IS_PIPE = 1;

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

  connect(request, address, port) {
    return startConnect(this, TCPConnectWrap, request, address, port);
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
TCP.prototype.connect6 = TCP.prototype.connect;

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

  connect(request, path) {
    idOf(this);
    return !denial(path) && versions.refusesPath(path) ? uv.EINVAL :
      startConnect(this, PipeConnectWrap, request, path, 0);
  }

  fchmod(mode) { return binding.chmod(idOf(this), mode); }
}

module.exports = { Pipe, TCP };
