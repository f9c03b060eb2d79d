'use strict';

// http servers have their parser read from the socket's handle itself, past the
// stream, if the handle says that it can be read so. Core's parser reads from
// core's handles only; here it learns to read from ours.

const core = require('../core');
const { drainTicks } = require('../dispatch');
const { Handle } = require('../handle');
const { onceLoaded } = require('./loaded');

const kConsumed = Symbol('uvnet.consumed');
const kHandle = Symbol('uvnet.handle');
const kChunk = Symbol('uvnet.chunk');
const kParses = Symbol('uvnet.parses');

let HTTPParser = null;

// The handle's listener while a parser reads from it.
function onRead(count, chunk) {
  const { onread, parser } = this[kConsumed];
  if (count <= 0) {
    onread.call(this, count, chunk);
    return;
  }
  const result = parser.execute(chunk);
  const done = parser[HTTPParser.kOnExecute];
  if (typeof done !== 'function') return;
  parser[kChunk] = chunk;
  try {
    done.call(parser, result);
  } finally {
    parser[kChunk] = null;
  }
}

// Core runs ticks and microtasks after each piece of a body, and of headers or
// trailers that do not come with the rest.
function drainAfter(parser, kind) {
  const listener = parser[kind];
  if (typeof listener !== 'function' || listener[kParses]) return;
  parser[kind] = function(...args) {
    const reads = Boolean(this[kHandle]);
    const result = listener.apply(this, args);
    if (reads) drainTicks();
    return result;
  };
  parser[kind][kParses] = true;
}

function consume(parser, handle) {
  drainAfter(parser, HTTPParser.kOnBody);
  drainAfter(parser, HTTPParser.kOnHeaders);
  handle[kConsumed] = { onread: handle.onread, parser };
  parser[kHandle] = handle;
  handle.onread = onRead;
}

function unconsume(parser) {
  const handle = parser[kHandle];
  parser[kHandle] = null;
  // A handle that was closed meanwhile has another listener.
  if (handle.onread === onRead) handle.onread = handle[kConsumed].onread;
}

// Replaces a method of the parser's: `mine` is asked first, and gives false for
// what is core's.
function extend(name, mine) {
  const original = HTTPParser.prototype[name];
  HTTPParser.prototype[name] = { [name](...args) {
    const answer = mine(this, ...args);
    return answer === false ? original.apply(this, args) : answer;
  } }[name];
}

function patch() {
  HTTPParser = core.findLate('httpParser') ?? null;
  if (HTTPParser === null) return;
  extend('consume', (parser, handle) =>
    handle instanceof Handle && void consume(parser, handle));
  extend('unconsume', (parser) => Boolean(parser[kHandle]) &&
    void unconsume(parser));
  // What the running piece was, for the rest of it after an upgrade.
  extend('getCurrentBuffer', (parser) => parser[kChunk] ?? false);
}

// Loading the parser is left to those who want one. Called for each connection.
const patchOnceLoaded = onceLoaded(['Internal Binding http_parser'], patch);

// Whether the server is one of http's, whose 'connection' listener asks.
function parses(server) {
  patchOnceLoaded();
  if (server[kParses] === undefined) {
    const value = HTTPParser !== null &&
      server instanceof require('http').Server;
    // Not for who prints or compares servers.
    Reflect.defineProperty(server, kParses, { value });
  }
  return server[kParses] ?? false;
}

// The handle that may be read so while its server is told of it: nobody but
// http must take it for one of core's.
let told = null;

function isTold(handle) {
  return handle === told;
}

// Tells the server of a connection.
function emitConnection(server, socket) {
  const handle = socket._handle;
  if (!(handle instanceof Handle) || !parses(server)) {
    server.emit('connection', socket);
    return;
  }
  const outer = told;
  told = handle;
  try {
    server.emit('connection', socket);
  } finally {
    told = outer;
  }
}

module.exports = { emitConnection, isTold, patchOnceLoaded };
