'use strict';

// Cuts what comes from a socket into frames. A subclass says in frame(data, at)
// where the one that begins at `at` ends, having used it; or undefined while
// that is not all there, and may then say how many bytes it waits for, lest all
// be joined again with each chunk.

class Frames {
  constructor() {
    this.rest = [];
    this.length = 0;
    this.wanted = 1;
  }

  push(chunk) {
    this.rest.push(chunk);
    this.length += chunk.length;
    if (this.length < this.wanted) return;
    const data = this.rest.length > 1 ? Buffer.concat(this.rest) : chunk;
    const used = this.use(data);
    this.rest = used < data.length ? [data.subarray(used)] : [];
    this.length = data.length - used;
  }

  use(data) {
    let used = 0;
    for (;;) {
      this.wanted = 1;
      const end = this.frame(data, used);
      if (end === undefined) return used;
      used = end;
    }
  }
}

module.exports = { Frames };
