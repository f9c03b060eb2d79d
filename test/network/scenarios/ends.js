'use strict';

// Connections that come to an end that nobody wanted: reset by the peer, killed
// by the administrator, given up by the kernel; each in every state that a
// socket may be in.

const { setTimeout: sleep } = require('node:timers/promises');

function each(list, body) {
  return Promise.all(list.map(body));
}

const BOTH_HALF_OPEN = { options: { allowHalfOpen: true },
  peerOptions: { allowHalfOpen: true } };

// How a socket comes into a state: settings of the pair, and what is done.
const STATES = {
  'idle': {},
  'idle, with readable': { settings: { reading: 'readable' } },
  'idle, with for await': { settings: { reading: 'iterate' } },
  'idle, with onread': { settings: { reading: 'onread', roles: ['client'] } },
  'idle, piped to itself': { settings: { reading: 'echo' } },
  'after talk in both directions': {
    async reach({ ours, theirs }) {
      await ours.write(1000);
      await theirs.write(1000);
      await ours.waitForBytes(1000);
      await theirs.waitForBytes(1000);
    },
  },
  'paused': { settings: { reading: 'paused' } },
  'paused, with a full buffer': {
    settings: { reading: 'paused' },
    async reach({ theirs }) {
      await theirs.write(200000);
      await sleep(50);
    },
  },
  'writes wait': {
    settings: { peerReading: 'paused' },
    async reach({ ours }) {
      await ours.write(8000000, 500000);
      await ours.waitUntilStuck();
    },
  },
  'writes wait, and it is to end': {
    settings: { peerReading: 'paused' },
    async reach({ ours }) {
      await ours.write(8000000, 500000);
      await ours.do('end');
      await ours.waitUntilStuck();
    },
  },
  'corked': {
    async reach({ ours }) {
      await ours.do('cork');
      await ours.write(1000, 100);
    },
  },
  'we have ended': {
    settings: { peerOptions: { allowHalfOpen: true } },
    async reach({ ours, theirs }) {
      await ours.do('end');
      await theirs.wait('end');
    },
  },
  'the peer has ended': {
    settings: { options: { allowHalfOpen: true } },
    async reach({ ours, theirs }) {
      await theirs.do('end');
      await ours.wait('end');
    },
  },
  'the peer has ended, and writes wait': {
    settings: { ...BOTH_HALF_OPEN, peerReading: 'paused' },
    async reach({ ours, theirs }) {
      await theirs.do('end');
      await ours.wait('end');
      await ours.write(8000000, 500000);
      await ours.waitUntilStuck();
    },
  },
};

async function reachAll(world, { settings, reach = () => {} }) {
  const talks = await world.talks(settings);
  await each(talks, reach);
  return talks;
}

// A socket that does not read learns of it when it reads or writes again.
async function wake(talks, name) {
  await sleep(50);
  if (name.startsWith('paused')) {
    await each(talks, ({ ours }) => ours.do('resume'));
  } else if (name === 'the peer has ended') {
    await each(talks, ({ ours }) => ours.write(100));
  }
}

// Ours, and the peer's where that learns of it too.
async function closed(talks) {
  await each(talks, ({ ours }) => ours.wait('close'));
  await each(talks, ({ theirs }) => theirs.wait('close', 500).catch(() => {}));
}

// All connections of one host.
function killAll({ link, addresses, family }, name) {
  const host = family === 4 ? addresses[name] : `[${addresses[name]}]`;
  link.kill(name, 'src', host);
}

const KILLS = {
  'reset by the peer': async function(world, talks) {
    await each(talks, ({ theirs }) => theirs.do('resetAndDestroy'));
  },
  'killed here': async function(world) {
    killAll(world, 'near');
  },
  'killed there': async function(world) {
    killAll(world, 'far');
  },
};

const scenarios = {};

for (const [how, kill] of Object.entries(KILLS)) {
  for (const [name, state] of Object.entries(STATES)) {
    scenarios[`${how}: ${name}`] = {
      isShort: how !== 'killed there' && /^(idle|writes wait|corked)/.test(name),
      async run(world) {
        const talks = await reachAll(world, state);
        await kill(world, talks);
        await wake(talks, name);
        await closed(talks);
        return talks;
      },
    };
  }
}

const RETRIES = 'net/ipv4/tcp_retries2';

// In a black hole only these states make the kernel look.
const LOOKING = {
  'writes wait': STATES['writes wait'],
  'one byte was sent': {},
  'we have ended': {},
  'it is kept alive': {},
};

