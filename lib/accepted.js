'use strict';

// What a handle's constructor is given for an accepted connection, by nobody
// else: the connection's id, and for AsyncResource the server that triggered it.
// There is one for each, since hooks and getters of a user's may run before the
// handle is there, in which others are made. It serves once.
class Accepted {
  #id;
  requireManualDestroy = true;

  constructor(id, triggerAsyncId) {
    this.#id = id;
    this.triggerAsyncId = triggerAsyncId;
  }

  static take(options) {
    if (typeof options !== 'object' || options === null || !(#id in options)) {
      return -1;
    }
    const id = options.#id;
    options.#id = -1;
    return id;
  }
}

module.exports = { Accepted };
