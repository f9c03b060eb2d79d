'use strict';

// The ways of reading a stream: each gives all that comes to a sink.

const { Writable } = require('node:stream');

const BUFFER = 64 * 1024;

function onData(stream, sink) {
  stream.on('data', (chunk) => sink.add(chunk));
}

function onReadable(stream, sink) {
  stream.on('readable', () => {
    let chunk;
    while ((chunk = stream.read()) !== null) sink.add(chunk);
  });
}

async function iterate(stream, sink) {
  try {
    for await (const chunk of stream) sink.add(chunk);
  } catch (err) {
    // A connection that is closed when its cell is done ends before its time.
    if (err.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw err;
  }
}

function pipe(stream, sink) {
  stream.pipe(new Writable({
    write(chunk, encoding, callback) {
      sink.add(chunk);
      callback();
    },
  }));
}

function decode(stream, sink) {
  stream.setEncoding(sink.decode);
  onData(stream, sink);
}

// After each chunk it waits for a turn of the loop.
function pause(stream, sink) {
  const resume = () => stream.resume();
  stream.on('data', (chunk) => {
    stream.pause();
    setImmediate(resume);
    sink.add(chunk);
  });
}

const readers = { data: onData, readable: onReadable, iterator: iterate, pipe,
  encoding: decode, paused: pause,
  // Given to connect(), so there is nothing left to do.
  onread: () => {} };

/** Options of net.connect() for a socket that is read so. */
function connectOptions({ reader }, sink) {
  if (reader !== 'onread') return {};
  return { onread: {
    buffer: Buffer.alloc(BUFFER),
    callback(length, buffer) {
      sink.add(buffer.subarray(0, length));
      return true;
    },
  } };
}

/** Reads `stream` in the cell's way. */
function read({ reader }, stream, sink) {
  readers[reader](stream, sink);
}

module.exports = { connectOptions, read };
