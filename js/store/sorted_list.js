/**
 * Lists of instances in another order than that of their creation. An index leads to each page, so a page of a million
 * instances costs as much as one of a hundred.
 *
 * A list has sections, one after the other: instances that have a time and then those without one, or a section for each status.
 */

/** @import { Sql } from "./statements.js" */
/** @import { InstanceSort, SortPlace, Status } from "./store.d.ts" */

import { ofWorkflows } from "./activity.js";
import { fewOf, NEVER_STARTED, UNFINISHED } from "./status_index.js";

/** The order of statuses: what goes on first, what has ended last. */
const BY_STATUS = /** @type {const} */ ([
  "running",
  "rollingBack",
  "waitingForPause",
  "waiting",
  "queued",
  "paused",
  "errored",
  "terminated",
  "complete",
]);
const TIMES = /** @type {const} */ ({
  started: { column: "started_on", without: NEVER_STARTED },
  ended: { column: "ended_on", without: UNFINISHED },
});

/** @typedef {{ number: number, key: string | number | null }} Entry `key`: what is sorted by, within its section */

/**
 * The numbers of a page of instances.
 *
 * @param {Sql} sql
 * @param {InstanceSort} sort
 * @returns {{ numbers: number[], next: SortPlace | null }} `next`: where the next page begins
 */
export function sortedNumbers(sql, sort) {
  const { limit, place } = sort;
  const sections = sectionsOf(sql, sort);
  const first = place ? sections.findIndex(([name]) => name === place.section) : 0;
  /** @type {number[]} */
  const numbers = [];
  for (const [name, read] of first < 0 ? [] : sections.slice(first)) {
    const entries = read(place?.section === name ? place : null, limit - numbers.length);
    numbers.push(...entries.map(({ number }) => number));
    const last = entries.at(-1);
    if (last && numbers.length === limit)
      return { numbers, next: { section: name, key: last.key, number: last.number } };
  }
  return { numbers, next: null };
}

/** @typedef {(after: SortPlace | null, limit: number) => Entry[]} ReadSection */

/** @param {Sql} sql @param {InstanceSort} sort @returns {[name: string, read: ReadSection][]} */
function sectionsOf(sql, sort) {
  const { by, status, ascending } = sort;
  if (by === "started" || by === "ended") {
    const { column, without } = TIMES[by];
    return [
      ["with", (after, limit) => byTime(sql, sort, column, after, limit)],
      ["without", (after, limit) => byNumber(sql, sort, without, `${column} IS NULL`, after, limit)],
    ];
  }
  if (by === "id")
    return workflowsOf(sql, sort).map((name) => [name, (after, limit) => byId(sql, sort, name, after, limit)]);
  const statuses = BY_STATUS.filter((each) => status === undefined || each === status);
  return (ascending ? statuses : statuses.toReversed()).map((each) => [
    each,
    (after, limit) => byNumber(sql, { ...sort, status: each }, [each], "TRUE", after, limit),
  ]);
}

/** Workflows that have had instances, by name. @param {Sql} sql @param {InstanceSort} sort @returns {string[]} */
function workflowsOf(sql, { workflow, account, ascending }) {
  const { where, values } = ofWorkflows(workflow, account);
  return sql(
    `SELECT workflow FROM instance_counts WHERE ${where} GROUP BY workflow ORDER BY workflow ${ascending ? "ASC" : "DESC"}`,
  )
    .all(...values)
    .map(({ workflow: name }) => name);
}

/** @param {Sql} sql @param {InstanceSort} sort @param {"started_on" | "ended_on"} column @param {SortPlace | null} after @param {number} limit @returns {Entry[]} */
function byTime(sql, sort, column, after, limit) {
  const [direction, beyond, sign] = sort.ascending ? ["ASC", ">", 1] : ["DESC", "<", -1];
  const few = fewWith(sql, sort);
  // Each workflow has its part of the index: the pages of all of them are merged.
  const entries = workflowsOf(sql, sort).flatMap((workflow) =>
    sql(
      `SELECT number, ${column} AS key FROM instances
       WHERE workflow = ? AND ${column} IS NOT NULL ${sort.status === undefined ? "" : `AND status = '${sort.status}'`}
         ${few === null ? "" : `AND number IN (${few})`} ${after ? `AND (${column}, number) ${beyond} (?, ?)` : ""}
       ORDER BY ${column} ${direction}, number ${direction} LIMIT ?`,
    ).all(workflow, ...(after ? [after.key, after.number] : []), limit),
  );
  return /** @type {Entry[]} */ (entries)
    .sort((one, other) => sign * (Number(one.key) - Number(other.key) || one.number - other.number))
    .slice(0, limit);
}

/** @param {Sql} sql @param {InstanceSort} sort */
function fewWith(sql, { status }) {
  return status === undefined ? null : fewOf(sql, [status]);
}

/** Of some statuses, the newest first. @param {Sql} sql @param {InstanceSort} sort @param {readonly Status[]} statuses @param {string} condition @param {SortPlace | null} after @param {number} limit @returns {Entry[]} */
function byNumber(sql, sort, statuses, condition, after, limit) {
  const { where, values } = ofWorkflows(sort.workflow, sort.account);
  const wanted = sort.status === undefined ? statuses : statuses.filter((each) => each === sort.status);
  if (wanted.length === 0) return [];
  const few = fewOf(sql, wanted);
  return /** @type {Entry[]} */ (
    sql(
      `SELECT number, NULL AS key FROM instances WHERE ${where} AND ${condition}
         AND status IN (${wanted.map((each) => `'${each}'`).join()}) ${few === null ? "" : `AND number IN (${few})`}
         ${after ? "AND number < ?" : ""}
       ORDER BY number DESC LIMIT ?`,
    ).all(...values, ...(after ? [after.number] : []), limit)
  );
}

/** @param {Sql} sql @param {InstanceSort} sort @param {string} workflow @param {SortPlace | null} after @param {number} limit @returns {Entry[]} */
function byId(sql, sort, workflow, after, limit) {
  const [direction, beyond] = sort.ascending ? ["ASC", ">"] : ["DESC", "<"];
  const few = fewWith(sql, sort);
  return /** @type {Entry[]} */ (
    sql(
      `SELECT number, id AS key FROM instances
       WHERE workflow = ? ${sort.status === undefined ? "" : `AND status = '${sort.status}'`}
         ${few === null ? "" : `AND number IN (${few})`} ${after ? `AND id ${beyond} ?` : ""}
       ORDER BY id ${direction} LIMIT ?`,
    ).all(workflow, ...(after ? [after.key] : []), limit)
  );
}
