'use strict';

// 10,000 commands in one go, and a value of many megabytes.

const assert = require('node:assert');
const Redis = require('ioredis');
const { scenario } = require('../scenario');

const PAIRS = 5000;
const LARGE = 32 << 20;

scenario(async ({ log, watch, watchSocket, target: { port, host } }) => {
  const redis = new Redis({ port, host });
  watch('redis', redis, ['connect', 'ready', 'close', 'end', 'error']);
  redis.once('connect', () => watchSocket('socket', redis.stream));
  await redis.flushall();
  const pipeline = redis.pipeline();
  for (let i = 0; i < PAIRS; i++) pipeline.set(`key ${i}`, `value ${i}`);
  for (let i = 0; i < PAIRS; i++) pipeline.get(`key ${i}`);
  const results = await pipeline.exec();
  assert.strictEqual(results.length, 2 * PAIRS);
  results.forEach(([error, value], i) => {
    assert.strictEqual(error, null);
    assert.strictEqual(value, i < PAIRS ? 'OK' : `value ${i - PAIRS}`);
  });
  log('redis', await redis.dbsize(), 'keys');
  const large = Buffer.alloc(LARGE, 'large\r\n');
  await redis.set('large', large);
  assert.ok(large.equals(await redis.getBuffer('large')));
  await redis.hget('large', 'x').catch((error) => log('redis', error));
  await redis.flushall();
  await redis.quit();
});
