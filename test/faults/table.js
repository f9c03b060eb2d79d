'use strict';

// Which call fails how in which scenario.

const { constants: { errno } } = require('node:os');
const { ONE_BYTE } = require('./page');
const { scenarios } = require('./scenarios');

// The plausible errors of each call, by errno(3)'s names. EAGAIN and EINTR are
// no failures: all is as if nothing had happened. With a comma the call after it
// fails in its turn.
const MOVED = ['ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOMEM', 'ENOBUFS',
  'EAGAIN', 'EINTR', 'ONE_BYTE'];
const ERRORS = {
  socket: ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EACCES'],
  bind: ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOMEM', 'EINVAL'],
  listen: ['EADDRINUSE', 'ENOBUFS', 'EINVAL'],
  accept: ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'ECONNABORTED', 'EPROTO',
    'EPERM', 'EAGAIN', 'EINTR'],
  connect: ['ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT',
    'EADDRNOTAVAIL', 'EACCES', 'EPERM', 'ENOMEM', 'EAGAIN', 'EINTR'],
  read: [...MOVED, 'EIO', 'ENOTCONN', 'ONE_BYTE,ECONNRESET'],
  write: [...MOVED, 'EPIPE', 'EACCES', 'EPERM', 'EAGAIN,EPIPE',
    'EAGAIN,ENOMEM', 'ONE_BYTE,ECONNRESET'],
  shutdown: ['ENOTCONN', 'ENOBUFS', 'EINVAL'],
  close: ['EIO', 'EINTR', 'ENOSPC'],
  epoll: ['ENOMEM', 'ENOSPC'],
  getname: ['ENOBUFS', 'ENOTCONN', 'EINVAL'],
  setoption: ['EINVAL', 'ENOMEM', 'ENOPROTOOPT', 'EPERM'],
  malloc: ['ENOMEM'],
};

// What fails, or is cut, from the first time on for good.
const LASTING = { accept: ['EMFILE', 'ENFILE', 'ENOMEM'], read: ['ONE_BYTE'],
  write: ['ONE_BYTE'], malloc: ['ENOMEM'] };

// With more calls than this some are left out.
const FEW = 6;

function errorNumbers(names) {
  const [error, then] = names.split(',').map((name) =>
    (name === 'ONE_BYTE' ? ONE_BYTE : errno[name]));
  return { error, then };
}

/** Each scenario on each transport, without a fault. */
function plain() {
  const cases = [];
  for (const [scenario, [, where]] of Object.entries(scenarios)) {
    const { isRacy = false, isChained = false } = where;
    const one = { scenario, isRacy, isChained };
    if (where.tcp) cases.push({ ...one, isUnix: false });
    if (where.unix) cases.push({ ...one, isUnix: true });
  }
  return cases.map((one) => ({ ...one,
    name: `${one.scenario} ${one.isUnix ? 'unix' : 'tcp'}` }));
}

// Which of `count` calls fail: the first, the last, and some between them.
function chosen(count, random, isWhole) {
  const all = Array.from({ length: count }, (_, i) => i + 1);
  if (count <= FEW || isWhole) return all;
  const some = [1, 2, count, count - 1];
  while (some.length < FEW) some.push(3 + random(count - 4));
  return [...new Set(some)].sort((a, b) => a - b);
}

// Where both errors and calls are many, each fails at every second number of
// those.
function faultsOf(one, [call, role], numbers, isWhole) {
  const faults = [];
  for (const [i, error] of ERRORS[call].entries()) {
    const isShort = one.isChained || numbers.length < FEW ||
      ERRORS[call].length <= FEW;
    const some = isWhole || isShort ? numbers :
      numbers.filter((_, at) => at === 0 || at % 2 === i % 2);
    for (const nth of some) faults.push({ call, role, nth, error });
    if (LASTING[call]?.includes(error)) {
      faults.push({ call, role, nth: 1, error, keepsFailing: true });
    }
  }
  return faults.map((fault) => ({
    ...one,
    name: `${one.name} ${call} ${role} ${fault.nth}` +
      `${fault.keepsFailing ? '+' : ''} ${fault.error}`,
    // Which calls are the same kind, whatever their number.
    kind: `${one.name} ${call} ${role} ${fault.error}`,
    fault: { ...fault, ...errorNumbers(fault.error) },
  }));
}

/**
 * The cases of one scenario, given how often each net made each call without a
 * fault. random(n) gives a number below n; isWhole leaves out none.
 */
function casesOf(one, { core, uvnet }, { random, isWhole }) {
  const cases = [];
  for (const key of Object.keys({ ...core, ...uvnet })) {
    const [call, role] = key.split(' ');
    const count = Math.max(core[key] ?? 0, uvnet[key] ?? 0);
    const numbers = chosen(count, random, isWhole || call === 'malloc');
    for (const fault of faultsOf(one, [call, role], numbers, isWhole)) {
      // Then the number of a call says the same to both.
      fault.isExact = core[key] === uvnet[key];
      // What the first one does changes how many there are; and an error that a
      // deferred write meets may come behind the peer's end.
      if (fault.fault.then !== undefined) fault.isRacy = true;
      cases.push(fault);
    }
  }
  return cases;
}

module.exports = { casesOf, plain };
