/** @import { Status } from "../store/store.d.ts" */

/**
 * Whether an instance of this status is over: nothing but a restart makes it run again.
 *
 * @param {Status} status
 */
export function isFiniteStatus(status) {
  return status === "complete" || status === "errored" || status === "terminated";
}
