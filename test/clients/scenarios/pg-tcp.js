'use strict';

// Queries over TCP: parameters, types, errors, and many at once in a pool.

const assert = require('node:assert');
const { Client, Pool } = require('pg');
const { scenario } = require('../scenario');

const QUERIES = 500;

async function one({ log, watch, watchSocket, target }) {
  const client = new Client({ ...target, user: 'postgres' });
  watch('client', client, ['connect', 'end', 'error']);
  watchSocket('socket', client.connection.stream);
  await client.connect();
  const { rows } = await client.query(
    'SELECT $1::int AS number, $2::text AS text, $3::bytea AS bytes',
    [42, 'straße', Buffer.from([0, 1, 255])]);
  assert.deepStrictEqual(rows,
    [{ number: 42, text: 'straße', bytes: Buffer.from([0, 1, 255]) }]);
  await client.query('SELECT * FROM nowhere')
    .catch((error) => log('client', 'query', error));
  const wide = await client.query('SELECT repeat($1, 3000000) AS text', ['x']);
  assert.strictEqual(wide.rows[0].text, 'x'.repeat(3000000));
  await client.end();
  log('client', 'ended');
}

async function many({ log, target }) {
  const pool = new Pool({ ...target, user: 'postgres', max: 10 });
  const results = await Promise.all(Array.from({ length: QUERIES }, (_, i) => {
    return pool.query('SELECT $1::int * 2 AS double', [i]);
  }));
  results.forEach(({ rows }, i) => assert.strictEqual(rows[0].double, i * 2));
  log('pool', pool.totalCount, 'connections');
  await pool.end();
  log('pool', pool.totalCount, 'connections');
}

async function refused({ log, target }) {
  const client = new Client({ ...target, user: 'nobody' });
  watchErrors(client, log);
  await client.connect().catch((error) => log('refused', 'connect', error));
  await client.end();
}

function watchErrors(client, log) {
  client.on('error', (error) => log('refused', 'error', error));
  client.on('end', () => log('refused', 'end'));
}

scenario(async (tools) => {
  await one(tools);
  await many(tools);
  await refused(tools);
});
