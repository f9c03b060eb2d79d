'use strict';

// What Node's versions do differently, found by trying core when it matters.

const diagnostics = require('diagnostics_channel');
const process = require('process');
const { Buffer, Error, isWindows, platform } = require('./builtin');
const core = require('./core');
const { nodeError, uv } = require('./errors');

// What find() says when it is first asked; where a core of tomorrow makes that
// impossible, what the newest known one does.
function once(find, otherwise) {
  let answer;
  return () => {
    if (answer !== undefined) return answer;
    try {
      answer = find();
    } catch {
      answer = otherwise;
    }
    return answer;
  };
}

// Whether a write that destroy() cuts short fails with ECANCELED, or counts as
// done.
const failsCutWrites = once(() => {
  let written;
  // From Node 26 on it is the handle that makes a request.
  const handle = core.standIn({ writeUtf8String(request) {
    written = request ?? {};
    return request === null ? written : 0;
  } });
  const socket = new core.Socket({ handle, manualStart: true });
  let result;
  socket._write('x', 'utf8', (error) => { result = error; });
  socket.destroy();
  written.oncomplete(uv.ECANCELED);
  return Boolean(result);
}, true);

// Whether a write method of a handle gets null in the place of a request, and
// makes one itself if it has to wait, as from Node 26 on.
const handlesMakeRequests = once(() => {
  let given;
  const handle = core.standIn({ writeUtf8String(request) {
    given = request;
    return 0;
  } });
  new core.Socket({ handle, manualStart: true })._write('x', 'utf8', () => {});
  return given === null;
}, false);

// Whether a socket that does not even connect finishes when it is ended, or
// waits for somebody to connect it.
const finishesUnconnected = once(() => {
  let hasFinished = false;
  new core.Socket()._final(() => { hasFinished = true; });
  return hasFinished;
}, false);

// Whether a path longer than the system can take is refused, or cut. The folder
// cannot exist: nothing is made.
const refusesLongPaths = once(() =>
  core.createServerHandle(`/dev/null/${'x'.repeat(200)}`, -1, -1) ===
    uv.EINVAL, true);

// What sockaddr_un has room for.
const PATH_LIMIT = platform === 'linux' ? 108 : 104;

// Whether core would refuse the path of a socket for its length.
function refusesPath(path) {
  return typeof path === 'string' && !isWindows &&
    Buffer.byteLength(path) > PATH_LIMIT && refusesLongPaths();
}

// From Node 21 on; this can be tried only with a connection.
const zeroConnectionsIsALimit = !(parseInt(process.versions.node, 10) < 21);

// libuv has it from 1.49 on, and with it net the option.
const hasReusePort = Number(process.versions.uv.split('.')[1]) >= 49;

// Has core connect to what is no host: nowhere.
function connectTo(host) {
  const socket = new core.Socket();
  try {
    core.quietly(() => socket.connect({ host, port: 1, lookup() {} }));
  } finally {
    socket.destroy();
  }
}

let refusesHosts;

function refusesNumber() {
  try {
    connectTo(5);
    return false;
  } catch {
    return true;
  }
}

// Throws core's error where core looks at the host itself. Else it is left to
// the lookup, after core has found it to be no address.
function checkHost(host) {
  refusesHosts ??= refusesNumber();
  if (refusesHosts) connectTo(host);
}

// Runs what makes core publish something, of which the subscribers do not hear.
// Whether core has tried; it does only if there are subscribers.
function withoutPublishing(channel, run) {
  let hasPublished = false;
  Object.defineProperty(channel, 'publish', { value() {
    hasPublished = true;
    // Whatever comes after it may be the user's.
    delete channel.publish;
  }, configurable: true });
  try {
    run();
  } finally {
    delete channel.publish;
  }
  return hasPublished;
}

// Whether listen() asks dns.lookup() for all addresses of a name. Nothing comes of
// this call: nobody hears of it, and the lookup has no answer.
const listenAsksForAll = once(() => {
  const dns = require('dns');
  const before = Object.getOwnPropertyDescriptor(dns, 'lookup');
  const channel = diagnostics.channel('tracing:net.server.listen:asyncStart');
  let asksForAll = false;
  Object.defineProperty(dns, 'lookup', { configurable: true,
    value(host, options) { asksForAll = options?.all === true; } });
  try {
    withoutPublishing(channel, () => new core.Server().listen(0, 'localhost'));
  } finally {
    Object.defineProperty(dns, 'lookup', before);
  }
  return asksForAll;
}, true);

// Whether it is connect() of a socket that publishes net.client.socket, or only
// that of the module. To be asked when there are subscribers.
const connectPublishes = once(() => {
  const handle = core.standIn({ connect: () => 0 });
  const socket = new core.Socket({ handle, manualStart: true });
  return withoutPublishing(core.clientChannel,
    () => socket.connect({ path: 'nowhere' }));
}, true);

// Whether what a lookup gives as an address may be anything that reads as one,
// or must be a string. Core's look at a symbol throws, or finds it wrong.
const takesAddressLike = once(() => {
  const socket = new core.Socket();
  socket.on('error', () => {});
  try {
    core.quietly(() => socket.connect({ host: 'x', port: 1, family: 4,
      lookup(host, options, done) {
        done(null, Symbol('no address'), 4);
      } }));
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}, false);

// The list of an option `blockList`, or undefined. Versions that do not know
// the option ignore it; the others throw for what is no list.
function blockListOf({ blockList }) {
  if (!blockList) return undefined;
  const { isBlockList } = core.BlockList;
  if (!isBlockList) return undefined;
  if (!isBlockList(blockList)) new core.Socket({ blockList });
  return blockList;
}

// The error for an address that a list blocks, or undefined.
function blockError(list, address, family) {
  if (!list?.check(address, `ipv${family}`)) return undefined;
  return nodeError(Error, 'ERR_IP_BLOCKED',
    `IP(${address}) is blocked by net.BlockList`);
}

module.exports = {
  blockError,
  blockListOf,
  checkHost,
  connectPublishes,
  failsCutWrites,
  finishesUnconnected,
  handlesMakeRequests,
  hasReusePort,
  listenAsksForAll,
  refusesPath,
  takesAddressLike,
  zeroConnectionsIsALimit,
};
