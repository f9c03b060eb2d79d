'use strict';

// What one connection publishes reaches two others, in its order.

const assert = require('node:assert');
const { once } = require('node:events');
const Redis = require('ioredis');
const { scenario } = require('../scenario');

const MESSAGES = 2000;

function collect(subscriber, event) {
  const heard = [];
  return new Promise((resolve) => {
    subscriber.on(event, (...args) => {
      heard.push(args.join(' '));
      if (heard.length === MESSAGES) resolve(heard);
    });
  });
}

scenario(async ({ log, watch, target: { port, host } }) => {
  const [publisher, first, second] = ['publisher', 'first', 'second']
    .map((lane) => watch(lane, new Redis({ port, host }),
      ['connect', 'ready', 'close', 'end', 'error']));
  await first.subscribe('news');
  await second.psubscribe('new*');
  const heard = Promise.all([
    collect(first, 'message'), collect(second, 'pmessage')]);
  const counts = await Promise.all(Array.from({ length: MESSAGES },
    (_, i) => publisher.publish('news', i)));
  assert.ok(counts.every((count) => count === 2));
  const numbers = Array.from({ length: MESSAGES }, (_, i) => i);
  assert.deepStrictEqual(await heard, [
    numbers.map((i) => `news ${i}`), numbers.map((i) => `new* news ${i}`)]);
  log('first', await first.unsubscribe('news'), 'channels left');
  await Promise.all([publisher, first, second].map(async (redis) => {
    const ended = once(redis, 'end');
    await redis.quit();
    await ended;
  }));
});
