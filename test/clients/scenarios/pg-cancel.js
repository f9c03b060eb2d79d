'use strict';

// A running query is cancelled by a second connection, which says so and
// ends; the first one can go on.

const assert = require('node:assert');
const { once } = require('node:events');
const { Client, Query } = require('pg');
const { scenario } = require('../scenario');

async function isAsleep(observer, pid) {
  const { rows } = await observer.query(
    'SELECT wait_event FROM pg_stat_activity WHERE pid = $1', [pid]);
  return rows[0].wait_event === 'PgSleep';
}

async function cancel({ watchSocket, target }, client, query) {
  const messenger = new Client({ ...target, user: 'postgres' });
  const { stream } = messenger.connection;
  watchSocket('messenger', stream);
  const closed = once(stream, 'close');
  messenger.cancel(client, query);
  await closed;
}

scenario(async (tools) => {
  const { log, watchSocket, target } = tools;
  const [client, observer] = [1, 2]
    .map(() => new Client({ ...target, user: 'postgres' }));
  watchSocket('socket', client.connection.stream);
  await Promise.all([client.connect(), observer.connect()]);
  const query = new Query('SELECT pg_sleep(100)');
  const failed = once(query, 'error');
  client.query(query);
  while (!await isAsleep(observer, client.processID));
  await cancel(tools, client, query);
  const [error] = await failed;
  log('client', 'query', error);
  assert.strictEqual(error.code, '57014');
  const { rows } = await client.query('SELECT 1 AS one');
  assert.deepStrictEqual(rows, [{ one: 1 }]);
  await Promise.all([client.end(), observer.end()]);
});
