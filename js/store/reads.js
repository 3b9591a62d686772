/** What the store on SQLite tells: nothing here changes anything. */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */
/** @import { BulkJob, ChunkRow, EventRow, InstanceFilter, InstanceRow, LogCursor, LogRow, OutputRow, ScheduleRow, StepRef, VersionRow, WorkflowRow } from "./store.d.ts" */
/** @import { Sql } from "./statements.js" */

import * as E from "../engine/events.js";
import { checksumOf, DamageError, readable } from "./damage.js";

import { DEFAULT_ACCOUNT } from "../engine/accounts.js";
import { STATUSES } from "../engine/status.js";

const INSTANCE = `number, workflow, id, status, params, "trigger", version_id AS versionId, created_on AS createdOn,
  modified_on AS modifiedOn, started_on AS startedOn, ended_on AS endedOn, output, error, paused_on AS pausedOn,
  wake_at AS wakeAt, success_retention AS successRetention, error_retention AS errorRetention, schedule`;
const WORKFLOW = `name, class_name AS className, root, main, vars, bindings, step_limit AS stepLimit,
  concurrency, success_retention AS successRetention, error_retention AS errorRetention, version_id AS versionId,
  created_on AS createdOn, modified_on AS modifiedOn, runtime, script_name AS scriptName, env, secrets`;
const VERSION = `workflow, id, class_name AS className, main, step_limit AS stepLimit, concurrency,
  success_retention AS successRetention, error_retention AS errorRetention, created_on AS createdOn,
  modified_on AS modifiedOn`;

/** The last time that a Date can hold. A larger one is damage, and nobody waits for it. */
const LAST_TIME_MS = 8.64e15;
/** Up to how many instances are counted for a list. */
const MAX_COUNTED = 10_000;
/** How much of a log a follower gets at once. */
const PORTION_ROWS = 500;
const PORTION_CHARACTERS = 1024 * 1024;
/** SQLite's result code for a damaged page. */
const CORRUPT = 11;
const ENTRY = "seq, event, next, name, count, at, attempt, due, value, detail, checksum";
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

export class SqliteReads {
  #sql;
  /** What was read of workflows: every pass asks for its own. @type {Map<string, WorkflowRow>} */
  #workflows = new Map();

  /** @param {Sql} sql */
  constructor(sql) {
    this.#sql = sql;
  }

  /** @param {string} name */
  loadWorkflow(name) {
    const known = this.#workflows.get(name);
    if (known) return known;
    const row = /** @type {WorkflowRow | undefined} */ (
      this.#sql(`SELECT ${WORKFLOW} FROM workflows WHERE name = ? AND deleted_on IS NULL`).get(name)
    );
    if (row) this.#workflows.set(name, row);
    return row;
  }

  /** They are about to be changed. */
  forgetWorkflows() {
    this.#workflows.clear();
  }

  loadWorkflows() {
    return /** @type {WorkflowRow[]} */ (
      this.#sql(`SELECT ${WORKFLOW} FROM workflows WHERE deleted_on IS NULL ORDER BY name`).all()
    );
  }

