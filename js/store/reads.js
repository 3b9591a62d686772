/** What the store on SQLite tells of instances, by name and in lists. Nothing here changes anything. */

/** @import { InstanceFilter, InstanceRow, InstanceSort } from "./store.d.ts" */

import { DEFAULT_ACCOUNT } from "../engine/accounts.js";
import { WORKFLOW_QUEUED } from "../engine/events.js";
import { STATUSES } from "../engine/status.js";
import { DamageError, readable } from "./damage.js";
import { LogReads } from "./log_reads.js";
import { sortedNumbers } from "./sorted_list.js";
import { fewOf } from "./status_index.js";

const INSTANCE = `number, workflow, id, status, params, "trigger", version_id AS versionId, created_on AS createdOn,
  modified_on AS modifiedOn, started_on AS startedOn, ended_on AS endedOn, output, error, paused_on AS pausedOn,
  wake_at AS wakeAt, success_retention AS successRetention, error_retention AS errorRetention, schedule`;
/** Up to how many instances are counted for a list. */
const MAX_COUNTED = 10_000;
/** Of an instance whose row is damaged. */
const NOTHING_KNOWN = {
  status: /** @type {const} */ ("unknown"),
  params: "null",
  trigger: 0,
  versionId: "",
  createdOn: 0,
  modifiedOn: 0,
  startedOn: null,
  endedOn: null,
  output: null,
  error: null,
  pausedOn: null,
  wakeAt: null,
  successRetention: null,
  errorRetention: null,
  schedule: null,
};

export class SqliteReads extends LogReads {
  /** @param {string} workflow @param {string} id */
  loadInstance(workflow, id) {
    const row = /** @type {InstanceRow | undefined} */ (
      readable(
        () => this.numberOf(workflow, id) ?? 0,
        () => this.sql(`SELECT ${INSTANCE} FROM instances WHERE workflow = ? AND id = ?`).get(workflow, id),
      )
    );
    if (row?.status === "complete") this.checkOutput(row);
    return row;
  }

  /** @param {string} workflow @param {string} id @returns {number | undefined} also of one that is damaged */
  numberOf(workflow, id) {
    return this.sql("SELECT number FROM instances WHERE workflow = ? AND id = ?").get(workflow, id)?.number;
  }

  /** @returns {number} the largest number that an instance has, or had before it was deleted */
  lastNumber() {
    return this.sql("SELECT seq FROM sqlite_sequence WHERE name = 'instances'").get()?.seq ?? 0;
  }

  /** @param {number} number */
  loadInstanceByNumber(number) {
    return /** @type {InstanceRow | undefined} */ (
      readable(
        () => number,
        () => this.sql(`SELECT ${INSTANCE} FROM instances WHERE number = ?`).get(number),
      )
    );
  }

