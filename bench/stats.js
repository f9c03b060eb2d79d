'use strict';

// Statistics over windows. Noise from others only ever adds cost, so a side is
// summed up by its lower decile; the interval tells how far that can be relied
// on.

const RESAMPLES = 1000;

function sortNumbers(values) {
  return Float64Array.from(values).sort();
}

function quantile(values, part) {
  return sortNumbers(values)[Math.floor((values.length - 1) * part)];
}

const lowerDecile = (values) => quantile(values, 0.1);
const median = (values) => quantile(values, 0.5);

function geometricMean(values) {
  const sum = values.reduce((total, value) => total + Math.log(value), 0);
  return Math.exp(sum / values.length);
}

// A small generator of random numbers (mulberry32) with a fixed seed, so that
// the same windows always give the same interval.
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ratio = (base, other) => lowerDecile(base) / lowerDecile(other);

// Bootstrap over rounds: the windows of one round stay together. Returns the
// 2.5th and the 97.5th percentile of the ratio of lower deciles.
function interval(base, other) {
  const random = randomNumbers(1);
  const ratios = [];
  for (let i = 0; i < RESAMPLES; i++) {
    const picks = base.map(() => Math.floor(random() * base.length));
    ratios.push(ratio(picks.map((k) => base[k]), picks.map((k) => other[k])));
  }
  return [quantile(ratios, 0.025), quantile(ratios, 0.975)];
}

module.exports = { geometricMean, interval, lowerDecile, median, ratio };
