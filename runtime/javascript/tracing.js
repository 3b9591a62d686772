/** Sends the trace that the running code belongs to with its requests, as W3C's `traceparent` has it. */

/** @import { Origin, Output } from "./output.js" */

import { createHash } from "node:crypto";
import { tracedFetch } from "../traced_fetch.js";

const SPAN_ID_HEX_DIGITS = 16;

/**
 * The value of the header: the span of the step whose code runs, or that of the instance. Its id is computed in the same way as
 * by `js/telemetry/trace_ids.js`, which sends it later.
 *
 * @param {Origin | undefined} origin
 * @returns {string | undefined} undefined outside of workflows, and where no traces are sent
 */
export function traceparent(origin) {
  const { session, ref } = origin ?? {};
  if (session?.trace === undefined) return undefined;
  const step = ref === undefined ? undefined : session.identity(ref);
  const path = step ? [session.rollingBack ? "rollback" : "step", step.name, step.count] : [];
  const digest = createHash("sha256").update(JSON.stringify([session.trace, ...path]));
  return `00-${session.trace}-${digest.digest("hex").slice(0, SPAN_ID_HEX_DIGITS)}-01`;
}

/**
 * Have `fetch` of this thread send the header, where the code has not set it.
 *
 * @param {Pick<Output, "origin">} output knows whose code runs
 */
export function traceFetch(output) {
  globalThis.fetch = tracedFetch(globalThis.fetch, () => traceparent(output.origin));
}
