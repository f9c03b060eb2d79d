'use strict';

// What a case came to on uvnet, beside what it came to on core.

// Which sockets of a scenario a role's calls are made for.
const KINDS = { listener: ['server'], client: ['client', 'upstream'],
  accepted: ['peer'] };

/** What core itself gets wrong: such cases are not compared. */
function coreFails({ crash, stuck, leaked, harmed }) {
  return Boolean(crash || stuck || leaked || harmed);
}

// What no fault may bring about, whatever core does.
function brokenRule({ fault, isChained }, core, uvnet, others) {
  if (uvnet.crash) {
    return others.some(({ crash }) => crash === uvnet.crash) ? undefined :
      `crash: ${uvnet.crash}`;
  }
  for (const rule of ['stuck', 'corrupt', 'leaked', 'harmed', 'handles']) {
    if (uvnet[rule]) return `${rule}: ${uvnet[rule]}`;
  }
  // One allocation that fails is somebody's error, and nobody waits for it; but
  // for those who wait for a third, as with core.
  if (fault?.call === 'malloc' && !fault.keepsFailing && uvnet.waits &&
      !isChained) {
    return `waits: ${uvnet.lanes.join('; ')}`;
  }
  return uvnet.busy ? 'busy' : undefined;
}

// All that happened; or where it depends on how the bytes fall, what happened
// to the sockets whose call failed.
function shape({ waits, lanes }, { fault, isRacy }) {
  const kinds = isRacy && fault && KINDS[fault.role];
  if (!kinds) return [waits ? 'waits' : 'ends', ...lanes];
  return lanes.map((lane) => lane.split(': '))
    .filter(([kind]) => kinds.includes(kind))
    .map(([, events]) => events).sort();
}

// Two lists without what they have in common.
function difference(wanted, found) {
  const left = [...found];
  const missing = wanted.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [missing, left].map((lines) => lines.join('; ') || '-');
}

// Whether all failed that was to fail.
function hasFailed({ then }, { hits }) {
  return hits >= (then === undefined ? 1 : 2);
}

/**
 * Why a case's results are no good; or undefined. `others` are core's results
 * of all cases of its kind: where the nets make different numbers of calls, the
 * result must be one of those, as of a fault a little earlier or later.
 */
function complaint(one, core, uvnet, others) {
  const { fault, isExact, isRacy } = one;
  const broken = brokenRule(one, core, uvnet, others);
  if (broken) return broken;
  if (uvnet.crash || fault?.call === 'malloc' || coreFails(core)) {
    return undefined;
  }
  if (fault && !(hasFailed(fault, core) && hasFailed(fault, uvnet))) {
    return undefined;
  }
  const found = shape(uvnet, one);
  const wanted = isExact && !isRacy ? [core] : others;
  const isSame = wanted.some((other) => !other.crash &&
    shape(other, one).join('; ') === found.join('; '));
  if (isSame) return undefined;
  const [missing, left] = difference(shape(core, one), found);
  return `differs\n    core:  ${missing}\n    uvnet: ${left}`;
}

module.exports = { coreFails, complaint };
