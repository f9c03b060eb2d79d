'use strict';

// Chunks: the Buffers that 'data' brings. As with core, the memory of each is its
// alone and starts where it does, so a user may keep, transfer, resize or clone it
// and no other socket notices. Buffer.from() and Buffer.concat() would take small
// ones from a pool that the whole process shares.

const { types: { isUint8Array } } = require('util');
const binding = require('./binding');
const { Buffer, TypeError, Uint8Array } = require('./builtin');

const { isView } = ArrayBuffer;

// Makes Buffers without Buffer.from()'s checks. Up to 64 bytes V8 keeps their
// memory within the object, which costs a tenth of an ArrayBuffer.
const FastBuffer = Buffer[Symbol.species];

const prototype = Object.getPrototypeOf(Uint8Array.prototype);

function getter(name) {
  return Object.getOwnPropertyDescriptor(prototype, name).get;
}

// What a view is to C. Its class may have properties of these names that say
// otherwise, and run a user's code.
const bufferOf = getter('buffer');
const lengthOf = getter('length');
const offsetOf = getter('byteOffset');
const { set } = Uint8Array.prototype;

// `length` bytes of an ArrayBuffer, as a view. The methods that make views look
// for the class to use in a property that a user can change.
function viewOf(memory, offset, length) {
  return new Uint8Array(memory, offset, length);
}

// From this length on a copy by C costs less than V8's, though to call it takes
// as long as to copy some hundred bytes.
const MIN_NATIVE_COPY = 2048;

// Copies all bytes of a view to the start of another, which is no shorter.
function copyBytes(target, source) {
  if (lengthOf.call(source) < MIN_NATIVE_COPY ||
      binding.copy(target, source) < 0) {
    set.call(target, source);
  }
}

// A chunk of `length` bytes of an ArrayBuffer.
function chunkOf(memory, offset, length) {
  const chunk = new FastBuffer(length);
  copyBytes(chunk, viewOf(memory, offset, length));
  return chunk;
}

// A chunk of the first `length` bytes in a Uint8Array.
function copyOf(view, length) {
  return chunkOf(bufferOf.call(view), offsetOf.call(view), length);
}

// The bytes of any view, which somebody gave for a Uint8Array.
function bytesOf(view) {
  if (isUint8Array(view)) return view;
  if (!isView(view)) throw new TypeError('chunk must be a view');
  return viewOf(view.buffer, view.byteOffset, view.byteLength);
}

module.exports = { bytesOf, chunkOf, copyBytes, copyOf, lengthOf, set, viewOf };
