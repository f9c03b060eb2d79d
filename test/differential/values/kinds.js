'use strict';

// What is compared: by name, a function that draws one case and gives what to run
// on a net. The same case runs on both.

const util = require('node:util');
const { addressText, anyValue, goodAddress } = require('./make');

function texts(random) {
  const text = random.chance(0.95) ? addressText(random) : anyValue(random);
  return [text, (net) => ['isIP', 'isIPv4', 'isIPv6'].map((name) => net[name](text))];
}

const FAMILIES = ['ipv4', 'ipv6', 'IPv4', 'IPV6', undefined];

function familyOf(random) {
  return random.chance(0.9) ? random.pick(FAMILIES) : anyValue(random);
}

// Core ends the process over ports given as text, and over large flow labels.
function numeric(random, limit) {
  const value = random.chance(0.7) ? random.below(limit) : anyValue(random);
  if (typeof value === 'string' || (typeof value === 'number' && value > 0xfffff)) return 7;
  return value;
}

function show(address) {
  const { address: text, family, port, flowlabel } = address;
  return [text, family, port, flowlabel, JSON.stringify(address), util.inspect(address),
    util.inspect(address, { depth: -1 }), Object.keys(address)];
}

function socketAddress(random) {
  const options = random.chance(0.95) ? {} : anyValue(random);
  if (options !== null && typeof options === 'object') {
    if (random.chance(0.9)) {
      options.address = random.chance(0.8) ? goodAddress(random) : addressText(random);
    }
    if (random.chance(0.7)) options.family = familyOf(random);
    if (random.chance(0.5)) options.port = numeric(random, 65537);
    if (random.chance(0.3)) options.flowlabel = numeric(random, 0x100000);
  }
  return [options, (net) => show(new net.SocketAddress(options))];
}

function parse(random) {
  const text = random.chance(0.9) ? `${random.chance(0.5) ? addressText(random) :
    `[${addressText(random)}]`}${random.pick(['', ':80', ':0', ':65536', ':x'])}` :
    anyValue(random);
  return [text, (net) => {
    const result = net.SocketAddress.parse?.(text);
    return result && show(result);
  }];
}


// One call on a list: [method, ...arguments of texts and numbers].
function call(random) {
  const family = familyOf(random);
  const text = () => (random.chance(0.8) ? goodAddress(random) :
    random.chance(0.9) ? addressText(random) : anyValue(random));
  const prefix = random.chance(0.8) ? random.below(140) - 2 : anyValue(random);
  const wanted = random.chance(0.5) ? family : undefined;
  switch (random.below(4)) {
    case 0: return ['addAddress', text(), wanted];
    case 1: return ['addRange', text(), text(), wanted];
    case 2: return ['addSubnet', text(), Object.is(prefix, -0) ? 0 : prefix, wanted];
    default: return ['check', text(), wanted];
  }
}

function attempt(run) {
  try {
    return run();
  } catch (error) {
    return `${error.name} ${error.code} ${error.message}`;
  }
}

function blockList(random) {
  const calls = Array.from({ length: 2 + random.below(8) }, () => call(random));
  const isObject = random.below(2 ** 30);
  return [calls, (net) => {
    const list = new net.BlockList();
    const results = calls.map(([name, first, ...rest], i) => attempt(() => {
      const value = (isObject >> i) & 1 && typeof first === 'string' ?
        new net.SocketAddress({ address: first,
          family: first.includes(':') ? 'ipv6' : 'ipv4' }) : first;
      return list[name](value, ...rest);
    }));
    const copy = new net.BlockList();
    const json = list.toJSON?.();
    if (json) copy.fromJSON(json);
    return [results, list.rules, json, copy.rules, util.inspect(list)];
  }];
}

// Strings as hosts and paths would be looked up and created; descriptors would be
// taken over.
function valueFor(random, name) {
  const value = anyValue(random);
  if (name === 'fd') return typeof value === 'number' && value >= 0 ? -1 : value;
  if (name === 'path' || name === 'host') return typeof value === 'string' ? '' : value;
  return value;
}