  /** @param {string} workflow the one that was deployed last comes first */
  loadVersions(workflow) {
    return /** @type {VersionRow[]} */ (
      this.#sql(`SELECT ${VERSION} FROM versions WHERE workflow = ? ORDER BY modified_on DESC, rowid DESC`).all(
        workflow,
      )
    );
  }

  /** @param {string} workflow @param {string} id */
  loadVersion(workflow, id) {
    return /** @type {VersionRow | undefined} */ (
      this.#sql(`SELECT ${VERSION} FROM versions WHERE workflow = ? AND id = ?`).get(workflow, id)
    );
  }

  loadBulkJobs() {
    return /** @type {BulkJob[]} */ (this.#sql('SELECT workflow, kind, status, up_to AS "upTo" FROM bulk_jobs').all());
  }

  /**
   * @param {string} workflow
   * @param {{ after: number, upTo: number }} numbers
   * @returns {Pick<InstanceRow, "number" | "id" | "status">[]}
   */
  loadNumbered(workflow, { after, upTo }) {
    return /** @type {Pick<InstanceRow, "number" | "id" | "status">[]} */ (
      this.#sql(
        "SELECT number, id, status FROM instances WHERE workflow = ? AND number > ? AND number <= ? ORDER BY number",
      ).all(workflow, after, upTo)
    );
  }

  /** @param {string} workflow @param {number} after @returns {number | null} the next number that an instance of it has */
  nextNumber(workflow, after) {
    return (
      this.#sql("SELECT min(number) AS n FROM instances WHERE workflow = ? AND number > ?").get(workflow, after)?.n ??
      null
    );
  }

  loadSchedules() {
    return /** @type {ScheduleRow[]} */ (
      this.#sql("SELECT workflow, cron, done FROM schedules ORDER BY workflow, cron").all()
    );
  }

  /** @param {string} workflow */
  countByStatus(workflow) {
    const rows = this.#sql("SELECT status, n FROM instance_counts WHERE workflow = ? AND n > 0").all(workflow);
    return Object.fromEntries(rows.map((row) => [row.status, row.n]));
  }

  /** @param {string} workflow @returns {number | null} */
  triggeredOn(workflow) {
    // The workflow's own column knows of instances that are deleted.
    return (
      this.#sql(
        `SELECT nullif(max(coalesce(triggered_on, 0), coalesce(
           (SELECT created_on FROM instances WHERE workflow = w.name ORDER BY number DESC LIMIT 1), 0)), 0) AS at
         FROM workflows AS w WHERE name = ?`,
      ).get(workflow)?.at ?? null
    );
  }

  /** @param {number} now @param {number} limit numbers of finished instances that need not be kept any longer */
  loadExpired(now, limit) {
    return this.#sql("SELECT number FROM instances WHERE expires_at <= ? ORDER BY expires_at LIMIT ?")
      .all(now, limit)
      .map((row) => row.number);
  }

  /** @returns {number | null} */
  nextExpiry() {
    return (
      this.#sql(`SELECT min(expires_at) AS at FROM instances WHERE expires_at <= ${LAST_TIME_MS}`).get()?.at ?? null
    );
  }

  /** @param {number} number @param {StepRef} step @param {number} place @returns {Encoded | undefined} */
  loadChunk(number, { name, count }, place) {
    return this.#sql("SELECT chunk FROM chunks WHERE instance = ? AND name = ? AND count = ? AND place = ?").get(
      number,
      name,
      count,
      place,
    )?.chunk;
  }

  /** @param {string} workflow @param {string} id */
  loadInstance(workflow, id) {
    const row = /** @type {InstanceRow | undefined} */ (
      readable(
        () => this.numberOf(workflow, id) ?? 0,
        () => this.#sql(`SELECT ${INSTANCE} FROM instances WHERE workflow = ? AND id = ?`).get(workflow, id),
      )
    );
    if (row?.status === "complete") this.#checkOutput(row);
    return row;
  }

  /** @param {string} workflow @param {string} id @returns {number | undefined} also of one that is damaged */
  numberOf(workflow, id) {
    return this.#sql("SELECT number FROM instances WHERE workflow = ? AND id = ?").get(workflow, id)?.number;
  }

  /** The entry of its success vouches for the output. @param {InstanceRow} row */
  #checkOutput({ number, output }) {
    const last = /** @type {LogRow | undefined} */ (
      this.#sql(`SELECT ${ENTRY} FROM log WHERE instance = ? ORDER BY seq DESC LIMIT 1`).get(number)
    );
    if (last?.event === E.WORKFLOW_SUCCESS) checkEntry(number, last, output ?? undefined);
  }

  /** @returns {number} the largest number that an instance has, or had before it was deleted */
  lastNumber() {
    return this.#sql("SELECT seq FROM sqlite_sequence WHERE name = 'instances'").get()?.seq ?? 0;
  }

  /** @param {number} number */
  loadInstanceByNumber(number) {
    return /** @type {InstanceRow | undefined} */ (
      readable(
        () => number,
        () => this.#sql(`SELECT ${INSTANCE} FROM instances WHERE number = ?`).get(number),
      )
    );
  }

  /** @param {InstanceFilter} filter */
  listInstances(filter) {
    const { where, values } = conditions(filter, { placed: true });
    const order = filter.ascending ? "ASC" : "DESC";
    // Ids are searched in their index, which is smaller than the table.
    const rest =
      filter.search === undefined
        ? `FROM instances WHERE ${where} ORDER BY number ${order} LIMIT ? OFFSET ?`
        : `FROM instances WHERE number IN (SELECT number FROM instances WHERE ${where}
             ORDER BY +number ${order} LIMIT ? OFFSET ?) ORDER BY number ${order}`;
    const place = [...values, filter.limit, filter.offset ?? 0];
    try {
      return /** @type {InstanceRow[]} */ (this.#sql(`SELECT ${INSTANCE} ${rest}`).all(...place));
    } catch (error) {
      if (/** @type {any} */ (error)?.code !== "ERR_OUT_OF_RANGE") throw error;
      // One by one: a damaged row keeps none of the others from being listed.
      const numbers = this.#sql(`SELECT number ${rest}`).all(...place);
      return numbers.map(({ number }) => this.#listed(number));
    }
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
    return Number(this.#sql(sql).get(...values)?.n);
  }

  /** @param {number} number @param {number} [after] only entries with a larger number */
  loadLog(number, after = 0) {
    const rows = /** @type {LogRow[]} */ (
      readable(
        () => number,
        () =>
          this.#sql(
            `SELECT ${ENTRY} FROM log WHERE instance = ? AND seq >= ? AND seq + (next IS NOT NULL) > ? ORDER BY seq`,
          ).all(number, after, after),
      )
    );
    for (const row of rows) checkEntry(number, row, this.#coveredBy(number, row));
    return rows;
  }

  /**
   * The entries with larger numbers, as many as fit into a portion: a follower of a long log gets it in portions.
   *
   * @param {number} number
   * @param {number} after
   * @returns {LogRow[]} at least one, where there is one
   */
  loadLogPortion(number, after) {
    const size = "coalesce(length(value), 0) + coalesce(length(detail), 0)";
    const rows = /** @type {LogRow[]} */ (
      readable(
        () => number,
        () =>
          this.#sql(
            `SELECT ${ENTRY} FROM (
               SELECT ${ENTRY}, sum(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before FROM (
                 SELECT ${ENTRY}, ${size} AS size FROM log
                 WHERE instance = ? AND seq >= ? AND seq + (next IS NOT NULL) > ? ORDER BY seq LIMIT ${PORTION_ROWS}))
             WHERE before < ${PORTION_CHARACTERS} ORDER BY seq`,
          ).all(number, after, after),
      )
    );
    for (const row of rows) checkEntry(number, row, this.#coveredBy(number, row));
    return rows;
  }

  /** The text of the instance that an entry vouches for. @param {number} number @param {LogRow} row */
  #coveredBy(number, { event, detail }) {
    if (event === E.WORKFLOW_SUCCESS) {
      return this.#sql("SELECT output FROM instances WHERE number = ?").get(number)?.output ?? undefined;
    }
    // Not that of a resume.
    if (event !== E.WORKFLOW_QUEUED || detail === null) return undefined;
    return this.#sql("SELECT params FROM instances WHERE number = ?").get(number)?.params;
  }

  /** @param {number} number @param {StepRef} step @param {number} event */
  loadValue(number, step, event) {
    const row = /** @type {LogRow | undefined} */ (
      this.#sql(`SELECT ${ENTRY} FROM log WHERE instance = ? AND event = ? AND name = ? AND count = ?`).get(
        number,
        event,
        step.name,
        step.count,
      )
    );
    if (row) checkEntry(number, row);
    return row?.value ?? undefined;
  }

  /** @param {number} number @returns {{ workflow: string, id: string, status: string } | undefined} */
  nameOf(number) {
    return /** @type {any} */ (this.#sql("SELECT workflow, id, status FROM instances WHERE number = ?").get(number));
  }

  /** @param {number} number @returns {LogCursor} */
  loadCursor(number) {
    const row = this.#sql("SELECT seq, next FROM log WHERE instance = ? ORDER BY seq DESC LIMIT 1").get(number);
    return { number, seq: row ? row.seq + (row.next === null ? 0 : 1) : 0 };
  }

  /** @param {number} number */
  canRead(number) {
    return isReadable(() => {
      this.#sql("SELECT total(length(params)) FROM instances WHERE number = ?").get(number);
      this.#sql(
        "SELECT total(length(name)), total(length(value)), total(length(detail)) FROM log WHERE instance = ?",
      ).get(number);
      this.#sql("SELECT total(length(payload)) FROM events WHERE instance = ?").get(number);
    });
  }

  /** @param {number} number */
  canReadEnd(number) {
    return isReadable(() => void this.loadCursor(number));
  }

  /** @param {number} number */
  loadChunks(number) {
    return /** @type {ChunkRow[]} */ (
      this.#sql("SELECT name, count, place, chunk FROM chunks WHERE instance = ?").all(number)
    );
  }

  /** @param {number} number */
  countChunks(number) {
    return Number(this.#sql("SELECT count(*) AS n FROM chunks WHERE instance = ?").get(number)?.n);
  }

  /** @returns {number} the number of the last entry of all logs; 0: there is none */
  lastEntry() {
    return this.#sql("SELECT max(id) AS id FROM log").get()?.id ?? 0;
  }

  /** @param {number} number the events that no wait has taken, in order of arrival */
  loadEvents(number) {
    return /** @type {EventRow[]} */ (
      this.#sql(
        "SELECT number, type, at, payload FROM events WHERE instance = ? AND consumed_by IS NULL ORDER BY number",
      ).all(number)
    );
  }

  /** @param {number} number of the instance @returns {number} */
  nextEventNumber(number) {
    return this.#sql("SELECT coalesce(max(number), 0) + 1 AS n FROM events WHERE instance = ?").get(number)?.n;
  }

  /** @param {number} number @param {number} [after] only rows with a larger id */
  loadOutput(number, after = 0) {
    return /** @type {(OutputRow & { id: number })[]} */ (
      this.#sql("SELECT id, at, step, level, text FROM output WHERE instance = ? AND id > ? ORDER BY id").all(
        number,
        after,
      )
    );
  }

  /** @param {number} number */
  outputSize(number) {
    return Number(
      this.#sql("SELECT coalesce(sum(length(text)), 0) AS n FROM output WHERE instance = ?").get(number)?.n,
    );
  }

  /** How many instances each workflow with a concurrency limit may begin now; waiting ones take no room. */
  loadRoom() {
    const rows = this.#sql(
      `SELECT name, concurrency - (SELECT ${["running", "waitingForPause", "rollingBack"]
        .map((status) => `(SELECT count(*) FROM instances WHERE status = '${status}' AND workflow = w.name)`)
        .join(" + ")}) AS room
       FROM workflows AS w WHERE concurrency IS NOT NULL`,
    ).all();
    return new Map(rows.map(({ name, room }) => [name, Math.max(0, room)]));
  }

  /** @param {number} limit @param {string[]} [except] workflows */
  loadQueued(limit, except = []) {
    return this.#sql(
      `SELECT number FROM instances WHERE status = 'queued' AND workflow NOT IN (SELECT value FROM json_each(?))
       ORDER BY number LIMIT ?`,
    )
      .all(JSON.stringify(except), limit)
      .map((row) => row.number);
  }

  /** @param {string} workflow @param {number} limit */
  loadQueuedOf(workflow, limit) {
    return this.#sql("SELECT number FROM instances WHERE workflow = ? AND status = 'queued' ORDER BY number LIMIT ?")
      .all(workflow, limit)
      .map((row) => row.number);
  }

  /** @param {number} now @param {number} limit @param {string[]} [full] workflows whose waiting instances wait on */
  loadDue(now, limit, full = []) {
    return this.#sql(
      `SELECT number FROM instances WHERE wake_at <= ?
         AND (status <> 'waiting' OR workflow NOT IN (SELECT value FROM json_each(?))) ORDER BY wake_at LIMIT ?`,
    )
      .all(now, JSON.stringify(full), limit)
      .map((row) => row.number);
  }

  /** @param {number} now @returns {number | null} the first wake-up after now */
  nextWake(now) {
    return (
      this.#sql(`SELECT min(wake_at) AS at FROM instances WHERE wake_at > ? AND wake_at <= ${LAST_TIME_MS}`).get(now)
        ?.at ?? null
    );
  }

  /**
   * @param {number} limit
   * @returns {{ number: number, workflow: string, id: string }[]}
   */
  loadUnfinished(limit) {
    const running = this.#sql(
      "SELECT number, workflow, id FROM instances WHERE status = 'running' ORDER BY number LIMIT ?",
    ).all(limit);
    const waiting = this.#sql(
      `SELECT number, workflow, id FROM instances WHERE wake_at <= ${LAST_TIME_MS} AND status = 'waiting'
       ORDER BY wake_at LIMIT ?`,
    ).all(limit);
    return /** @type {any[]} */ ([...running, ...waiting].slice(0, limit));
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
  if (status !== undefined && STATUSES.includes(/** @type {any} */ (status))) parts.push(`status = '${status}'`);
  return {
    where: parts.length === 0 ? "TRUE" : parts.join(" AND "),
    values: given.map(([, value]) => /** @type {string | number} */ (value)),
  };
}

/** Where the keys of an account's workflows are; undefined for the default account. @param {string} account */
function workflowKeys(account) {
  if (account === DEFAULT_ACCOUNT) return undefined;
  // The character after the slash that follows the account.
  return { from: `${account}/`, before: `${account}0` };
}

/** @param {() => void} read @returns {boolean} false: it meets a damaged page */
function isReadable(read) {
  try {
    read();
    return true;
  } catch (error) {
    const { errcode, resultCode } = /** @type {{ errcode?: number, resultCode?: number }} */ (error);
    if (((errcode ?? resultCode ?? 0) & 0xff) !== CORRUPT) throw error;
    return false;
  }
}

/** @param {number} number of the instance @param {LogRow} row @param {string} [covered] @throws {DamageError} it has been altered */
function checkEntry(number, row, covered) {
  const { checksum = null } = row;
  if (checksum === null || checksum === checksumOf(row, covered)) return;
  throw new DamageError(number, `Entry ${row.seq} of its log is not what was written.`);
}
