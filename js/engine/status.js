/** The statuses of an instance: the one list of them. */

export const STATUSES = /** @type {const} */ ([
  "queued",
  "running",
  "paused",
  "errored",
  "terminated",
  "complete",
  "waiting",
  "waitingForPause",
  "rollingBack",
]);

/** @typedef {(typeof STATUSES)[number] | "unknown"} Status `unknown`: its row is damaged */

/** Nothing but a restart makes an instance of these run again. @type {readonly Status[]} */
export const FINAL_STATUSES = ["complete", "errored", "terminated"];

/** @param {string} status */
export function isFinalStatus(status) {
  return FINAL_STATUSES.includes(/** @type {Status} */ (status));
}
