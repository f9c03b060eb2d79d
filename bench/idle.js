'use strict';

// Memory of the subject per connection that does nothing.

const { ask, openFilesLimit, start, startSubject, stop } =
  require('./processes');

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

// One subject after the other. Returns for each
// `{ name, connections, rss, heap, external }`, bytes per connection.
async function measureIdle(context, subjects, wanted) {
  const results = [];
  for (const subject of subjects) {
    results.push(await measureSubject(context, subject, wanted));
  }
  return results;
}

module.exports = { measureIdle };
