'use strict';

// The values that every option and argument is tried with. Each is made anew for
// each cell, so that no call sees what an earlier one did to it.

const vm = require('node:vm');

const realm = vm.createContext();

function fromRealm(source) {
  return () => vm.runInContext(source, realm);
}

class Thing {}

// [name, make()]
const PRIMITIVES = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['false', () => false],
  ['true', () => true],
  ['0', () => 0],
  ['-0', () => -0],
  ['1', () => 1],
  ['-1', () => -1],
  ['NaN', () => NaN],
  ['Infinity', () => Infinity],
  ['-Infinity', () => -Infinity],
  ['1.5', () => 1.5],
  ['2**31', () => 2 ** 31],
  ['2**32+7', () => 2 ** 32 + 7],
  ['1e21', () => 1e21],
  ["''", () => ''],
  ["'1'", () => '1'],
  ["'x'", () => 'x'],
  ['long text', () => 'long'.repeat(50)],
  ['symbol', () => Symbol('s')],
  ['1n', () => 1n],
];

const OBJECTS = [
  ['[]', () => []],
  ['[1]', () => [1]],
  ['{}', () => ({})],
  ['null prototype', () => Object.create(null)],
  ['instance', () => new Thing()],
  ['new String', () => Object('x')],
  ['new Number', () => Object(1)],
  ['{ valueOf: 1 }', () => ({ valueOf: () => 1, toString: () => '1' })],
  ['{ toString throws }', () => ({ toString() { throw new Error('toString'); } })],
  ['realm {}', fromRealm('({})')],
  ['realm []', fromRealm('[]')],
];

const FUNCTIONS = [
  ['named function', () => function named() {}],
  ['() => {}', () => (() => () => {})()],
  ['class', () => class Class {}],
  ['realm function', fromRealm('(() => () => {})()')],
];

const ALL = [...PRIMITIVES, ...OBJECTS, ...FUNCTIONS];

// Where another method goes through the same check already.
const FEW = ALL.filter(([name]) => ['undefined', 'null', 'false', 'true', '0',
  '1', '-1', 'NaN', '1.5', "''", "'1'", "'x'", 'symbol', '1n', '{}', '[]',
  'named function'].includes(name));

// Plain values, which are their own names.
function plain(...values) {
  return values.map((value) => [typeof value === 'string' ? `'${value}'` :
    `${JSON.stringify(value) ?? String(value)}`, () => value]);
}

// The ways in which options can have a value: [name, make(base)], where `base`
// holds the other options.
function waysOf(key, values, inherited = []) {
  const ways = [['missing', (base) => {
    const options = { ...base };
    delete options[key];
    return options;
  }]];
  for (const [name, make] of values) {
    ways.push([name, (base) => ({ ...base, [key]: make() })]);
  }
  ways.push(['a getter that throws', (base) =>
    Object.defineProperty({ ...base }, key, {
      get() { throw new Error('getter'); }, enumerable: true,
    })]);
  ways.push(['a hidden getter that throws', (base) =>
    Object.defineProperty({ ...base }, key, {
      get() { throw new Error('getter'); }, enumerable: false,
    })]);
  for (const [name, make] of inherited) {
    ways.push([`inherited ${name}`, (base) => {
      const own = { ...base };
      delete own[key];
      return Object.assign(Object.create({ [key]: make() }), own);
    }]);
    ways.push([`not enumerable ${name}`, (base) =>
      Object.defineProperty({ ...base }, key,
        { value: make(), enumerable: false })]);
  }
  return ways;
}

module.exports = { ALL, FEW, OBJECTS, PRIMITIVES, fromRealm, plain, waysOf };
