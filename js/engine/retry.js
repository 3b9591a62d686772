/** @import { StepConfig } from "../../bridge/protocol.d.ts" */

import { parseDuration } from "./duration.js";
import { MAX_DURATION_MS } from "./limits.js";

/**
 * How long to wait before the next attempt, in ms: at most a year, without jitter, as upstream.
 *
 * @param {StepConfig["retries"]} retries
 * @param {number} failed number of the attempt that has just failed, from 1
 */
export function retryDelay(retries, failed) {
  const base = parseDuration(retries.delay) ?? 0;
  const factor = retries.backoff === "exponential" ? 2 ** (failed - 1) : retries.backoff === "linear" ? failed : 1;
  return base === 0 ? 0 : Math.min(base * factor, MAX_DURATION_MS);
}
