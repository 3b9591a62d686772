/** @import { StepConfig } from "../../bridge/protocol.d.ts" */

import { parseDuration } from "./duration.js";

/**
 * How long to wait before the next attempt, in ms. No jitter and no maximum, as upstream.
 *
 * @param {StepConfig["retries"]} retries
 * @param {number} failed number of the attempt that has just failed, from 1
 */
export function retryDelay(retries, failed) {
  const base = parseDuration(retries.delay) ?? 0;
  if (retries.backoff === "exponential") return base * 2 ** (failed - 1);
  if (retries.backoff === "linear") return base * failed;
  return base;
}
