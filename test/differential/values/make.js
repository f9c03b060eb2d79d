'use strict';

// Random values for what takes addresses and options. Core ends the process over
// a few of them (README.md); those are left out.

const GROUPS = ['0', '1', 'ffff', '00ff', 'F00', '12345', 'g', '', 'fe80', '2001'];
const OCTETS = ['0', '1', '127', '255', '256', '01', '00', '1000', '', 'a', ' 1', '-1'];
const ZONES = ['', '', '', '', '%eth0', '%1', '%', '%lo', '%a b', '%ü', '%%', '%a.b-c:d'];
const STRANGE = [' ', '\0', '/24', '\n', ':', '.', '%', '0x7f', '１', '[', ']', '\ud800'];

function ip4(random) {
  const count = random.chance(0.9) ? 4 : random.below(6);
  return Array.from({ length: count }, () => (random.chance(0.8) ?
    String(random.below(256)) : random.pick(OCTETS))).join('.');
}

function ip6(random) {
  const groups = Array.from({ length: random.pick([8, 8, 7, 6, 3, 2, 1, 9]) },
    () => (random.chance(0.6) ? random.below(65536).toString(16) : random.pick(GROUPS)));
  if (random.chance(0.6)) groups.splice(random.below(groups.length), random.below(8), '');
  if (random.chance(0.2)) groups.push(ip4(random));
  let text = groups.join(':');
  if (random.chance(0.2)) text = `:${text}`;
  if (random.chance(0.1)) text = `${text}:`;
  return text + random.pick(ZONES);
}

// A text that is, was, or nearly is an address.
function addressText(random) {
  let text = random.chance(0.4) ? ip4(random) : ip6(random);
  while (random.chance(0.15)) {
    const at = random.below(text.length + 1);
    const end = at + random.below(2);
    text = text.slice(0, at) + random.pick([...STRANGE, '', '', '0']) + text.slice(end);
  }
  return text;
}

// One that core's parser takes as well.
function goodAddress(random) {
  if (random.chance(0.5)) {
    return Array.from({ length: 4 }, () => random.below(4)).join('.');
  }
  return random.pick(['::', '::1', 'fe80::1', '::ffff:1.2.3.4', '2001:db8::',
    `1:${random.below(9)}::${random.below(9)}`, `::ffff:0.0.0.${random.below(9)}`]);
}

class Thing {
  toString() { return '::1'; }
}

// Not a text, or one that is no address.
function anyValue(random) {
  return random.pick([undefined, null, true, false, 0, 1, -1, 80, 65535, 65536, 1.5, NaN,
    Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53, '', '0', '1', 'x', 'utf8', 'ipv4', 'ipv6',
    'IPv4', 'IPV6', 'long'.repeat(20), 1n, Symbol.iterator, [], [1], {}, Object.create(null),
    new Thing(), Thing, () => {}, new Date(0), /x/, new Map(), Buffer.alloc(2),
    ['127.0.0.1'], Object('::1'), Object(5)]);
}

module.exports = { addressText, anyValue, goodAddress };
