'use strict';

// What msw does for a program: handlers of requests, over HTTP and HTTPS.

const { ask, converse, fetched, startServer } = require('./web');

const MOCKED = 'mocked.test';

function makeHandlers({ http, HttpResponse, delay, passthrough, bypass }, scheme, real) {
  const host = `${scheme}://${MOCKED}`;
  return [
    http.get(`${host}/text`, () => HttpResponse.text('mocked text')),
    http.post(`${host}/echo`, async ({ request }) =>
      HttpResponse.text(await request.text(), { status: 201 })),
    http.get(`${host}/json`, () => HttpResponse.json({ mocked: true })),
    http.get(`${host}/none`, () => new HttpResponse(null, { status: 204 })),
    http.get(`${host}/large`, () =>
      HttpResponse.arrayBuffer(new Uint8Array(1 << 20).buffer)),
    http.get(`${host}/stream`, () => new HttpResponse(makeStream())),
    http.get(`${host}/slow`, async () => {
      await delay(100);
      return HttpResponse.text('slow');
    }),
    http.get(`${host}/never`, () => delay('infinite')),
    http.get(`${host}/error`, () => HttpResponse.error()),
    http.get(`${real}/large`, () => passthrough()),
    http.get(`${real}/chunks`, () => {}),
    http.get(`${real}/late`, async ({ request }) => {
      if (scheme === 'https') return passthrough();
      const response = await fetch(bypass(request));
      return HttpResponse.text(`mocked over ${await response.text()}`);
    }),
  ];
}

function makeStream() {
  const chunks = ['first ', 'second ', 'third'];
  return new ReadableStream({
    async pull(controller) {
      controller.enqueue(new TextEncoder().encode(chunks.shift()));
      if (chunks.length === 0) controller.close();
    },
  });
}

async function mocked(tools, scheme) {
  const host = `${scheme}://${MOCKED}`;
  for (const path of ['text', 'json', 'none', 'large', 'stream', 'slow', 'error']) {
    await ask(tools, `mocked ${path}`, `${host}/${path}`);
  }
  await ask(tools, 'mocked echo', `${host}/echo`, { method: 'POST', body: 'said' });
  await ask(tools, 'aborted', `${host}/never`, { signal: AbortSignal.timeout(50) });
  await fetched(tools, 'fetch', `${host}/text`);
  await fetched(tools, 'fetch post', `${host}/echo`, { method: 'POST', body: 'said' });
  await fetched(tools, 'fetch stream', `${host}/stream`);
  await fetched(tools, 'fetch error', `${host}/error`);
  await fetched(tools, 'fetch aborted', `${host}/never`,
    { signal: AbortSignal.timeout(50) });
}

async function kept(tools, lane, url) {
  const { Agent } = require(`node:${new URL(url).protocol.slice(0, -1)}`);
  const agent = new Agent({ keepAlive: true });
  await ask(tools, `${lane} 1`, url, { agent, ca: tools.cert });
  await ask(tools, `${lane} 2`, url, { agent, ca: tools.cert });
  agent.destroy();
}

async function passedThrough(tools, server) {
  const options = { ca: tools.cert };
  for (const path of ['text', 'large', 'late', 'chunks', 'reset', 'half']) {
    await ask(tools, `real ${path}`, `${server.url}/${path}`, options);
  }
  await ask(tools, 'real post', `${server.url}/echo`,
    { ...options, method: 'POST', body: Buffer.alloc(1 << 20, 'a') });
  await kept(tools, 'real kept', `${server.url}/text`);
}

/** Sockets that speak no HTTP pass, too. */
async function plain(tools) {
  const net = require('node:net');
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.write('hello ');
    socket.pipe(socket);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const socket = net.connect(server.address().port, '127.0.0.1');
  await converse(tools, 'plain', socket, 'and bye');
  await new Promise((resolve) => { server.close(resolve); });
}

/** Runs all of it, over http or https. */
async function run(tools, scheme) {
  const msw = require('msw');
  const { http } = msw;
  const { setupServer } = require('msw/node');
  const server = await startServer(scheme === 'https' ? tools : {});
  const handlers = makeHandlers(msw, scheme, server.url);
  const double = setupServer(...handlers);
  double.listen({ onUnhandledFrame: 'bypass' });
  await mocked(tools, scheme);
  await kept(tools, 'mocked kept', `${scheme}://${MOCKED}/text`);
  await passedThrough(tools, server);
  await plain(tools);
  double.use(http.get(`${server.url}/text`, () => msw.HttpResponse.text('mocked')));
  await ask(tools, 'used', `${server.url}/text`, { ca: tools.cert });
  double.close();
  await ask(tools, 'closed', `${server.url}/text`, { ca: tools.cert });
  tools.log('server', 'connections', server.count());
  await server.stop();
}

module.exports = { run };
