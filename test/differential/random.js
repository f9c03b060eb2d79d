'use strict';

// A small seeded generator of random numbers (mulberry32): the same seed gives
// the same script on every machine.

class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer in [0, limit). */
  below(limit) {
    return Math.floor(this.next() * limit);
  }

  chance(probability) {
    return this.next() < probability;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** A key of { key: weight }, as often as its weight says. */
  weighted(table) {
    let rest = this.next() *
      Object.values(table).reduce((sum, weight) => sum + weight, 0);
    const keys = Object.keys(table);
    for (const key of keys) {
      rest -= table[key];
      if (rest < 0) return key;
    }
    return keys[keys.length - 1];
  }
}

module.exports = { Random };