function bag(random, base, names) {
  if (random.chance(0.05)) {
    // Numbers and texts are descriptors, ports and paths.
    const value = anyValue(random);
    return typeof value === 'number' || typeof value === 'string' ? null : value;
  }
  const options = { ...base };
  for (let i = random.below(3); i >= 0; i--) {
    addOption(random, options, random.pick(names));
  }
  return options;
}

// Own, inherited, or by a getter that throws.
function addOption(random, options, name) {
  const value = valueFor(random, name);
  switch (random.below(10)) {
    case 0:
      Object.defineProperty(options, name, { enumerable: random.chance(0.5),
        configurable: true, get() { throw new Error(`getter ${name}`); } });
      break;
    case 1:
      Object.setPrototypeOf(options, { [name]: value });
      break;
    default:
      Object.defineProperty(options, name, { value, enumerable: true,
        configurable: true, writable: true });
  }
}

const SOCKET = ['allowHalfOpen', 'fd', 'keepAlive', 'keepAliveInitialDelay',
  'noDelay', 'objectMode', 'readableObjectMode', 'writableObjectMode', 'highWaterMark',
  'readableHighWaterMark', 'writableHighWaterMark', 'readable', 'writable', 'onread',
  'encoding', 'defaultEncoding', 'blockList', 'manualStart', 'pauseOnCreate'];
const CONNECT = ['port', 'host', 'path', 'localAddress', 'localPort', 'lookup', 'hints',
  'autoSelectFamily', 'autoSelectFamilyAttemptTimeout', 'family', 'timeout', 'keepAlive'];
const SERVER = ['allowHalfOpen', 'pauseOnConnect', 'noDelay', 'keepAlive',
  'keepAliveInitialDelay', 'highWaterMark', 'blockList'];
const LISTEN = ['port', 'host', 'path', 'fd', 'backlog', 'exclusive', 'ipv6Only',
  'readableAll', 'writableAll', 'signal', 'reusePort'];

function ignore() {}

function showSocket(socket) {
  const { allowHalfOpen, connecting, destroyed, pending, readable, readyState, timeout,
    readableFlowing, readableHighWaterMark, writableHighWaterMark, writable } = socket;
  return [allowHalfOpen, connecting, destroyed, pending, readable, readyState, timeout,
    readableFlowing, readableHighWaterMark, writableHighWaterMark, writable];
}

function socketOptions(random) {
  const options = bag(random, {}, SOCKET);
  return [options, (net) => {
    const socket = new net.Socket(options).on('error', ignore);
    const result = showSocket(socket);
    socket.destroy();
    return result;
  }];
}

function connectOptions(random) {
  const options = bag(random, { port: 1, host: '127.0.0.1', lookup: ignore }, CONNECT);
  return [options, (net) => {
    const socket = new net.Socket().on('error', ignore);
    try {
      socket.connect(options);
      return showSocket(socket);
    } finally {
      socket.destroy();
    }
  }];
}

function serverOptions(random) {
  const options = bag(random, {}, SERVER);
  return [options, (net) => {
    const server = new net.Server(options);
    const { allowHalfOpen, pauseOnConnect, noDelay, keepAlive, keepAliveInitialDelay,
      highWaterMark } = server;
    return [allowHalfOpen, pauseOnConnect, noDelay, keepAlive, keepAliveInitialDelay,
      highWaterMark];
  }];
}

function listenOptions(random) {
  const options = bag(random, { port: 0, host: '127.0.0.1' }, LISTEN);
  return [options, (net) => {
    const server = net.createServer().on('error', ignore);
    try {
      server.listen(options);
      return server.listening;
    } finally {
      server.close();
    }
  }];
}

// By share of the cases.
const KINDS = { texts: [50, texts], socketAddress: [15, socketAddress], parse: [10, parse],
  blockList: [10, blockList], socketOptions: [6, socketOptions],
  connectOptions: [4, connectOptions], serverOptions: [3, serverOptions],
  listenOptions: [2, listenOptions] };

module.exports = { KINDS };
