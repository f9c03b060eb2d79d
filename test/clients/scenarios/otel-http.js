'use strict';

// OpenTelemetry's spans of HTTP requests, over those of their connections.

const { scenario } = require('../scenario');
const { ask, startServer } = require('../web');
const { closedPort } = require('../../helper');

async function requests(tools, tracing, scheme) {
  const server = await startServer(scheme === 'https' ? tools : {});
  const { Agent } = require(`node:${scheme}`);
  const agent = new Agent({ keepAlive: true });
  const options = { agent, ca: tools.cert };
  const { log } = tools;
  for (const path of ['text', 'large', 'late', 'chunks', 'nothing', 'reset', 'half']) {
    const lane = `${scheme} ${path}`;
    await tracing.within(lane, () => ask(tools, lane, `${server.url}/${path}`, options));
  }
  await tracing.within('post', () => ask(tools, `${scheme} post`, `${server.url}/echo`,
    { ...options, method: 'POST', body: Buffer.alloc(1 << 20, 'a') }));
  await tracing.within('abort', () => ask(tools, `${scheme} abort`, `${server.url}/never`,
    { ...options, signal: AbortSignal.timeout(100) }));
  agent.destroy();
  await server.stop();
  // Only now have all spans of the server ended.
  tracing.report(log, `${scheme} spans`);
  const port = await closedPort(require('node:net'));
  await tracing.within('refused', () =>
    ask(tools, `${scheme} refused`, `${scheme}://127.0.0.1:${port}/`, options));
  tracing.report(log, `${scheme} refused spans`);
}

scenario(async (tools) => {
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
  const { NetInstrumentation } = require('@opentelemetry/instrumentation-net');
  const { startTracing } = require('../tracing');
  const tracing = startTracing([new HttpInstrumentation(), new NetInstrumentation()]);
  require('node:net');
  for (const scheme of ['http', 'https']) {
    require(`node:${scheme}`);
    await requests(tools, tracing, scheme);
  }
  tracing.stop();
  const server = await startServer();
  await tracing.within('stopped', () => ask(tools, 'stopped', `${server.url}/text`));
  await server.stop();
  tracing.report(tools.log, 'stopped spans');
}, { minNode: '22.15' });
