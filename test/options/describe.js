'use strict';

// What a cell leaves behind, as values that JSON can hold and that are the same
// for the same behaviour: ports and temporary names are replaced.

const FIELDS = ['name', 'code', 'message', 'errno', 'syscall', 'address', 'port',
  'localAddress', 'localPort', 'host', 'hostname'];
const SHAPES = ['Socket', 'Server', 'TCP', 'Pipe', 'BlockList', 'SocketAddress',
  'AbortSignal', 'BoundSocket'];
// What the kernel gives out by itself; not the usual high water marks.
const EPHEMERAL = [16385, 65000];

let names = [];

// [text, replacement] for what differs from run to run.
function setNames(pairs) {
  names = pairs;
}

function isEphemeral(number) {
  return number >= EPHEMERAL[0] && number <= EPHEMERAL[1];
}

function clean(text) {
  let result = text;
  for (const [name, replacement] of names) {
    result = result.replaceAll(name, replacement);
  }
  return result.replace(/fresh\d+/g, 'fresh').replace(/(?<!\d)\d{5}(?!\d)/g, (digits) =>
    (isEphemeral(Number(digits)) ? 'PORT' : digits));
}

function describeNumber(value) {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? isEphemeral(value) ? 'PORT' : value :
    String(value);
}

function describeError(error) {
  const result = { type: error.constructor.name };
  for (const field of FIELDS) {
    if (error[field] !== undefined) result[field] = describe(error[field], 1);
  }
  result.keys = Object.keys(error).join();
  result.head = clean(String(error.stack).split('\n    at ')[0]);
  if (error.errors) result.errors = error.errors.map(describeError);
  return result;
}

function describeObject(value, depth) {
  if (value instanceof Error) return describeError(value);
  if (ArrayBuffer.isView(value)) {
    return `${value.constructor.name}(${value.byteLength})`;
  }
  const name = value.constructor?.name;
  if (SHAPES.includes(name)) return `[${name}]`;
  if (depth > 2) return '[deep]';
  if (Array.isArray(value)) {
    return value.map((element) => describe(element, depth + 1));
  }
  const result = {};
  for (const key of Reflect.ownKeys(value)) {
    result[String(key)] = describe(value[key], depth + 1);
  }
  return result;
}

function describe(value, depth = 0) {
  switch (typeof value) {
    case 'number': return describeNumber(value);
    case 'string': return `'${clean(value)}'`;
    case 'boolean': return value;
    case 'object': return value === null ? null : describeObject(value, depth);
    case 'function': return 'function';
    case 'bigint': return `${value}n`;
    default: return String(value);
  }
}

/** What a call gives: { returned } or { threw }. */
function outcome(call) {
  try {
    return { returned: describe(call()) };
  } catch (error) {
    return { threw: describe(error) };
  }
}

module.exports = { clean, describe, outcome, setNames };
