'use strict';

// The ways of writing the pieces of an operation to a stream.

const { Readable } = require('node:stream');

function writeAll(stream, { pieces, encoding }) {
  for (const piece of pieces) stream.write(piece, encoding);
}

// All but the last, which is the one that ends.
function endAll(stream, { pieces, encoding }) {
  const last = pieces.length - 1;
  for (let i = 0; i < last; i++) stream.write(pieces[i], encoding);
  stream.end(pieces[last], encoding);
}

// A stream that stays as long as the connection does, and passes on pieces as
// they are: of a string in another encoding than UTF-8 `to` has to know.
function pipeTo(stream, payload) {
  const source = new Readable({ objectMode: true, read() {} });
  if (payload.encoding) stream.setDefaultEncoding(payload.encoding);
  source.pipe(stream);
  return () => {
    for (const piece of payload.pieces) source.push(piece);
  };
}

function pipeOnce(stream, payload) {
  if (payload.encoding) stream.setDefaultEncoding?.(payload.encoding);
  Readable.from(payload.pieces).pipe(stream);
}

/**
 * For a stream that stays.
 * @returns {(finish: Function) => void} writes an operation; `finish` is for
 *   the manner `callback`
 */
function stayingWriter({ manner }, stream, payload) {
  const { pieces: [piece], encoding } = payload;
  switch (manner) {
    case 'piped': return pipeTo(stream, payload);
    case 'writes': return () => writeAll(stream, payload);
    case 'callback': return (finish) => stream.write(piece, encoding, finish);
    case 'corked': return () => {
      stream.cork();
      writeAll(stream, payload);
      stream.uncork();
    };
    default: return () => stream.write(piece, encoding);
  }
}

/** Writes an operation to a stream that ends with it, the last piece by end(). */
function writeAndEnd({ manner }, stream, payload, finish) {
  const { pieces: [piece], encoding } = payload;
  switch (manner) {
    case 'piped': pipeOnce(stream, payload); break;
    case 'writes': endAll(stream, payload); break;
    case 'callback': stream.end(piece, encoding, finish); break;
    case 'corked':
      stream.cork();
      endAll(stream, payload);
      break;
    default: stream.end(piece, encoding);
  }
}

/** As bodies of http are written that come in parts: end() has no piece. */
function writeThenEnd({ manner }, stream, payload) {
  if (manner === 'piped') {
    pipeOnce(stream, payload);
    return;
  }
  if (manner === 'corked') stream.cork();
  writeAll(stream, payload);
  // In Node 22 end() puts the mark of a body's end before what is corked.
  if (manner === 'corked') stream.uncork();
  stream.end();
}

/** How often `finish` is called besides, by what is written. */
const callbacks = ({ manner }) => (manner === 'callback' ? 1 : 0);

module.exports = { callbacks, stayingWriter, writeAndEnd, writeThenEnd };
