'use strict';

// From the entries of a world's log to lines that can be compared.

const { createHash } = require('node:crypto');

/** Length and content of a chunk, in a few characters. */
function describe(chunk, kind = typeof chunk === 'string' ? 'string' : 'bytes') {
  const shown = chunk.length <= 12 ? JSON.stringify(String(chunk)) :
    createHash('md5').update(chunk).digest('hex').slice(0, 8);
  return `${kind} ${chunk.length} ${shown}`;
}

// How much a socket that does not flow has read ahead depends on how the bytes
// came in; how much of it was consumed does not.
function withoutReadAhead(text) {
  return text.includes(' readableFlowing=true ') ? text :
    text.replace(/ (?:readableLength|bytesRead)=\d+/g, '');
}

// What arrives in a row is one piece for each listener: where the kernel's
// reads end is not the log's business.
function mergeRuns(entries) {
  const merged = [];
  let pieces = new Map();
  for (const entry of entries) {
    if (entry.text === 'readable' && pieces.size > 0) continue;
    if (!entry.bytes) {
      pieces = new Map();
      merged.push(entry);
      continue;
    }
    const key = `${entry.name} ${entry.text} ${entry.kind}`;
    const piece = pieces.get(key);
    if (piece) {
      piece.bytes = Buffer.concat([piece.bytes, entry.bytes]);
    } else {
      pieces.set(key, { ...entry });
      merged.push(pieces.get(key));
    }
  }
  return merged;
}

function line({ name, text, title, bytes, kind }) {
  if (title !== undefined) return `-- ${title}`;
  if (bytes) return `${name} ${text} ${describe(bytes, kind)}`;
  return `${name} ${text.startsWith('state ') ? withoutReadAhead(text) : text}`;
}

// The entries of one step: all in their order, or those of each name together.
function renderStep(entries, ordered) {
  if (ordered) return mergeRuns(entries).map(line);
  const lanes = new Map();
  for (const entry of entries) {
    if (!lanes.has(entry.name)) lanes.set(entry.name, []);
    lanes.get(entry.name).push(entry);
  }
  const names = [...lanes.keys()].sort();
  return names.flatMap((name) => mergeRuns(lanes.get(name)).map(line));
}

/**
 * The lines of a log. ordered: in the order of all events, else each socket's
 * events by themselves, step by step.
 */
function render(entries, ordered) {
  const lines = [];
  let step = [];
  for (const entry of entries) {
    if (entry.title === undefined) {
      step.push(entry);
    } else {
      lines.push(...renderStep(step, ordered), line(entry));
      step = [];
    }
  }
  return [...lines, ...renderStep(step, ordered)];
}

module.exports = { describe, render };
