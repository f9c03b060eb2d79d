'use strict';

// Checks of arguments, each with core's error for what does not pass.

const { badPort, invalidArgType, outOfRange } = require('./errors');

function string(value, name) {
  if (typeof value !== 'string') {
    throw invalidArgType(name, 'of type string', value);
  }
}

function boolean(value, name) {
  if (typeof value !== 'boolean') {
    throw invalidArgType(name, 'of type boolean', value);
  }
}

function callable(value, name) {
  if (typeof value !== 'function') {
    throw invalidArgType(name, 'of type function', value);
  }
}

function number(value, name) {
  if (typeof value !== 'number') {
    throw invalidArgType(name, 'of type number', value);
  }
}

function int32(value, name, min = -2147483648) {
  number(value, name);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < min || value > 2147483647) {
    throw outOfRange(name, `>= ${min} && <= 2147483647`, value);
  }
}

// A port is a number or a text that reads as one, from 0 to 65535. Returns it
// as a number.
function port(value, name = 'Port') {
  const isText = typeof value === 'string' && value.trim().length !== 0;
  const result = isText || typeof value === 'number' ? +value : NaN;
  if (result !== result >>> 0 || result > 65535) throw badPort(name, value);
  return result;
}

module.exports = { boolean, callable, int32, number, port, string };
