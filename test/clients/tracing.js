'use strict';

// OpenTelemetry for the scenarios: spans end up in memory.

const { context, trace, SpanKind, SpanStatusCode } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const {
  InMemorySpanExporter, SimpleSpanProcessor, TracerProvider,
} = require('@opentelemetry/sdk-trace');

// What differs from run to run.
const VARIES = /port|fingerprint|serialNumber|valid|pid|url|target|http\.host$/;

function tell(attributes) {
  return Object.keys(attributes).sort()
    .map((key) => (VARIES.test(key) ? `${key} ${typeof attributes[key]}` :
      `${key}=${attributes[key]}`)).join('; ');
}

/**
 * Starts instrumentations, before the modules that they change are loaded.
 * @param {object[]} instrumentations
 * @returns {object} within(name, body), which runs a body in a span, report()
 *   and stop()
 */
function startTracing(instrumentations) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  for (const each of instrumentations) {
    each.setTracerProvider(provider);
    each.enable();
  }
  const tracer = trace.getTracer('scenario');
  return {
    within: (name, body) => tracer.startActiveSpan(name, async (span) => {
      try {
        return await body(span);
      } finally {
        span.end();
      }
    }),
    report: (log, lane) => report(exporter, log, lane),
    activeName: () => trace.getActiveSpan()?.name ?? 'none',
    stop: () => instrumentations.forEach((each) => each.disable()),
  };
}

/** Tells all spans that have ended since, in the order of their names. */
function report(exporter, log, lane) {
  const spans = exporter.getFinishedSpans();
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const lines = spans.map((span) => {
    const parent = byId.get(span.parentSpanContext?.spanId)?.name ?? 'none';
    const events = span.events.map(({ name }) => name).join(' ');
    return `${span.name} in ${parent}: ${SpanKind[span.kind]} ` +
      `${SpanStatusCode[span.status.code]} ${span.status.message ? 'message' : ''} ` +
      `${events} {${tell(span.attributes)}}`;
  });
  exporter.reset();
  for (const line of lines.sort()) log(lane, line);
}

module.exports = { startTracing };
