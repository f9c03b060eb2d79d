'use strict';

// Writes of several chunks, and of long strings, at once. Small chunks and text
// are packed into the outbox's memory, which C sends from; large views stay where
// they are. What does not fit goes in parts, each by one system call.

const binding = require('./binding');
const { Buffer } = require('./builtin');
const { lengthOf, set } = require('./chunk');
const { bytes, encode, flush, isLatin1, numbers, OPEN } = require('./outbox');

const { write: encodeAs } = Buffer.prototype;
const { charCodeAt, slice } = String.prototype;

// So many bytes are sent before more are packed. Larger parts would not cost less,
// and leave the caches. As many UTF-16 units of a string still find room behind
// one byte less, whatever they are: the outbox's memory is four times as large.
const SIZE = 64 * 1024;
// Up to this length it is cheaper to copy a view than to look it up in C.
const MAX_COPY = 4096;
// A string up to this length is encoded in C, in one call.
const MAX_SIMPLE = Math.floor(SIZE / 3);
// MAX_VIEWS of src/write_parts.c, two elements each.
const layout = new Array(2 * 31).fill(0);

// The vector that is being packed: the id of its handle, the bytes packed, and
// the elements of the layout used since the last part; and what became of the
// parts: 0, 1 if some wait, or the first error.
let target = -1;
let used = 0;
let elements = 0;
let outcome = 0;
let isPacking = false;

function note(status) {
  if (outcome < 0 || status === 0) return;
  outcome = status;
}

// Also after an error: core counts all that it was given, and so does C.
function sendPart(isLast) {
  if (used > 0 || elements > 0 || (isLast && outcome > 0)) {
    note(binding.writeParts(target, used, layout, elements, isLast));
  }
  // Whoever sent them need not be kept in memory.
  if (elements > 0) layout.fill(0, 0, elements);
  used = 0;
  elements = 0;
}

function packView(view) {
  const length = lengthOf.call(view);
  // One that was transferred meanwhile is empty, and cannot be read.
  if (length === 0) return;
  if (length > MAX_COPY) {
    if (elements === layout.length) sendPart(false);
    layout[elements++] = used;
    layout[elements++] = view;
    return;
  }
  if (used >= SIZE) sendPart(false);
  set.call(bytes, view, used);
  used += length;
}

// How many units of a long string to take: not up to between the halves of a
// character.
function endOfPiece(string) {
  const last = charCodeAt.call(string, SIZE - 1);
  return last >= 0xd800 && last < 0xdc00 ? SIZE - 1 : SIZE;
}

// Packs a text as UTF-8, or else as Latin-1, a piece at a time if it is long: the
// end of one that is little longer than SIZE is not sent alone. What the kernel
// has no room for is encoded once, into memory that the write keeps.
function packText(string, asLatin1) {
  const isLong = string.length > SIZE;
  for (let start = 0; start < string.length;) {
    if (used >= SIZE || (isLong && outcome !== 0)) sendPart(false);
    const rest = start === 0 ? string : slice.call(string, start);
    if (isLong && outcome !== 0) {
      note(binding.writeString(target, rest, asLatin1, false));
      return;
    }
    const fits = rest.length <= SIZE || rest.length * 3 <= bytes.length - used;
    const end = fits ? rest.length : endOfPiece(rest);
    used += encode(fits ? rest : slice.call(rest, 0, end), used, asLatin1);
    start += end;
  }
}

// What of an unusual encoding's string can be cut anywhere between two units, or
// pairs of them, as UTF-16 and hex can; base64 may have line breaks in it.
function isDivisible(encoding) {
  return encoding !== 'base64' && encoding !== 'base64url';
}

// A string in an encoding that is not usual; 'buffer', Node's word for what needs
// none, passes as UTF-8. None takes more than two bytes for a unit.
function packEncoded(string, encoding) {
  if (encoding === 'buffer') {
    packString(string, 'utf8');
    return;
  }
  if (string.length > SIZE && !isDivisible(encoding)) {
    packView(Buffer.from(string, encoding));
    return;
  }
  for (let start = 0; start < string.length; start += SIZE) {
    if (used >= SIZE) sendPart(false);
    const piece = string.length <= SIZE ? string :
      slice.call(string, start, start + SIZE);
    const count = encodeAs.call(bytes, piece, used, encoding);
    used += count;
    // Hex ends where it is no hex any more.
    if (count * 2 < piece.length - 1) return;
  }
}

function packString(string, encoding) {
  const asLatin1 = isLatin1(encoding);
  if (asLatin1 === undefined) packEncoded(string, encoding);
  else packText(string, asLatin1);
}

function pack(chunk, encoding) {
  if (typeof chunk === 'string') packString(chunk, encoding);
  else packView(chunk);
}

// For whoever writes from a getter of the elements, while these are packed, and
// where the memory is gone.
function writeJoined(id, chunks) {
  return binding.write(id, Buffer.concat(Array.from(chunks,
    ({ chunk, encoding }) => typeof chunk !== 'string' ? chunk :
      Buffer.from(chunk, encoding === 'buffer' ? 'utf8' : encoding))));
}

// Packs by packEach(a, b), and sends. Nothing else may use the outbox meanwhile.
function send(id, packEach, a, b) {
  flush();
  const wasOpen = numbers[OPEN];
  numbers[OPEN] = 0;
  isPacking = true;
  target = id;
  used = 0;
  elements = 0;
  outcome = 0;
  try {
    packEach(a, b);
    sendPart(true);
    return outcome;
  } finally {
    isPacking = false;
    numbers[OPEN] = wasOpen;
  }
}

function packAll(chunks) {
  for (let i = 0; i < chunks.length; i++) {
    const { chunk, encoding } = chunks[i];
    pack(chunk, encoding);
  }
}

// Writes the elements of a stream's buffer, { chunk, encoding }, for the handle
// with that id. As Handle's send().
function writeVector(id, chunks) {
  if (isPacking || bytes.length === 0) return writeJoined(id, chunks);
  return send(id, packAll, chunks);
}

// The same with a string, as UTF-8, or else as Latin-1.
function writeText(id, string, asLatin1) {
  if (string.length <= MAX_SIMPLE || isPacking || bytes.length === 0) {
    return binding.writeString(id, string, asLatin1, true);
  }
  return send(id, packText, string, asLatin1);
}

module.exports = { writeText, writeVector };
