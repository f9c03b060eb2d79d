'use strict';

// Faults that a connection survives: all bytes arrive, each once and in order,
// and nobody hears of an error.

const { setTimeout: sleep } = require('node:timers/promises');

function each(talks, body) {
  return Promise.all(talks.map(body));
}

// Both ends send so many bytes and end, while body() does its worst.
async function exchange(world, total, settings, body) {
  const talks = await world.talks(settings);
  const sending = each(talks, ({ both }) => each(both, async (end) => {
    await end.send(total);
    await end.do('end');
  }));
  await body(world.link, talks);
  await sending;
  await each(talks, ({ both }) => each(both, (end) => end.wait('close')));
  return talks;
}

const HALF_OPEN = { options: { allowHalfOpen: true },
  peerOptions: { allowHalfOpen: true } };

function onBoth(run, extra = {}) {
  return { isComplete: true, run, ...extra };
}

// Not 'iterate': the end of `for await` destroys what still has to finish.
const READINGS = ['flow', 'readable', 'onread'];

async function loss(world, total, probability) {
  const all = [];
  for (const reading of READINGS) {
    const settings = { ...HALF_OPEN, reading };
    // There is no onread for accepted sockets.
    if (reading === 'onread') settings.roles = ['client'];
    all.push(exchange(world, total, settings, (link) => {
      link.lose(0);
      link.lose(probability);
    }));
  }
  const talks = (await Promise.all(all)).flat();
  world.link.lose(0);
  return talks;
}

// A program that does not run for a while; the kernel goes on.
async function stopped(agents, milliseconds, meanwhile) {
  for (const agent of agents) agent.kill('SIGSTOP');
  await meanwhile();
  await sleep(milliseconds);
  for (const agent of agents) agent.kill('SIGCONT');
}

module.exports = {
  'one packet of twenty is lost': onBoth((world, { isShort }) =>
    loss(world, isShort ? 40000 : 400000, 0.05), { isShort: true }),

  'one packet of eight is lost': onBoth((world) => loss(world, 100000, 0.125)),

  'a black hole for a second, while both send': onBoth((world) =>
    exchange(world, 3000000, HALF_OPEN, async (link) => {
      link.lose(1);
      await sleep(1000);
      link.lose(0);
    })),

  'packets get through in one direction only, for a second': onBoth((world) =>
    exchange(world, 3000000, HALF_OPEN, async (link) => {
      link.lose(1, ['near']);
      await sleep(1000);
      link.lose(0, ['near']);
    })),

  'the cable is pulled and put back': onBoth((world) =>
    exchange(world, 3000000, HALF_OPEN, async (link) => {
      link.carrier('down');
      await sleep(700);
      link.carrier('up');
    }), { isShort: true }),

  'the address goes and comes back': onBoth((world) =>
    exchange(world, 3000000, HALF_OPEN, async (link) => {
      link.removeAddresses('near');
      await sleep(500);
      link.addAddresses('near');
    })),

  'packets become small in the middle': onBoth((world) =>
    exchange(world, 3000000, HALF_OPEN, async (link) => {
      await sleep(20);
      link.mtu(world.family === 4 ? 576 : 1280);
      await sleep(300);
      link.mtu(1500);
    }), { isShort: true }),

  'a cable of 8 Mbit/s': onBoth(async (world) => {
    world.link.slow(8000);
    const talks = await exchange(world, 150000, HALF_OPEN, () => {});
    world.link.slow(0);
    return talks;
  }),

  'the peer is stopped while we write': onBoth(async (world) => {
    const talks = await world.talks();
    await stopped([world.peer], 500, () => each(talks, ({ ours }) =>
      ours.write(4000000).then(() => ours.do('end'))));
    await each(talks, ({ both }) => each(both, (end) => end.wait('close')));
    return talks;
  }, { isShort: true }),

  'we are stopped while the peer writes': onBoth(async (world) => {
    const talks = await world.talks();
    const agents = Object.values(world.agents);
    await stopped(agents, 500, () => each(talks, ({ theirs }) =>
      theirs.write(4000000).then(() => theirs.do('end'))));
    await each(talks, ({ both }) => each(both, (end) => end.wait('close')));
    return talks;
  }),

  'a peer that does not read for a second': onBoth(async (world) => {
    const talks = await world.talks({ peerReading: 'paused' });
    await each(talks, ({ ours }) => ours.write(6000000));
    await each(talks, ({ ours }) => ours.do('end'));
    await sleep(1000);
    await each(talks, ({ theirs }) => theirs.do('resume'));
    await each(talks, ({ both }) => each(both, (end) => end.wait('close')));
    return talks;
  }),

  // It times out, and goes on.
  'the peer is silent for longer than the timeout': onBoth(async (world) => {
    const talks = await world.talks();
    await each(talks, ({ ours }) => ours.do('setTimeout', 200));
    await each(talks, ({ ours }) => ours.wait('timeout'));
    await each(talks, ({ ours }) => ours.do('setTimeout', 0));
    await each(talks, async ({ theirs }) => {
      await theirs.write(100000);
      await theirs.do('end');
    });
    await each(talks, ({ both }) => each(both, (end) => end.wait('close')));
    return talks;
  }),

  'one side ends long before the other': onBoth(async (world) => {
    const talks = await world.talks(HALF_OPEN);
    world.link.lose(0.05);
    await each(talks, async ({ ours, theirs }) => {
      await ours.send(50000);
      await ours.do('end');
      await theirs.wait('end');
      await theirs.send(50000);
      await theirs.do('end');
    });
    await each(talks, ({ both }) => each(both, (end) => end.wait('close')));
    world.link.lose(0);
    return talks;
  }),

  'echoes by pipe() with losses': onBoth(async (world) => {
    const talks = await world.talks({ reading: 'echo' });
    world.link.lose(0.05);
    await each(talks, async ({ ours, theirs }) => {
      await theirs.send(100000);
      await theirs.waitForBytes(100000);
      await theirs.do('end');
      await ours.wait('close');
    });
    await each(talks, ({ theirs }) => theirs.wait('close'));
    world.link.lose(0);
    return talks;
  }, { isEcho: true }),
};
