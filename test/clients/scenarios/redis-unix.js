'use strict';

// Commands, a pipeline and a blocking command over the Unix socket.

const assert = require('node:assert');
const Redis = require('ioredis');
const { scenario } = require('../scenario');

const COMMANDS = 10000;

scenario(async ({ log, watch, watchSocket, target: { path } }) => {
  const [redis, other] = ['redis', 'other'].map((lane) => watch(lane,
    new Redis({ path }), ['connect', 'ready', 'close', 'end', 'error']));
  redis.once('connect', () => watchSocket('socket', redis.stream));
  await redis.flushall();
  const counts = await Promise.all(
    Array.from({ length: COMMANDS }, () => redis.incr('counter')));
  counts.forEach((count, i) => assert.strictEqual(count, i + 1));
  const popped = redis.blpop('list', 0);
  await other.rpush('list', 'element');
  log('redis', 'popped', ...await popped);
  await redis.flushall();
  await Promise.all([redis.quit(), other.quit()]);
});
