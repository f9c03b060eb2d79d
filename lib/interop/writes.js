'use strict';

// The methods by which core's own socket, and whoever knows them, writes through
// a handle. `request` is { oncomplete(status, handle, error), … }; its `async`
// tells whether that will be called, or all is done already.

const { bytesOf } = require('../chunk');
const core = require('../core');
const { Request, WriteWrap, forUser } = require('../requests');
const { kIsCores } = require('../symbols');

const kOwner = core.ownerSymbol;

// Whether a socket is of core's own class: it got our handle from a user.
function isCores(owner) {
  return owner !== null && owner[kIsCores] === undefined;
}

// Elements for sendVector(): `chunks` are buffers, or else pairs of a chunk and
// its encoding. All that is a user's to run has run before anything is sent.
function vectorOf(chunks, allBuffers) {
  const vector = [];
  for (let i = 0; i < chunks.length; i += allBuffers ? 1 : 2) {
    const chunk = chunks[i];
    const isText = !allBuffers && typeof chunk === 'string';
    vector.push(isText ? { chunk, encoding: chunks[i + 1] } :
      { chunk: bytesOf(chunk) });
  }
  return vector;
}

// Adds the methods to the class of handles.
function defineWrites(prototype, { expectEnd, idOf }) {
  // Core's socket over our handle takes a write for done, whatever it is told:
  // core looks that up in memory of its C++. So it hears of errors alone.
  function answerCores(handle) {
    const oncomplete = (status) => status < 0 && handle.onwriteerror?.(status);
    expectEnd(handle, forUser(WriteWrap, { oncomplete }, handle.asyncId()));
    return 0;
  }

  // What a write came to, for `object` to wait: 0, a negative error, or, as from
  // Node 26 on, a request for who gave none.
  function answer(handle, object, status) {
    if (object) object.async = status === 1;
    if (status !== 1) return status;
    if (isCores(handle[kOwner])) return answerCores(handle);
    const isOurs = object instanceof Request;
    const request = isOurs ? object :
      forUser(WriteWrap, object ?? {}, handle.asyncId());
    expectEnd(handle, request);
    return object ? 0 : request.user;
  }

  Object.assign(prototype, {
    writeBuffer(request, view) {
      idOf(this);
      return answer(this, request, this.send(view));
    },
    writeUtf8String(request, string) {
      idOf(this);
      return answer(this, request, this.sendString(string, false));
    },
    writeLatin1String(request, string) {
      idOf(this);
      return answer(this, request, this.sendString(string, true));
    },
    writeUcs2String(request, string) {
      idOf(this);
      const vector = [{ chunk: string, encoding: 'ucs2' }];
      return answer(this, request, this.sendVector(vector));
    },
    writev(request, chunks, allBuffers) {
      idOf(this);
      const vector = vectorOf(chunks, allBuffers);
      return answer(this, request, this.sendVector(vector));
    },
  });
  prototype.writeAsciiString = prototype.writeLatin1String;
}

module.exports = { defineWrites };
