'use strict';

// 100 MB into a table and out again, by COPY.

const assert = require('node:assert');
const { createHash } = require('node:crypto');
const { Readable, Writable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { Client } = require('pg');
const { from, to } = require('pg-copy-streams');
const { scenario } = require('../scenario');

const LINE = 100;
const BLOCK_LINES = 1000;
const LINES = 1 << 20;

function* blocks(hash) {
  for (let first = 0; first < LINES; first += BLOCK_LINES) {
    let text = '';
    for (let i = first; i < Math.min(first + BLOCK_LINES, LINES); i++) {
      const number = String(i);
      text += `${number}\t${'abc'.repeat(LINE).slice(0, LINE - 2 - number.length)}\n`;
    }
    const block = Buffer.from(text);
    hash.update(block);
    yield block;
  }
}

function hashing(hash) {
  let bytes = 0;
  const sink = new Writable({
    write(chunk, encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done();
    },
  });
  return { sink, count: () => bytes };
}

scenario(async ({ log, watchSocket, target }) => {
  const client = new Client({ ...target, user: 'postgres' });
  watchSocket('socket', client.connection.stream);
  await client.connect();
  await client.query('CREATE TEMPORARY TABLE lines (n int, text text)');
  const sent = createHash('sha256');
  const into = client.query(from('COPY lines FROM STDIN'));
  await pipeline(Readable.from(blocks(sent)), into);
  log('copy', into.rowCount, 'rows in');
  const received = createHash('sha256');
  const { sink, count } = hashing(received);
  await pipeline(client.query(to('COPY lines TO STDOUT')), sink);
  log('copy', count(), 'bytes out');
  assert.strictEqual(count(), LINE * LINES);
  assert.strictEqual(received.digest('hex'), sent.digest('hex'));
  await client.end();
});
