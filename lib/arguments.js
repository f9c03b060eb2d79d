'use strict';

// The many signatures of connect() and listen(), brought to one form.

const core = require('./core');

// The number that a value stands for, or false if it is none. A numeric text
// counts: a port may be one.
function toNumber(value) {
  const number = Number(value);
  return number >= 0 ? number : false;
}

// A text that is no number names a pipe.
function isPipeName(value) {
  return typeof value === 'string' && toNumber(value) === false;
}

// (options), (path) or (port[, host]), each with an optional last callback.
function optionsOf(args) {
  const [first, second] = args;
  if (typeof first === 'object' && first !== null) return first;
  if (isPipeName(first)) return { path: first };
  const options = { port: first };
  if (args.length > 1 && typeof second === 'string') options.host = second;
  return options;
}

// Gives [options, callback or null], marked so that it passes through a second
// time unchanged. Anything not understood ends up in options.port.
function normalizeArgs(args) {
  const normalized = args.length === 0 ? [{}, null] :
    [optionsOf(args), callbackOf(args)];
  normalized[core.normalizedArgs] = true;
  return normalized;
}

function callbackOf(args) {
  const last = args[args.length - 1];
  return typeof last === 'function' ? last : null;
}

// As normalizeArgs(), for arguments that may be a normalized array already.
function normalizeOnce(args) {
  const [first] = args;
  const isNormalized = Array.isArray(first) && first[core.normalizedArgs];
  return isNormalized ? first : normalizeArgs(args);
}

module.exports = { isPipeName, normalizeArgs, normalizeOnce, toNumber };