  /** @param {InstanceFilter} filter */
  listInstances(filter) {
    const { where: wanted, values } = conditions(filter, { placed: true });
    const few = filter.search === undefined && isKnown(filter.status) ? fewOf(this.sql, [filter.status]) : null;
    const where = few === null ? wanted : `${wanted} AND number IN (${few})`;
    const order = filter.ascending ? "ASC" : "DESC";
    // Ids are searched in their index, which is smaller than the table.
    const rest =
      filter.search === undefined
        ? `FROM instances WHERE ${where} ORDER BY number ${order} LIMIT ? OFFSET ?`
        : `FROM instances WHERE number IN (SELECT number FROM instances WHERE ${where}
             ORDER BY +number ${order} LIMIT ? OFFSET ?) ORDER BY number ${order}`;
    const place = [...values, filter.limit, filter.offset ?? 0];
    try {
      return /** @type {InstanceRow[]} */ (this.sql(`SELECT ${INSTANCE} ${rest}`).all(...place));
    } catch (error) {
      if (/** @type {any} */ (error)?.code !== "ERR_OUT_OF_RANGE") throw error;
      // One by one: a damaged row keeps none of the others from being listed.
      const numbers = this.sql(`SELECT number ${rest}`).all(...place);
      return numbers.map(({ number }) => this.#listed(number));
    }
  }

  /** @param {InstanceSort} sort */
  sortInstances(sort) {
    const { numbers, next } = sortedNumbers(this.sql, sort);
    return { rows: numbers.map((number) => this.#listed(number)), next };
  }

  /** @param {number} number @returns {InstanceRow} where it is damaged, what can be said of it */
  #listed(number) {
    try {
      return /** @type {InstanceRow} */ (this.loadInstanceByNumber(number));
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      const { workflow, id } = this.nameOf(number) ?? { workflow: "", id: "" };
      return { ...NOTHING_KNOWN, number, workflow, id };
    }
  }

  /**
   * How many instances a list has. With dates or a search the instances are counted, up to MAX_COUNTED of them.
   *
   * @param {Omit<InstanceFilter, "limit" | "offset">} filter
   */
  countInstances(filter) {
    const { createdFrom, createdTo, search } = filter;
    const isCounted = createdFrom !== undefined || createdTo !== undefined || search !== undefined;
    const { where, values } = conditions(filter);
    const sql = isCounted
      ? `SELECT count(*) AS n FROM (SELECT 1 FROM instances WHERE ${where} LIMIT ${MAX_COUNTED})`
      : `SELECT coalesce(sum(n), 0) AS n FROM instance_counts WHERE ${where}`;
    return Number(this.sql(sql).get(...values)?.n);
  }

  /** @param {number} number of an instance */
  queuedAt(number) {
    // That of a resume has no detail.
    const row = this.sql(
      "SELECT at FROM log WHERE instance = ? AND event = ? AND detail IS NOT NULL ORDER BY seq DESC LIMIT 1",
    ).get(number, WORKFLOW_QUEUED);
    return Number(row?.at ?? 0);
  }

  /** @param {number} number @returns {{ workflow: string, id: string, status: string } | undefined} */
  nameOf(number) {
    return /** @type {any} */ (this.sql("SELECT workflow, id, status FROM instances WHERE number = ?").get(number));
  }
}

/**
 * Statuses are written into the text: only then SQLite uses the index of those that have one.
 *
 * @param {Omit<InstanceFilter, "limit" | "offset">} filter
 * @param {{ placed?: boolean }} [options] whether the place in the list counts
 */
function conditions(
  { workflow, account, status, createdFrom, createdTo, search, after, until, ascending },
  { placed } = {},
) {
  // With a plus no index of numbers is used.
  const number = search === undefined ? "number" : "+number";
  const ofAccount = account === undefined ? undefined : workflowKeys(account);
  /** @type {[string, string | number | undefined][]} */
  const optional = [
    ["workflow = ?", workflow],
    ["workflow >= ?", ofAccount?.from],
    ["workflow < ?", ofAccount?.before],
    ["created_on >= ?", createdFrom],
    ["created_on <= ?", createdTo],
    ["instr(id, ?) > 0", search],
    [`${number} ${ascending ? ">" : "<"} ?`, placed ? after : undefined],
    [`${number} <= ?`, placed ? until : undefined],
  ];
  const given = optional.filter(([, value]) => value !== undefined);
  const parts = given.map(([condition]) => condition);
  if (account === DEFAULT_ACCOUNT) parts.push("instr(workflow, '/') = 0");
  if (isKnown(status)) parts.push(`status = '${status}'`);
  return {
    where: parts.length === 0 ? "TRUE" : parts.join(" AND "),
    values: given.map(([, value]) => /** @type {string | number} */ (value)),
  };
}

/** @param {string | undefined} status @returns {status is import("../engine/status.js").Status} */
function isKnown(status) {
  return STATUSES.some((each) => each === status);
}

/** Where the keys of an account's workflows are; undefined for the default account. @param {string} account */
function workflowKeys(account) {
  if (account === DEFAULT_ACCOUNT) return undefined;
  // The character after the slash that follows the account.
  return { from: `${account}/`, before: `${account}0` };
}
