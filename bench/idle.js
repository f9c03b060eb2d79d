'use strict';

// Memory of the subject per connection that does nothing.

const { ask, openFilesLimit, start, startSubject, stop } =
  require('./processes');
const { median } = require('./stats');

// Descriptors that are no connections.
const OTHERS = 100;

async function connectAll(context, subject, target, wanted) {
  const connections = Math.min(wanted, openFilesLimit(subject.pid) - OTHERS);
  const load = start(context.load, ['idle', target, String(connections)],
    { files: wanted + OTHERS });
  await load.readLine();
  return { connections, load };
}

async function measureSubject(context, { name, net }, wanted) {
  const subject = startSubject(net, 'idle', {}, { files: wanted + OTHERS });
  const running = [subject];
  try {
    const target = await subject.readLine();
    const before = await ask(subject, { memory: true });
    const { load, connections } = await connectAll(context, subject, target,
      wanted);
    running.push(load);
    const after = await ask(subject, { memory: true });
    const per = (key) => (after[key] - before[key]) / connections;
    return { name, connections, rss: per('rss'), heap: per('heapUsed'),
      external: per('external') };
  } finally {
    await Promise.all(running.map(stop));
  }
}

// Medians of some runs of one subject.
function join(runs) {
  const of = (key) => median(runs.map((run) => run[key]));
  return { ...runs[0], rss: of('rss'), heap: of('heap'),
    external: of('external') };
}

// One subject after the other, `times` times. Returns for each
// `{ name, connections, rss, heap, external }`, bytes per connection.
async function measureIdle(context, subjects, wanted, times) {
  const results = subjects.map(() => []);
  for (let i = 0; i < times; i++) {
    for (const [k, subject] of subjects.entries()) {
      results[k].push(await measureSubject(context, subject, wanted));
    }
  }
  return results.map(join);
}

module.exports = { measureIdle };
