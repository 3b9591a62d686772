/**
 * Instances of statuses that few have. No index has all statuses, since a status changes too often for that: a subquery goes
 * through the smaller indexes that hold them. Where many have the status, going through the instances finds a page sooner.
 */

/** @import { Sql } from "./statements.js" */
/** @import { Status } from "./store.d.ts" */

import { FINAL_STATUSES } from "../engine/status.js";

/** Up to how many instances a subquery gathers, and of how many it has to be a small part. */
const FEW = 50_000;
const SMALL_PART = 1 / 4;

/** @typedef {Exclude<Status, "unknown">} Known */

const active = "FROM instances INDEXED BY instances_active WHERE status =";
/** By status: which index has its instances, among others. @type {Record<Known, string>} */
const SOURCES = {
  queued: `${active} 'queued'`,
  running: `${active} 'running'`,
  waitingForPause: `${active} 'waitingForPause'`,
  rollingBack: `${active} 'rollingBack'`,
  // An instance that waits has a time at which it is looked at again.
  waiting: "FROM instances INDEXED BY instances_due WHERE wake_at IS NOT NULL AND status = 'waiting'",
  paused: "FROM instances INDEXED BY instances_paused WHERE status = 'paused'",
  errored: "FROM instances INDEXED BY instances_errored WHERE status = 'errored'",
  terminated: "FROM instances INDEXED BY instances_terminated WHERE status = 'terminated'",
  complete: "FROM instances INDEXED BY instances_ended WHERE ended_on IS NOT NULL AND status = 'complete'",
};

export const UNFINISHED = /** @type {const} */ ([
  "queued",
  "running",
  "waitingForPause",
  "rollingBack",
  "waiting",
  "paused",
]);
/** Statuses of which some instances have not been started. */
export const NEVER_STARTED = /** @type {const} */ (["queued", "paused", "errored", "terminated"]);

/**
 * A subquery for the numbers of instances that have one of the statuses, in all workflows.
 *
 * @param {Sql} sql
 * @param {readonly Status[]} statuses
 * @returns {string | null} null: there are many
 */
export function fewOf(sql, statuses) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { status, n } of sql("SELECT status, sum(n) AS n FROM instance_counts GROUP BY status").all())
    counts[status] = Number(n);
  const sum = (/** @type {readonly string[]} */ names) => names.reduce((all, name) => all + (counts[name] ?? 0), 0);
  // The index of those that have ended does not know how they did.
  const gathered = statuses.includes("complete") ? [...new Set([...statuses, ...FINAL_STATUSES])] : statuses;
  if (sum(gathered) > FEW || sum(statuses) > SMALL_PART * sum(Object.keys(counts))) return null;
  return statuses.map((each) => `SELECT number ${SOURCES[/** @type {Known} */ (each)]}`).join(" UNION ALL ");
}
