/** OTLP over HTTP: spans as protocol buffers, and the request that sends them. */

/** @import { Span } from "./instance_spans.js" */
/** @import { OtlpSettings } from "./otlp_settings.js" */

import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";

const MS_PER_S = 1000;
const NS_PER_MS = 1_000_000;
const STATUS = { unset: 0, ok: 1, error: 2 };
const INTERNAL_KIND = 0;
const SAMPLED = 1;

/** @param {Span[]} spans @param {OtlpSettings["resource"]} attributes of the resource @param {string} version @returns {Uint8Array} */
export function encodeSpans(spans, attributes, version) {
  const resource = { attributes };
  const instrumentationScope = { name: "stepwell", version };
  const readable = spans.map((span) => ({
    name: span.name,
    kind: INTERNAL_KIND,
    spanContext: () => contextOf(span.traceId, span.spanId),
    parentSpanContext: span.parentSpanId === undefined ? undefined : contextOf(span.traceId, span.parentSpanId),
    startTime: hrTime(span.start),
    endTime: hrTime(span.end),
    duration: hrTime(span.end - span.start),
    ended: true,
    status: { code: STATUS[span.status], ...(span.message === undefined ? {} : { message: span.message }) },
    attributes: span.attributes,
    links: span.links.map(({ traceId, spanId }) => ({ context: contextOf(traceId, spanId) })),
    events: span.events.map(({ name, at, attributes: own = {} }) => ({ name, time: hrTime(at), attributes: own })),
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }));
  const bytes = ProtobufTraceSerializer.serializeRequest(/** @type {any} */ (readable));
  return /** @type {Uint8Array} */ (bytes);
}

/**
 * @param {string} url
 * @param {Uint8Array} body
 * @param {{ headers: Record<string, string>, timeoutMs: number }} settings
 * @returns {Promise<{ isRetryable: boolean, problem: string } | undefined>} why it was not taken
 */
export async function post(url, body, { headers, timeoutMs }) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/x-protobuf" },
      body: /** @type {any} */ (body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (response.ok) return undefined;
    // Whatever else a collector refuses it would refuse again.
    return {
      isRetryable: [408, 429, 502, 503, 504].includes(response.status),
      problem: `${url}: HTTP ${response.status}`,
    };
  } catch (error) {
    const { message, cause } = /** @type {Error & { cause?: Error }} */ (error);
    return { isRetryable: true, problem: `${url}: ${cause?.message || message}` };
  }
}

/** @param {string} traceId @param {string} spanId */
export function contextOf(traceId, spanId) {
  return { traceId, spanId, traceFlags: SAMPLED };
}

/** Seconds and nanoseconds. @param {number} ms @returns {[number, number]} */
export function hrTime(ms) {
  const seconds = Math.floor(ms / MS_PER_S);
  return [seconds, Math.round((ms - seconds * MS_PER_S) * NS_PER_MS)];
}
