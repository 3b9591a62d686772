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

/** @param {unknown[]} parts */
function digestOf(parts) {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
