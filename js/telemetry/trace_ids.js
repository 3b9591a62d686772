/** Ids of traces and spans: the same however often they are computed, in this process or in the next. */

import { createHash } from "node:crypto";

const TRACE_ID_HEX_DIGITS = 32;
const SPAN_ID_HEX_DIGITS = 16;

/**
 * The trace of one run of an instance; a restart begins another one.
 *
 * @param {{ workflow: string, id: string, number: number }} instance
 * @param {number} queuedAt when it was created or restarted, in ms since 1970
 */
export function traceIdOf({ workflow, id, number }, queuedAt) {
  return digestOf([workflow, id, number, queuedAt]).slice(0, TRACE_ID_HEX_DIGITS);
}

/** @param {string} traceId @param {(string | number)[]} path names of the span and of those above it; empty: the root */
export function spanIdOf(traceId, path) {
  return digestOf([traceId, ...path]).slice(0, SPAN_ID_HEX_DIGITS);
}

/**
 * W3C's `traceparent`: what a request or a new instance is told of the span that makes it.
 *
 * @param {string} traceId
 * @param {{ kind: string, name: string, count: number } | undefined} step undefined: the instance itself
 */
export function traceparentOf(traceId, step) {
  return `00-${traceId}-${spanIdOf(traceId, step ? [step.kind, step.name, step.count] : [])}-01`;
}

/**
 * What a `traceparent` names.
 *
 * @param {unknown} text from a header, or from a log
 * @returns {{ traceId: string, spanId: string } | undefined} undefined where it is not one
 */
export function parseTraceparent(text) {
  const found = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/.exec(String(text));
  if (!found || /^0+$/.test(found[1]) || /^0+$/.test(found[2])) return undefined;
  return { traceId: found[1], spanId: found[2] };
}

/** @param {unknown[]} parts */
function digestOf(parts) {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
