'use strict';

// Some of Node's tests reach below `net`, under --expose-internals, for the
// classes of the handles:
//
//   const { internalBinding } = require('internal/test/binding');
//   const { TCP } = internalBinding('tcp_wrap');
//
// They mean "the class net's handles have", so here they get ours. Not so the
// tests of core's C++ itself: they hand a handle to other classes of core's, or
// make requests that only those take, and get core's handles to do it with.

const fs = require('fs');
const Module = require('module');

const BINDING = 'internal/test/binding';
const IPC = 2;

// What only the C++ side of core can make or take.
const NATIVE = /\b(?:(?:PipeConnect|Write)Wrap|tls_wrap|streamBaseState)\b/;

/** Our handle classes, or {} where the package exports none. */
function handleClasses() {
  try {
    return require('../../lib/transports.js');
  } catch (err) {
    if (err.code === 'MODULE_NOT_FOUND') return {};
    throw err;
  }
}

/** Pipe that carries handles (IPC) stays core's: child_process owns those. */
function pipeClass(ours, core) {
  return new Proxy(ours, {
    construct(target, args, newTarget) {
      if (args[0] === IPC) return Reflect.construct(core, args);
      return Reflect.construct(target, args, newTarget);
    },
  });
}

function replacements(name, core, classes) {
  if (name === 'tcp_wrap' && classes.TCP) return { TCP: classes.TCP };
  if (name === 'pipe_wrap' && classes.Pipe) {
    return { Pipe: pipeClass(classes.Pipe, core.Pipe) };
  }
  return null;
}

/** `internalBinding` that answers core's bindings with our classes in them. */
function wrapBinding(internalBinding, classes) {
  const made = new Map();
  return function(name) {
    if (made.has(name)) return made.get(name);
    const core = internalBinding(name);
    const ours = replacements(name, core, classes);
    const binding = ours ? { ...core, ...ours } : core;
    made.set(name, binding);
    return binding;
  };
}

/** Whether a module tests core's C++ and not net. */
function testsNative(module) {
  return Boolean(module?.filename) &&
    NATIVE.test(fs.readFileSync(module.filename, 'utf8'));
}

/**
 * Does nothing in a process without --expose-internals. In others the module
 * is not touched before a test asks for it: loading it emits a warning.
 */
function install() {
  if (!Module.isBuiltin(BINDING)) return;
  const load = Module._load;
  let answer;
  Module._load = function(request, parent, ...rest) {
    const exports = Reflect.apply(load, this, [request, parent, ...rest]);
    if (request !== BINDING || testsNative(parent)) return exports;
    answer ??= {
      ...exports,
      internalBinding: wrapBinding(exports.internalBinding, handleClasses()),
    };
    return answer;
  };
}

module.exports = { install, wrapBinding };
