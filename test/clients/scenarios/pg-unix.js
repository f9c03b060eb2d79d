'use strict';

// The same server over its Unix socket.

const assert = require('node:assert');
const { Client } = require('pg');
const { scenario } = require('../scenario');

const ROWS = 200000;

scenario(async ({ log, watch, watchSocket, target }) => {
  const { folder, port } = target;
  const client = new Client({ host: folder, port, user: 'postgres' });
  watch('client', client, ['connect', 'end', 'error', 'notice']);
  watchSocket('socket', client.connection.stream);
  await client.connect();
  const address = await client.query('SELECT inet_client_addr() AS address');
  assert.strictEqual(address.rows[0].address, null);
  const { rows } = await client.query('SELECT generate_series(1, $1) AS n', [ROWS]);
  assert.ok(rows.every(({ n }, i) => n === i + 1));
  log('client', rows.length, 'rows');
  await client.end();
  log('client', 'ended');
});
