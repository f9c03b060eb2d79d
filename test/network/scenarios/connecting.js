'use strict';

// Connections that do not come about, and servers that cannot listen.

const { setTimeout: sleep } = require('node:timers/promises');

function each(list, body) {
  return Promise.all(list.map(body));
}

// Everybody connects to a place, with what body() does before.
function failing(place, before, after = () => {}, extra = {}) {
  return {
    async run(world) {
      const { link } = world;
      before(link, world);
      const talks = await world.clients({ options: place(world) });
      await each(talks, ({ ours }) => ours.wait('close'));
      after(link, world);
      return talks;
    },
    ...extra,
  };
}

const ELSEWHERE = { 4: '10.78.0.1', 6: 'fd78::1' };
const NOBODY = { 4: '10.77.0.99', 6: 'fd77::99' };

const elsewhere = ({ family }) => ({ host: ELSEWHERE[family], port: 7 });
const nobody = ({ family }) => ({ host: NOBODY[family], port: 7 });
const peer = ({ addresses }) => ({ host: addresses.far, port: 7 });

function route(kind) {
  const change = (what) => (link, { family }) => link.at('near', 'ip',
    `-${family}`, 'route', what, kind, ELSEWHERE[family]);
  return failing(elsewhere, change('add'), change('del'), { isShort: true });
}

// Names of one black-holed host and one that listens.
async function listenThere(world) {
  return world.peer.call('listen', { seed: 2, options: {},
    where: { host: world.addresses.far, port: 0 } });
}

// A program with its client sockets, one after the other, as many as there are
// ports, and one more.
async function exhaust(world, mode, { id, port }) {
  const agent = world.agents[mode];
  const ids = [];
  for (let i = 0; i < 3; i++) {
    const one = await agent.call('connect', { seed: 1,
      options: { host: world.addresses.far, port } });
    ids.push(one);
    await agent.call('wait', one, i < 2 ? 'connect' : 'close', 5000);
  }
  const refused = await agent.call('listen',
    { seed: 1, options: {}, where: { host: world.addresses.near, port: 0 } });
  for (const one of ids) {
    await agent.call('do', one, 'resetAndDestroy');
    await agent.call('wait', one, 'close', 5000);
  }
  // They are free again.
  const last = await agent.call('connect', { seed: 1,
    options: { host: world.addresses.far, port } });
  await agent.call('wait', last, 'connect', 5000);
  const logs = await each([...ids, last], async (one) =>
    (await agent.call('report', one)).log);
  await agent.call('do', last, 'resetAndDestroy');
  await agent.call('wait', last, 'close', 5000);
  return { logs, listen: refused.log, accepted:
    await world.peer.call('acceptedCount', id) > 0 };
}

module.exports = {
  'an unreachable route': route('unreachable'),
  'a prohibited route': route('prohibit'),
  'a route into a black hole': route('blackhole'),
  'no route': failing(elsewhere, () => {}, () => {}, { isShort: true }),
  'a host that does not exist': failing(nobody, () => {}),
  'nobody listens': failing(peer, () => {}, () => {}, { isShort: true }),
  'no packet is answered': failing(peer, (link) => link.lose(1),
    (link) => link.lose(0)),
  'the cable is out': failing(peer, (link) => link.carrier('down'),
    (link) => link.carrier('up')),
  'a local address that is not ours': failing(
    (world) => ({ ...peer(world), localAddress: ELSEWHERE[world.family] }),
    () => {}, () => {}, { isShort: true }),

  'no packet is answered, and the program gives up': {
    isShort: true,
    async run(world) {
      world.link.lose(1);
      const talks = await world.clients({ options: peer(world) });
      await each(talks, ({ ours }) => ours.do('setTimeout', 100));
      await each(talks, ({ ours }) => ours.write(1000));
      await each(talks, ({ ours }) => ours.wait('timeout'));
      await each(talks, ({ ours }) => ours.do('destroy'));
      await each(talks, ({ ours }) => ours.wait('close'));
      world.link.lose(0);
      return talks;
    },
  },

  'the connection is killed before it is one': {
    async run(world) {
      world.link.lose(1);
      const talks = await world.clients({ options: peer(world) });
      await each(talks, ({ ours }) => ours.write(1000));
      await sleep(50);
      world.link.kill('near', 'state', 'syn-sent');
      await each(talks, ({ ours }) => ours.wait('close'));
      world.link.lose(0);
      return talks;
    },
  },

  'the first of two addresses does not answer': {
    isComplete: true,
    isShort: true,
    async run(world) {
      const { id, port } = await listenThere(world);
      world.link.at('near', 'ip', `-${world.family}`, 'neigh', 'add',
        NOBODY[world.family], 'lladdr', '02:00:00:00:00:99', 'dev', 'uvnear');
      const talks = await world.clients({ options: {
        host: 'two', port, autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: 100,
        lookup: [NOBODY[world.family], world.addresses.far] } });
      await each(talks, ({ ours }) => ours.wait('connect'));
      await each(talks, ({ ours }) => ours.do('end'));
      await each(talks, ({ ours }) => ours.wait('close'));
      world.link.at('near', 'ip', `-${world.family}`, 'neigh', 'del',
        NOBODY[world.family], 'dev', 'uvnear');
      return [...talks, { accepted: await world.peer.call('acceptedCount', id) }]
        .filter(({ mode }) => mode);
    },
  },

  'all addresses fail, each in its way': {
    isShort: true,
    async run(world) {
      const { family } = world;
      world.link.at('near', 'ip', `-${family}`, 'route', 'add', 'prohibit',
        ELSEWHERE[family]);
      const talks = await world.clients({ options: {
        host: 'two', port: 7, autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: 100,
        lookup: [ELSEWHERE[family], world.addresses.far] } });
      await each(talks, ({ ours }) => ours.wait('close'));
      world.link.at('near', 'ip', `-${family}`, 'route', 'del', 'prohibit',
        ELSEWHERE[family]);
      return talks;
    },
  },

  // One after the other, for all are on one host.
  'no ports are left': {
    isShort: true,
    async run(world) {
      const name = 'net/ipv4/ip_local_port_range';
      const before = world.link.get(name);
      const server = await listenThere(world);
      world.link.set('near', name, '40000 40001');
      const talks = [];
      for (const mode of world.modes) {
        talks.push({ mode, role: 'client',
          outcome: await exhaust(world, mode, server) });
      }
      world.link.set('near', name, before);
      return talks;
    },
  },

  // What waits in the queue, and what did not fit into it, is served later.
  'a server is stopped while many connect': {
    isComplete: true,
    async run(world) {
      const { port } = await listenThere(world);
      world.peer.kill('SIGSTOP');
      const all = [];
      for (let i = 0; i < 5; i++) {
        all.push(...await world.clients({ options: {
          host: world.addresses.far, port } }));
      }
      await each(all, ({ ours }) => ours.write(50000));
      await each(all, ({ ours }) => ours.do('end'));
      await sleep(200);
      world.peer.kill('SIGCONT');
      await each(all, ({ ours }) => ours.wait('close'));
      return all.slice(0, world.modes.length);
    },
  },
};
