'use strict';

// The hosts with their programs: on the near one a process for core and for each
// way to uvnet, on the far one a process on core's net, which they all talk to.

const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { Agent, MODES } = require('../agent');
const { FAR, Link, NEAR } = require('./link');
const { hashOf } = require('./stream');

const AGENT = path.join(__dirname, 'agent.js');
const PATIENCE_MS = 20000;
const SEEDS = { ours: 1, theirs: 2 };

// A socket in one of the programs. Its methods are those of agent.js.
class End {
  constructor(agent, id) {
    this.agent = agent;
    this.id = id;
  }

  #call(name, ...args) { return this.agent.call(name, this.id, ...args); }

  do(method, ...args) { return this.#call('do', method, ...args); }
  write(...args) { return this.#call('write', ...args); }
  waitUntilStuck() { return this.#call('waitUntilStuck'); }
  send(...args) { return this.#call('send', ...args); }
  report() { return this.#call('report'); }
  wait(event, limit = PATIENCE_MS) { return this.#call('wait', event, limit); }
  waitForBytes(count) { return this.#call('waitForBytes', count, PATIENCE_MS); }
}

// A connection of one mode in one role, both ends of it.
class Talk {
  constructor(mode, role, ends) {
    Object.assign(this, { mode, role, ...ends });
  }

  get both() { return [this.ours, this.theirs]; }

  async reports() {
    const [ours, theirs] = await Promise.all(
      this.both.map((end) => end.report()));
    return { ours, theirs };
  }
}

class World {
  link = new Link();
  agents = {};
  #before;

  constructor(family = 4) {
    this.family = family;
    this.addresses = { near: NEAR[`v${family}`], far: FAR[`v${family}`] };
  }

  async open() {
    await this.link.open();
    for (const mode of Object.keys(MODES)) {
      this.agents[mode] = new Agent(AGENT, mode);
    }
    this.peer = new Agent(AGENT, 'core',
      { prefix: this.link.prefix(FAR.name) });
    this.#before = await this.#holdings();
    return this;
  }

  get modes() { return Object.keys(this.agents); }
  get programs() { return [...Object.values(this.agents), this.peer]; }

  #holdings() {
    return Promise.all(this.programs.map((agent) => agent.call('holdings')));
  }

  /** Ends all sockets and tells what is left after a while, as text. */
  async clear() {
    this.link.lose(0);
    await Promise.all(this.programs.map((agent) => agent.call('clear')));
    for (const end = Date.now() + 1000; ; await sleep(10)) {
      const left = this.#leftOver(await this.#holdings());
      if (left.length === 0 || Date.now() > end) return left;
    }
  }

  #leftOver(after) {
    return after.flatMap((is, i) => ['descriptors', 'handles'].map((what) => {
      const more = is[what] - this.#before[i][what];
      return more > 0 && `${[...this.modes, 'peer'][i]}: ${more} more ${what}`;
    })).filter(Boolean);
  }

  /** Where the other host's server is, for a client on one of them. */
  serverAddress(role) {
    return role === 'client' ? this.addresses.far : this.addresses.near;
  }

  async #talk(mode, role, settings) {
    const { options = {}, reading, peerOptions = {}, peerReading,
      backlog } = settings;
    const own = { agent: this.agents[mode], seed: SEEDS.ours, reading, options };
    const other = { agent: this.peer, seed: SEEDS.theirs, reading: peerReading,
      options: peerOptions };
    const [client, server] = role === 'client' ? [own, other] : [other, own];
    const host = this.serverAddress(role);
    const { id, port } = await server.agent.call('listen',
      { ...server, agent: undefined, where: { host, port: 0, backlog } });
    const clientId = await client.agent.call('connect', { ...client,
      agent: undefined, options: { ...client.options, host, port } });
    const serverId = await server.agent.call('accepted', id, 0, PATIENCE_MS);
    const ends = { client: new End(client.agent, clientId),
      server: new End(server.agent, serverId) };
    await ends.client.wait('connect');
    const ours = ends[role];
    const theirs = role === 'client' ? ends.server : ends.client;
    return new Talk(mode, role, { ours, theirs, port });
  }

  /** A connected pair for each mode in each role. */
  talks(settings = {}) {
    const { roles = ['client', 'server'] } = settings;
    return Promise.all(this.modes.flatMap((mode) => roles.map((role) =>
      this.#talk(mode, role,
        { ...settings, ...(role === 'server' ? settings.ofServer : {}) }))));
  }

  /** A socket of each mode that connects somewhere. */
  clients(settings) {
    return Promise.all(this.modes.map(async (mode) => {
      const agent = this.agents[mode];
      const id = await agent.call('connect', { seed: SEEDS.ours, ...settings });
      return { mode, role: 'client', ours: new End(agent, id) };
    }));
  }

  async close() {
    const ends = await Promise.all(this.programs.map((agent) => agent.end()));
    this.link.close();
    return ends.filter(({ code, stderr }) => code !== 0 || stderr)
      .map(({ code, signal, stderr }) => `${code ?? signal} ${stderr}`);
  }
}

// What one end received must be what the other sent, from its first byte on.
function faultsOf({ ours, theirs }, isComplete) {
  const faults = [];
  const check = (who, to, from, seed) => {
    const { bytes, hash } = to.received;
    if (hash !== hashOf(seed, bytes)) faults.push(`${who}: other bytes`);
    if (bytes > from.sent.bytes) faults.push(`${who}: more than was sent`);
    if (isComplete && bytes !== from.sent.bytes) {
      faults.push(`${who}: ${bytes} of ${from.sent.bytes} bytes`);
    }
  };
  check('ours', ours, theirs, SEEDS.theirs);
  check('theirs', theirs, ours, SEEDS.ours);
  return faults;
}

module.exports = { End, PATIENCE_MS, SEEDS, World, faultsOf };
