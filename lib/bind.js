'use strict';

const { uv } = require('./errors');

// The outcome of a bind(): 0 or a negative error. A used port may be reported
// as late as by listen() or connect(), and a failed bind() leaves the handle to
// be bound to any port then. So ask which port it has.
function bindStatus(status, port, handle) {
  if (status !== 0 || !(port > 0) || !handle?.getsockname) return status;
  const name = {};
  const failed = handle.getsockname(name);
  if (failed) return failed;
  return name.port === port ? 0 : uv.EADDRINUSE;
}

module.exports = { bindStatus };
