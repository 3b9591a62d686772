/** What happened over time, for charts. It is read off the newest rows, so the cost is bounded in a state of any size. */

/** @import { Sql } from "./statements.js" */
/** @import { Activity, ActivityQuery } from "./store.d.ts" */

import * as E from "../engine/events.js";
import { DEFAULT_ACCOUNT } from "../engine/accounts.js";

const MAX_INSTANCES = 20_000;
const MAX_ENTRIES = 50_000;

/** @param {Sql} sql @param {ActivityQuery} query @returns {Activity} */
export function readActivity(sql, query) {
  const ofInstances = readInstances(sql, query);
  const ofSteps = readSteps(sql, query);
  const { since: one, ...instances } = ofInstances;
  const { since: other, ...steps } = ofSteps;
  return { completeSince: Math.max(query.from, one, other), ...instances, ...steps };
}

/** @param {Sql} sql @param {ActivityQuery} query */
function readInstances(sql, { workflow, account, from, bucketMs, buckets }) {
  const { where, values } = ofWorkflows(workflow, account);
  const newest = `SELECT created_on, started_on, ended_on, status FROM instances WHERE ${where}
    ORDER BY number DESC LIMIT ${MAX_INSTANCES}`;
  const read = sql(`SELECT count(*) AS n, min(created_on) AS since FROM (${newest})`).get(...values);
  const rows = sql(
    `SELECT created_on AS created, coalesce(started_on, created_on) AS started, ended_on AS ended, status
     FROM (${newest}) WHERE created_on >= ? OR ended_on >= ?`,
  ).all(...values, from, from);
  const counts = { created: zeros(buckets), completed: zeros(buckets), errored: zeros(buckets) };
  const terminated = zeros(buckets);
  /** @type {number[][]} */
  const took = Array.from({ length: buckets }, () => []);
  const byStatus = { complete: counts.completed, errored: counts.errored, terminated };
  for (const { created, started, ended, status } of rows) {
    const begun = Math.floor((created - from) / bucketMs);
    if (begun >= 0 && begun < buckets) counts.created[begun] += 1;
    if (ended === null) continue;
    const at = Math.floor((ended - from) / bucketMs);
    const ends = byStatus[/** @type {keyof typeof byStatus} */ (status)];
    if (at < 0 || at >= buckets || !ends) continue;
    ends[at] += 1;
    took[at]?.push(ended - started);
  }
  for (const each of took) each.sort((a, b) => a - b);
  return {
    since: read?.n === MAX_INSTANCES ? Number(read.since) : 0,
    ...counts,
    terminated,
    p50: took.map((each) => quantile(each, 0.5)),
    p95: took.map((each) => quantile(each, 0.95)),
  };
}

/** @param {Sql} sql @param {ActivityQuery} query */
function readSteps(sql, { workflow, account, from, bucketMs, buckets }) {
  const { where, values } = ofWorkflows(workflow, account);
  const last = Number(sql("SELECT max(id) AS id FROM log").get()?.id ?? 0);
  const first = last - MAX_ENTRIES;
  const since = Number(sql("SELECT at FROM log WHERE id > ? ORDER BY id LIMIT 1").get(first)?.at ?? 0);
  const rows = sql(
    `SELECT CAST((at - ?) / ? AS INTEGER) AS bucket, count(*) AS n, (event = ${E.ATTEMPT_START}) AS retry
     FROM (SELECT instance, at, event, next, attempt FROM log WHERE id > ? AND at >= ?)
     WHERE (event = ${E.STEP_SUCCESS} OR next = ${E.STEP_SUCCESS} OR (event = ${E.ATTEMPT_START} AND attempt > 1))
       AND instance IN (SELECT number FROM instances WHERE ${where} ORDER BY number DESC LIMIT ${MAX_ENTRIES})
     GROUP BY 1, 3`,
  ).all(from, bucketMs, first, from, ...values);
  const [steps, retries] = [zeros(buckets), zeros(buckets)];
  for (const { bucket, n, retry } of rows) if (bucket < buckets) (retry ? retries : steps)[bucket] += n;
  return { since: first > 0 ? since : 0, steps, retries };
}

/** @param {number} length */
function zeros(length) {
  /** @type {number[]} */
  const counts = Array.from({ length }, () => 0);
  return counts;
}

/** @param {number[]} sorted @param {number} share */
function quantile(sorted, share) {
  return sorted.length === 0 ? null : sorted[Math.ceil(sorted.length * share) - 1];
}

/**
 * Which instances: those of a workflow, or of all workflows of an account.
 *
 * @param {string | undefined} workflow a key
 * @param {string} account
 * @returns {{ where: string, values: string[] }}
 */
export function ofWorkflows(workflow, account = DEFAULT_ACCOUNT) {
  if (workflow !== undefined) return { where: "workflow = ?", values: [workflow] };
  if (account === DEFAULT_ACCOUNT) return { where: "instr(workflow, '/') = 0", values: [] };
  // The character after the slash that follows the account.
  return { where: "workflow >= ? AND workflow < ?", values: [`${account}/`, `${account}0`] };
}
