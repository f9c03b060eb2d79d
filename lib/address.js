'use strict';

// Texts of IP addresses. Regular expressions, because V8 compiles them: a call
// into C takes three times as long.

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
// RFC 6943 section 3.1.1, the strict form.
const FOUR = `${OCTET}(?:\\.${OCTET}){3}`;

// RFC 4291 section 2.2.
const GROUP = '[\\dA-Fa-f]{1,4}';
const GROUPS = `${GROUP}(?::${GROUP})*`;
const noMoreThan = (count) => `(?!:*${GROUP}(?::+${GROUP}){${count}})`;
// Eight groups, or less around `::`. An IPv4 tail stands for two, and starts
// with what looks like one.
const SIX = `(?:${GROUP}:){7}${GROUP}|` +
  `${noMoreThan(7)}(?:${GROUPS})?::(?:${GROUPS})?|` +
  `(?:${GROUP}:){6}${FOUR}|` +
  `${noMoreThan(6)}(?:${GROUPS})?::(?:${GROUP}:)*${FOUR}`;
// RFC 4007 section 11, with the characters that core takes.
const ZONE = '%[\\dA-Za-z.:-]+';

const IPV4 = new RegExp(`^${FOUR}$`);
const IPV6 = new RegExp(`^(?:${SIX})(?:${ZONE})?$`);

// Core converts its argument once for each family it tries, which a toString()
// with side effects can see.

function isIPv4(input) {
  return IPV4.test(input);
}

function isIPv6(input) {
  return IPV6.test(input);
}

function isIP(input) {
  if (isIPv4(input)) return 4;
  return isIPv6(input) ? 6 : 0;
}

module.exports = { isIP, isIPv4, isIPv6 };
