'use strict';

// Errors with core's names, codes, texts and properties.

const {
  format, getSystemErrorMap, getSystemErrorName, inspect,
} = require('util');
const { Error, RangeError, TypeError, net } = require('./builtin');

const systemErrors = getSystemErrorMap();

// Negative libuv numbers by name, as this platform has them.
const uv = {};
for (const [number, [name]] of systemErrors) uv[name] = number;

function systemErrorName(number) {
  return systemErrors.get(number)?.[0] ?? `Unknown system error ${number}`;
}

// An error with a code, whose text shows it as core's errors do:
// `TypeError [CODE]: message` in stack and toString(), but not in name.
function nodeError(Base, code, message) {
  const error = new Base(message);
  Object.defineProperty(error, 'toString', {
    value() { return `${this.name} [${code}]: ${this.message}`; },
    configurable: true,
    enumerable: false,
    writable: true,
  });
  error.code = code;
  const { name } = error;
  error.stack = error.stack.replace(name, `${name} [${code}]`);
  return error;
}

// What core's error says about a value that `check` refuses, from "Received" on.
// Versions of Node shorten values in different ways.
function receivedBy(check, value) {
  try {
    check(value);
  } catch ({ message }) {
    return message.slice(message.indexOf('Received '));
  }
  return `Received ${inspect(value)}`;
}

// "Received …" for a value of the wrong type. No boolean is a number, and what
// is none is refused as one.
function received(value) {
  return receivedBy(typeof value === 'boolean' ?
    net.setDefaultAutoSelectFamilyAttemptTimeout :
    net.setDefaultAutoSelectFamily, value);
}

// `expected` reads like 'of type string' or 'an instance of Foo'.
function invalidArgType(name, expected, value) {
  const kind = name.includes('.') ? 'property' : 'argument';
  return nodeError(TypeError, 'ERR_INVALID_ARG_TYPE',
    `The "${name}" ${kind} must be ${expected}. ${received(value)}`);
}

// A string that is said to be a Buffer. Core's C++ makes this one, with a code
// that its stack does not show.
function notABuffer() {
  const error = new TypeError('Second argument must be a buffer');
  error.code = 'ERR_INVALID_ARG_TYPE';
  return error;
}

function invalidArgValue(name, value, reason = 'is invalid') {
  const kind = name.includes('.') ? 'property' : 'argument';
  return nodeError(TypeError, 'ERR_INVALID_ARG_VALUE',
    `The ${kind} '${name}' ${reason}. ${receivedBy(refuseObjectMode, value)}`);
}

// For any value but a falsy one.
function refuseObjectMode(objectMode) {
  new net.Socket({ objectMode });
}

function outOfRange(name, range, value) {
  // What core would take it must not be given.
  const isTimeout = value > 0 && value === (value | 0);
  const text = isTimeout ? `Received ${value}` :
    receivedBy(net.setDefaultAutoSelectFamilyAttemptTimeout, value);
  return nodeError(RangeError, 'ERR_OUT_OF_RANGE',
    `The value of "${name}" is out of range. It must be ${range}. ${text}`);
}

function invalidIpAddress(value) {
  return nodeError(TypeError, 'ERR_INVALID_IP_ADDRESS',
    format('Invalid IP address: %s', value));
}

function badPort(name, value) {
  return nodeError(RangeError, 'ERR_SOCKET_BAD_PORT',
    `${name} should be >= 0 and < 65536. ${received(value)}.`);
}

// The code's own text, for errors that say no more than their code.
const plain = {
  ERR_MISSING_ARGS: [TypeError,
    'The "options" or "port" or "path" argument must be specified'],
  ERR_INVALID_HANDLE_TYPE: [TypeError, 'This handle type cannot be sent'],
  ERR_SERVER_ALREADY_LISTEN: [Error,
    'Listen method has been called more than once without closing.'],
  ERR_SERVER_NOT_RUNNING: [Error, 'Server is not running.'],
  ERR_SOCKET_CLOSED: [Error, 'Socket is closed'],
  ERR_SOCKET_CLOSED_BEFORE_CONNECTION: [Error,
    'Socket closed before the connection was established'],
  ERR_SOCKET_CONNECTION_TIMEOUT: [Error, 'Socket connection timeout'],
};

function codeError(code) {
  const [Base, message] = plain[code];
  return nodeError(Base, code, message);
}

// What a failed system call gives: `read ECONNRESET`. As core's, it refuses what
// a method that a user has replaced may give instead of an error's number.
function errnoException(number, syscall, original) {
  if (!(number < 0)) getSystemErrorName(number);
  const code = systemErrorName(number);
  const error = new Error(`${syscall} ${code}${original ? ` ${original}` : ''}`);
  error.errno = number;
  error.code = code;
  error.syscall = syscall;
  return error;
}

// ` address:port` or ` address`; a pipe's port is -1 or undefined.
function place(address, port) {
  if (port > 0) return ` ${address}:${port}`;
  return address ? ` ${address}` : '';
}

// As errnoException(), with where it happened: `connect ECONNREFUSED ::1:80`.
// In the place of a number may be an error of the permission model.
function connectionException(number, syscall, address, port, local) {
  const isDenied = typeof number === 'object';
  const code = isDenied ? number.code : systemErrorName(number);
  const from = local ? ` - Local (${local})` : '';
  const where = isDenied ? ` ${number.message}` : place(address, port);
  const error = new Error(`${syscall} ${code}${where}${from}`);
  error.errno = number;
  error.code = code;
  error.syscall = syscall;
  error.address = address;
  if (port) error.port = port;
  return error;
}

// What listen() gives: `listen EADDRINUSE: address already in use :::80`.
function listenException(number, address, port) {
  const code = systemErrorName(number);
  const text = systemErrors.get(number)?.[1] ?? 'unknown error';
  const error = new Error(`listen ${code}: ${text}${place(address, port)}`);
  error.code = code;
  error.errno = number;
  error.syscall = 'listen';
  error.address = address;
  if (port) error.port = port;
  return error;
}

module.exports = {
  badPort,
  codeError,
  connectionException,
  errnoException,
  invalidArgType,
  invalidArgValue,
  invalidIpAddress,
  listenException,
  nodeError,
  notABuffer,
  outOfRange,
  uv,
};
