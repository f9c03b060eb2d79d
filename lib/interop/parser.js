'use strict';

// http servers have their parser read from the socket's handle itself, past the
// stream, if the handle says that it can be read so. Core's parser reads from
// core's handles only; here it learns to read from ours.

const { copyOf, lengthOf } = require('../chunk');
const core = require('../core');
const { drainTicks } = require('../dispatch');
const { Handle } = require('../handle');
const { onceLoaded } = require('./loaded');

const kConsumed = Symbol('uvnet.consumed');
const kHandle = Symbol('uvnet.handle');
const kChunk = Symbol('uvnet.chunk');
const kParses = Symbol('uvnet.parses');

let HTTPParser = null;

// The handle's listener while a parser reads from it. The parser copies what it
// gives away, so the memory may serve again.
function onRead(count, chunk) {
  const { onread, parser } = this[kConsumed];
  if (count <= 0) {
    onread.call(this, count, chunk);
    return;
  }
  const bytes = chunk ?? copyOf(this.userBuffers[0], count);
  const result = parser.execute(bytes);
  const done = parser[HTTPParser.kOnExecute];
  if (typeof done !== 'function') return;
  parser[kChunk] = bytes;
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
  handle.readViews(onRead);
}

function unconsume(parser) {
  const handle = parser[kHandle];
  parser[kHandle] = null;
  // A handle that was closed meanwhile has another listener.
  if (handle.onread !== onRead) return;
  handle.onread = handle[kConsumed].onread;
  handle.readViews(null);
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
  extend('getCurrentBuffer', ({ [kChunk]: bytes }) => bytes !== null &&
    bytes !== undefined && copyOf(bytes, lengthOf.call(bytes)));
}

// Loading the parser is left to those who want one. Called for each connection,
// and when http asks.
const patchOnceLoaded = onceLoaded(['Internal Binding http_parser'], patch);

// Whether it is http that asks whether the socket's handle can be read so: it has
// just put a new parser onto the socket and wrapped its listeners. Nobody else
// must take the handle for one of core's.
function isAsking(socket) {
  patchOnceLoaded();
  const { parser } = socket;
  return HTTPParser !== null && parser instanceof HTTPParser &&
    parser.socket === socket && !parser._consumed &&
    typeof parser[HTTPParser.kOnExecute] !== 'function' &&
    Object.hasOwn(socket, 'on');
}

module.exports = { isAsking, patchOnceLoaded };
