'use strict';

// TLS inside a connection that began without: the client asks for it, the
// server answers one byte, and the same socket goes on encrypted.

const assert = require('node:assert');
const { Client } = require('pg');
const { scenario } = require('../scenario');

const LENGTH = 2000000;

async function connects(tools, ca) {
  const { log, watch, watchSocket, target } = tools;
  const client = new Client({
    ...target, user: 'postgres', ssl: { ca, servername: 'localhost' },
  });
  watch('client', client, ['connect', 'end', 'error']);
  watchSocket('plain', client.connection.stream);
  client.connection.once('sslconnect', () => {
    watchSocket('secure', client.connection.stream);
  });
  await client.connect();
  log('client', 'authorized', client.connection.stream.authorized);
  const { rows } = await client.query(
    `SELECT ssl, version, repeat('x', ${LENGTH}) AS text
    FROM pg_stat_ssl WHERE pid = pg_backend_pid()`);
  log('client', rows[0].ssl, rows[0].version);
  assert.strictEqual(rows[0].text, 'x'.repeat(LENGTH));
  const long = await client.query('SELECT length($1)', ['y'.repeat(LENGTH)]);
  assert.strictEqual(long.rows[0].length, LENGTH);
  await client.end();
  log('client', 'ended');
}

async function distrusts({ log, target }) {
  const client = new Client({ ...target, user: 'postgres', ssl: true });
  client.on('error', (error) => log('distrust', 'error', error));
  client.on('end', () => log('distrust', 'end'));
  await assert.rejects(client.connect(), (error) => {
    log('distrust', 'connect', error);
    return true;
  });
}

scenario(async (tools) => {
  await connects(tools, tools.cert);
  await distrusts(tools);
});
