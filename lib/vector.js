'use strict';

// Writes of several chunks, and of long strings, at once. Small chunks and text
// are packed into the outbox's memory, which C sends from; large views stay where
// they are. What does not fit goes in parts, each by one system call.

const binding = require('./binding');
const { Buffer } = require('./builtin');
const { lengthOf, set } = require('./chunk');
const {
  bytes, encodeWithin, flush, isLatin1, MAX_CHARACTER, numbers, OPEN,
} = require('./outbox');

const { write: encodeAs } = Buffer.prototype;
const { charCodeAt, slice } = String.prototype;

// What one call packs. A larger part would not cost less, and leave the caches.
const SIZE = 64 * 1024;
// Up to this length it is cheaper to copy a view than to look it up in C.
const MAX_COPY = 4096;
// For as many UTF-16 units there is room whatever they are.
const SURE_UNITS = Math.floor(SIZE / 3);
// Units of a string in another encoding that surely fit.
const MAX_ENCODED = SIZE / 2;
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
  if (length > SIZE - used) sendPart(false);
  set.call(bytes, view, used);
  used += length;
}

// As UTF-8, or else as Latin-1. False if there may be too little room.
function packText(string, asLatin1) {
  const end = encodeWithin(string, used, SIZE, asLatin1);
  if (end < 0) return false;
  used = end;
  return true;
}

// Where a piece of a string can end that starts at `start` and has at most that
// many units: not between the halves of a character.
function endOfPiece(string, start, units) {
  const end = start + units;
  if (end >= string.length) return string.length;
  const last = charCodeAt.call(string, end - 1);
  return last >= 0xd800 && last < 0xdc00 ? end - 1 : end;
}

// A text that does not fit at once. What the kernel has no room for is encoded
// once, into memory that the write keeps.
function packLongText(string, asLatin1) {
  let units = asLatin1 ? SIZE : SIZE - MAX_CHARACTER;
  for (let start = 0; start < string.length;) {
    if (outcome !== 0) {
      note(binding.writeString(target, slice.call(string, start), asLatin1,
        false));
      return;
    }
    const end = endOfPiece(string, start, units);
    if (packText(slice.call(string, start, end), asLatin1)) {
      start = end;
      if (start < string.length) sendPart(false);
    } else {
      units = SURE_UNITS;
    }
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
  if (string.length > MAX_ENCODED && !isDivisible(encoding)) {
    packView(Buffer.from(string, encoding));
    return;
  }
  for (let start = 0; start < string.length; start += MAX_ENCODED) {
    const piece = start === 0 && string.length <= MAX_ENCODED ? string :
      slice.call(string, start, start + MAX_ENCODED);
    if (piece.length * 2 > SIZE - used) sendPart(false);
    const count = encodeAs.call(bytes, piece, used, encoding);
    used += count;
    // Hex ends where it is no hex any more.
    if (count * 2 < piece.length - 1) return;
  }
}

function packString(string, encoding) {
  const asLatin1 = isLatin1(encoding);
  if (asLatin1 === undefined) {
    packEncoded(string, encoding);
  } else if (!packText(string, asLatin1)) {
    sendPart(false);
    if (!packText(string, asLatin1)) packLongText(string, asLatin1);
  }
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
  if (string.length <= SURE_UNITS || isPacking || bytes.length === 0) {
    return binding.writeString(id, string, asLatin1, true);
  }
  return send(id, packLongText, string, asLatin1);
}

module.exports = { writeText, writeVector };