const LAST_WORDS = {
  'one byte was sent': (ours) => ours.write(1),
  'we have ended': (ours) => ours.do('end'),
  'it is kept alive': (ours) => ours.do('setKeepAlive', true, 1000),
};

for (const [name, state] of Object.entries(LOOKING)) {
  scenarios[`a black hole: ${name}`] = {
    async run(world) {
      const before = world.link.get(RETRIES);
      const talks = await reachAll(world, state);
      // After a second or two the kernel gives up, instead of a quarter of an
      // hour.
      world.link.set('near', RETRIES, 3);
      world.link.lose(1);
      await each(talks, ({ ours }) => LAST_WORDS[name]?.(ours));
      await each(talks, ({ ours }) => ours.wait('close'));
      world.link.lose(0);
      world.link.set('near', RETRIES, before);
      return talks;
    },
  };
}

// The peer is gone, and nobody has told us.
async function forgotten(world, settings) {
  const talks = await world.talks(settings);
  world.link.lose(1);
  killAll(world, 'far');
  world.link.lose(0);
  return talks;
}

Object.assign(scenarios, {
  'half-open: we write': {
    isShort: true,
    async run(world) {
      const talks = await forgotten(world);
      await each(talks, ({ ours }) => ours.write(1000));
      await each(talks, ({ ours }) => ours.wait('close'));
      return talks;
    },
  },

  'half-open: we end': {
    isShort: true,
    async run(world) {
      const talks = await forgotten(world);
      await each(talks, ({ ours }) => ours.do('end'));
      await each(talks, ({ ours }) => ours.wait('close'));
      return talks;
    },
  },

  'half-open: it is kept alive': {
    async run(world) {
      const talks = await forgotten(world);
      await each(talks, ({ ours }) => ours.do('setKeepAlive', true, 1000));
      await each(talks, ({ ours }) => ours.wait('close'));
      return talks;
    },
  },

  'half-open: nobody says anything': {
    isShort: true,
    async run(world) {
      const talks = await forgotten(world);
      await each(talks, ({ ours }) => ours.do('setTimeout', 200));
      await each(talks, ({ ours }) => ours.wait('timeout'));
      await each(talks, ({ ours }) => ours.do('destroy'));
      await each(talks, ({ ours }) => ours.wait('close'));
      return talks;
    },
  },

  // They are accepted when they are reset already.
  'reset while they wait to be accepted': {
    isShort: true,
    async run(world) {
      const talks = await waiting(world, async (id) => {
        await world.peer.call('do', id, 'resetAndDestroy');
      });
      return talks;
    },
  },

  'reset with data while they wait to be accepted': {
    async run(world) {
      const talks = await waiting(world, async (id) => {
        await world.peer.call('write', id, 1000);
        await world.peer.call('do', id, 'resetAndDestroy');
      });
      return talks;
    },
  },

  'ended with data while they wait to be accepted': {
    isShort: true,
    async run(world) {
      const talks = await waiting(world, async (id) => {
        await world.peer.call('write', id, 1000);
        await world.peer.call('do', id, 'end');
      });
      return talks;
    },
  },
});

// Each server is stopped while three connections come and body(id) ends them.
async function waiting(world, body) {
  const hosts = await each(world.modes, async (mode) => ({ mode,
    ...await world.agents[mode].call('listen', { seed: 1, options: {},
      where: { host: world.addresses.near, port: 0 } }) }));
  for (const agent of Object.values(world.agents)) agent.kill('SIGSTOP');
  for (const { port } of hosts) {
    for (let i = 0; i < 3; i++) {
      const id = await world.peer.call('connect', { seed: 2,
        options: { host: world.addresses.near, port } });
      await world.peer.call('wait', id, 'connect', 5000);
      await body(id);
    }
  }
  await sleep(50);
  for (const agent of Object.values(world.agents)) agent.kill('SIGCONT');
  await sleep(300);
  return each(hosts, ({ mode, id }) => acceptedBy(world, mode, id));
}

async function acceptedBy(world, mode, id) {
  const agent = world.agents[mode];
  const count = await agent.call('acceptedCount', id);
  const reports = [];
  for (let i = 0; i < count; i++) {
    const one = await agent.call('accepted', id, i, 1000);
    await agent.call('wait', one, 'close', 5000);
    reports.push(await agent.call('report', one));
  }
  return { mode, role: 'server', outcome:
    { reports, log: await agent.call('serverLog', id) } };
}

module.exports = scenarios;
