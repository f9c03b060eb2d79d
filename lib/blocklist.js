'use strict';

const binding = require('./binding');
const {
  BlockList: CoreBlockList,
  SocketAddress,
  findLate,
} = require('./core');

const ordinaryHasInstance = Function.prototype[Symbol.hasInstance];

// Core's list stays the truth about a block list: it validates, structured
// clone passes it on, and it answers whatever we leave alone. Beside it, on
// core's handle, lives a matcher, our own list of the same rules, which answers
// check(). The handle is the one object that a list, a proxy of it and objects
// that inherit from it have in common.
const kMatcher = Symbol('kMatcher');
const kHandle = findLate('blockListHandle', new CoreBlockList()) ??
  Symbol('kHandle');
const kClone = findLate('blockListClone', CoreBlockList) ??
  Symbol('messaging_clone_symbol');

// A subclass of SocketAddress may override the getters; core looks past them.
const addressOf = getterOf('address');
const familyOf = getterOf('family');

function getterOf(name) {
  return Object.getOwnPropertyDescriptor(SocketAddress.prototype, name).get;
}

// Zero, which is no family, for what core must judge.
function familyNumber(family) {
  if (typeof family !== 'string') {
    return 0;
  }
  switch (family.toLowerCase()) {
    case 'ipv4': return 4;
    case 'ipv6': return 6;
    default: return 0;
  }
}

// The text and the family of an address given as core's methods take it: a
// SocketAddress knows its family better than the argument beside it.
function textOf(address) {
  return typeof address === 'string' ? address : addressOf.call(address);
}

function numberOf(address, family) {
  return familyNumber(
    typeof address === 'string' ? family : familyOf.call(address));
}

function createMatcher(handle) {
  Object.defineProperty(handle, kMatcher, {
    value: binding.blockListCreate(),
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

function matcherOf(list) {
  return list[kHandle]?.[kMatcher];
}

// From here on core's list alone answers.
function dropMatcher(list) {
  if (matcherOf(list) !== undefined) {
    list[kHandle][kMatcher] = undefined;
  }
}

// Keeps the matcher in step with a rule that core has just accepted. What core
// takes and we do not (a NUL and more text behind an address) must not be lost.
function follow(list, add) {
  const matcher = matcherOf(list);
  if (matcher !== undefined && add(matcher) < 0) {
    dropMatcher(list);
  }
}

class BlockList extends CoreBlockList {
  constructor() {
    super();
    // Without these we could not tell when others share the list.
    if (kHandle in this && kClone in CoreBlockList.prototype) {
      createMatcher(this[kHandle]);
    }
  }

  // Lists that arrive by structured clone are core's.
  static [Symbol.hasInstance](value) {
    return ordinaryHasInstance.call(
      this === BlockList ? CoreBlockList : this, value);
  }

  addAddress(address, family = 'ipv4') {
    super.addAddress(address, family);
    follow(this, (matcher) => binding.blockListAddAddress(
      matcher, numberOf(address, family), textOf(address)));
  }

  addRange(start, end, family = 'ipv4') {
    super.addRange(start, end, family);
    follow(this, (matcher) => binding.blockListAddRange(
      matcher, numberOf(start, family), textOf(start),
      numberOf(end, family), textOf(end)));
  }

  addSubnet(network, prefix, family = 'ipv4') {
    // Core aborts the process over a prefix of -0.
    if (Object.is(prefix, -0)) {
      prefix = 0;
    }
    super.addSubnet(network, prefix, family);
    follow(this, (matcher) => binding.blockListAddSubnet(
      matcher, numberOf(network, family), textOf(network), prefix));
  }

  check(address, family = 'ipv4') {
    const matcher = matcherOf(this);
    // A SocketAddress holds its bytes in core: core compares them sooner than
    // we could ask for their text.
    if (matcher !== undefined && typeof address === 'string') {
      const result = binding.blockListCheck(
        matcher, familyNumber(family), address);
      if (result >= 0) {
        return result === 1;
      }
    }
    return super.check(address, family);
  }
}

// A clone shares core's native rules with this list: what either side adds from
// then on, the other must find too, and of the clone's additions we never hear.
if (kClone in CoreBlockList.prototype) {
  const clone = CoreBlockList.prototype[kClone];
  defineMethod(kClone, function() {
    dropMatcher(this);
    return clone.call(this);
  }, clone);
}

// Newer versions of Node have methods that change a list in other ways.
// toJSON() and fromJSON() are none of these: the latter adds its rules through
// the methods above.
for (const name of Object.getOwnPropertyNames(CoreBlockList.prototype)) {
  const { value } = Object.getOwnPropertyDescriptor(
    CoreBlockList.prototype, name);
  if (typeof value !== 'function' || Object.hasOwn(BlockList.prototype, name) ||
      name === 'toJSON' || name === 'fromJSON') {
    continue;
  }
  defineMethod(name, function(...args) {
    dropMatcher(this);
    return value.apply(this, args);
  }, value);
}

// Defines a method that looks like core's `original` from outside.
function defineMethod(key, method, original) {
  Object.defineProperties(method, {
    name: { value: original.name, configurable: true },
    length: { value: original.length, configurable: true },
  });
  Object.defineProperty(BlockList.prototype, key, {
    value: method,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

module.exports = { BlockList };
