'use strict';

// Two hosts and the cable between them: this process' own network namespace and
// another one, which ends with its only process. Nothing is reachable from
// outside, and all is gone when both processes are.

const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');

const NEAR = { name: 'near', device: 'uvnear', v4: '10.77.0.1', v6: 'fd77::1',
  mac: '02:00:00:00:00:01' };
const FAR = { name: 'far', device: 'uvfar', v4: '10.77.0.2', v6: 'fd77::2',
  mac: '02:00:00:00:00:02' };
const ALWAYS = 0xffffffff;

// The kernel's patience, so that what takes it minutes takes it seconds; and how
// much it takes of what nobody reads, so that 8 MB have to wait.
const SETTINGS = {
  'net/ipv4/tcp_rmem': '4096 131072 2097152',
  'net/ipv4/tcp_wmem': '4096 16384 2097152',
  'net/ipv4/tcp_syn_retries': 1,
  'net/ipv4/tcp_syn_linear_timeouts': 0,
  'net/ipv4/tcp_keepalive_intvl': 1,
  'net/ipv4/tcp_keepalive_probes': 1,
};
const OF_NEIGHBOURS = { retrans_time_ms: 100, mcast_solicit: 1 };

function run(command, args) {
  return execFileSync(command, args,
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Why no namespace can be made here, or the arguments of unshare for one. */
function howToUnshare() {
  if (process.platform !== 'linux') return { reason: 'namespaces need Linux' };
  for (const flags of [['-n'], ['-rn']]) {
    const { status } = spawnSync('unshare', [...flags, 'true']);
    if (status === 0) return { flags };
  }
  return { reason: 'no network namespace may be made (not root?), or there is ' +
    'no unshare' };
}

/** What of iproute2 is not there, or undefined. */
function missingProgram() {
  return ['ip', 'tc', 'ss', 'nsenter'].find(
    (name) => spawnSync(name, ['-V']).error !== undefined);
}

// A classic BPF program for tc: a packet is dropped with that probability.
function lossProgram(probability) {
  const limit = Math.min(Math.round(probability * ALWAYS), ALWAYS);
  // ld rand; if (A >= limit) skip one; ret SHOT; ret OK
  return `4,32 0 0 4294963256,53 1 0 ${limit},6 0 0 2,6 0 0 0`;
}

class Link {
  #holder;

  async open() {
    this.#holder = spawn('unshare', ['-n', 'sh', '-c', 'echo; exec sleep 3600'],
      { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(this.#holder.stdout, 'data');
    run('ip', ['link', 'add', NEAR.device, 'type', 'veth', 'peer', 'name',
      FAR.device]);
    run('ip', ['link', 'set', FAR.device, 'netns', String(this.#holder.pid)]);
    for (const end of [NEAR, FAR]) this.#setUp(end);
    this.#introduce();
    return this;
  }

  #setUp(end) {
    const at = (...args) => this.at(end.name, ...args);
    at('ip', 'link', 'set', 'lo', 'up');
    at('ip', 'link', 'set', end.device, 'address', end.mac);
    at('ip', 'link', 'set', end.device, 'up');
    this.addAddresses(end.name);
    at('tc', 'qdisc', 'add', 'dev', end.device, 'clsact');
    for (const [name, value] of Object.entries(SETTINGS)) {
      this.set(end.name, name, value);
    }
    for (const [name, value] of Object.entries(OF_NEIGHBOURS)) {
      for (const ip of ['ipv4', 'ipv6']) {
        this.set(end.name, `net/${ip}/neigh/${end.device}/${name}`, value);
      }
    }
  }

  // They know each other: to find each other takes packets, which may be lost.
  #introduce() {
    for (const [one, other] of [[NEAR, FAR], [FAR, NEAR]]) {
      for (const address of [other.v4, other.v6]) {
        this.at(one.name, 'ip', 'neigh', 'replace', address, 'lladdr', other.mac,
          'dev', one.device, 'nud', 'permanent');
      }
    }
  }

  /** The command that runs a program on one of the hosts. */
  prefix(name) {
    return name === NEAR.name ? [] :
      ['nsenter', '-t', String(this.#holder.pid), '-n'];
  }

  at(name, ...args) {
    const [command, ...rest] = [...this.prefix(name), ...args];
    return run(command, rest);
  }

  both(body) {
    for (const end of [NEAR, FAR]) body(end);
  }

  addAddresses(name) {
    const { device, v4, v6 } = name === NEAR.name ? NEAR : FAR;
    this.at(name, 'ip', 'addr', 'add', `${v4}/24`, 'dev', device);
    this.at(name, 'ip', 'addr', 'add', `${v6}/64`, 'dev', device, 'nodad');
  }

  removeAddresses(name) {
    const { device } = name === NEAR.name ? NEAR : FAR;
    this.at(name, 'ip', 'addr', 'flush', 'dev', device, 'scope', 'global');
  }

  /** Writes a setting of the kernel, if it has it. */
  set(name, setting, value) {
    const file = `/proc/sys/${setting}`;
    if (!fs.existsSync(file)) return;
    this.at(name, 'sh', '-c', `echo "${value}" > ${file}`);
  }

  get(setting) {
    return fs.readFileSync(`/proc/sys/${setting}`, 'utf8').trim();
  }

  /**
   * Drops that part of the packets that one of the senders sends: where they
   * arrive, for what is dropped where it starts, TCP sends again at once.
   */
  lose(probability, senders = [NEAR.name, FAR.name]) {
    this.both(({ name, device }) => {
      if (senders.length === 1 && senders.includes(name)) return;
      this.at(name, 'tc', 'filter', 'del', 'dev', device, 'ingress');
      if (probability === 0) return;
      this.at(name, 'tc', 'filter', 'add', 'dev', device, 'ingress', 'bpf',
        'da', 'bytecode', lossProgram(probability));
    });
  }

  /** Makes it slow: so many kilobits a second. 0 for as fast as it can be. */
  slow(rate) {
    this.both(({ name, device }) => {
      const args = ['dev', device, 'root'];
      if (rate === 0) {
        this.at(name, 'tc', 'qdisc', 'del', ...args);
        return;
      }
      this.at(name, 'tc', 'qdisc', 'add', ...args, 'tbf', 'rate',
        `${rate}kbit`, 'burst', '10kb', 'latency', '50ms');
    });
  }

  carrier(state) {
    this.at(NEAR.name, 'ip', 'link', 'set', NEAR.device, state);
    if (state !== 'up') return;
    // An interface that goes down loses its IPv6 addresses and its neighbours.
    this.at(NEAR.name, 'ip', 'addr', 'replace', `${NEAR.v6}/64`, 'dev',
      NEAR.device, 'nodad');
    this.#introduce();
  }

  mtu(size) {
    this.both(({ name, device }) =>
      this.at(name, 'ip', 'link', 'set', device, 'mtu', String(size)));
  }

  /** Ends sockets of a host as an administrator does. */
  kill(name, ...filter) {
    return this.at(name, 'ss', '-K', '-H', '-t', ...filter);
  }

  // The kernel takes its time over a namespace that has ended, and the next link
  // has the same names.
  close() {
    run('ip', ['link', 'del', NEAR.device]);
    this.#holder.kill('SIGKILL');
  }
}

module.exports = { FAR, Link, NEAR, howToUnshare, missingProgram };
