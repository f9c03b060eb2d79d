'use strict';

// The server is killed and started again: clients come back by themselves,
// commands given meanwhile are answered, and subscriptions are renewed.

const assert = require('node:assert');
const { once } = require('node:events');
const Redis = require('ioredis');
const { scenario } = require('../scenario');

const EVENTS = ['connect', 'ready', 'reconnecting', 'close', 'end', 'error'];
const ATTEMPTS_LOGGED = 3;

// How often a client tries in vain depends on how long the server takes; it
// logs the first attempts, which fail for sure, and then the one that works.
function connect(lane, { log, target: { port, host } }, onAttempt) {
  let attempts = 0;
  const redis = new Redis({
    port,
    host,
    maxRetriesPerRequest: null,
    retryStrategy(times) {
      attempts = times;
      if (times === ATTEMPTS_LOGGED) onAttempt();
      return 20;
    },
  });
  function note(name, value) {
    if (name === 'ready') attempts = 0;
    if (attempts >= ATTEMPTS_LOGGED && name !== 'connect') return;
    log(lane, name, ...(value instanceof Error ? [value] : []));
  }
  for (const name of EVENTS) redis.on(name, note.bind(null, name));
  return redis;
}

/** Resolves when it has been called `count` times. */
function latch(count) {
  let open;
  const opened = new Promise((resolve) => { open = resolve; });
  return { opened, reached: () => { if (--count === 0) open(); } };
}

async function survive(round, { log, call }, { client, subscriber, tried }) {
  await client.set('round', round);
  const lost = Promise.all([client, subscriber].map((one) => once(one, 'close')));
  await call('kill');
  await lost;
  const waiting = client.get('round');
  await tried.opened;
  await call('start');
  assert.strictEqual(await waiting, String(round));
  if (subscriber.status !== 'ready') await once(subscriber, 'ready');
  const heard = once(subscriber, 'message');
  while (await client.publish('news', round) === 0);
  log('subscriber', 'message', ...await heard);
}

scenario(async (tools) => {
  for (const round of [1, 2]) {
    const tried = latch(2);
    const client = connect('client', tools, tried.reached);
    const subscriber = connect('subscriber', tools, tried.reached);
    await subscriber.subscribe('news');
    await survive(round, tools, { client, subscriber, tried });
    const ended = Promise.all([client, subscriber].map((one) => once(one, 'end')));
    await Promise.all([client.quit(), subscriber.quit()]);
    await ended;
  }
});
