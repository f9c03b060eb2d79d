'use strict';

// Statistics over windows. A side has its windows grouped by launch; window k
// of launch l of one side was measured right beside that of another, so they
// are compared in pairs: what the machine did meanwhile is common to both.

const RESAMPLES = 1000;

function sortNumbers(values) {
  return Float64Array.from(values).sort();
}

function quantile(values, part) {
  return sortNumbers(values)[Math.floor((values.length - 1) * part)];
}

// Of an even number of values the mean of the two in the middle.
function median(values) {
  const sorted = sortNumbers(values);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] :
    (sorted[half - 1] + sorted[half]) / 2;
}

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

// The ratios of the pairs, by launch.
function pairRatios(base, other) {
  return base.map((windows, launch) =>
    windows.map((cost, k) => cost / other[launch][k]));
}

const ratio = (base, other) => median(pairRatios(base, other).flat());

function resample(values, random) {
  return values.map(() => values[Math.floor(random() * values.length)]);
}

// The 2.5th and the 97.5th percentile of what `estimate` says of `values` that
// are drawn again and again.
function bootstrap(values, estimate) {
  const random = randomNumbers(1);
  const estimates = Array.from({ length: RESAMPLES }, () =>
    estimate(resample(values, random)));
  return [quantile(estimates, 0.025), quantile(estimates, 0.975)];
}

// Bootstrap over launches, and over rounds within each: the windows of one
// launch have its processes in common. Returns the 2.5th and the 97.5th
// percentile of the ratio.
function interval(base, other) {
  const random = randomNumbers(1);
  const launches = pairRatios(base, other);
  const ratios = Array.from({ length: RESAMPLES }, () =>
    median(resample(launches, random)
      .flatMap((windows) => resample(windows, random))));
  return [quantile(ratios, 0.025), quantile(ratios, 0.975)];
}

module.exports = { bootstrap, geometricMean, interval, median, quantile,
  randomNumbers, ratio };
