/** What the store on SQLite tells: nothing here changes anything. */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */
/** @import { ChunkRow, EventRow, InstanceFilter, InstanceRow, LogCursor, LogRow, OutputRow, ScheduleRow, StepRef, WorkflowRow } from "./store.d.ts" */
/** @import { Sql } from "./statements.js" */

const INSTANCE = `number, workflow, id, status, params, "trigger", version_id AS versionId, created_on AS createdOn,
  modified_on AS modifiedOn, started_on AS startedOn, ended_on AS endedOn, output, error, paused_on AS pausedOn,
  wake_at AS wakeAt, success_retention AS successRetention, error_retention AS errorRetention, schedule`;
const WORKFLOW = `name, class_name AS className, root, main, vars, bindings, step_limit AS stepLimit,
  concurrency, success_retention AS successRetention, error_retention AS errorRetention, version_id AS versionId,
  created_on AS createdOn, modified_on AS modifiedOn, runtime`;

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
      this.#sql(`SELECT ${WORKFLOW} FROM workflows WHERE name = ?`).get(name)
    );
    if (row) this.#workflows.set(name, row);
    return row;
  }

  /** They are about to be changed. */
  forgetWorkflows() {
    this.#workflows.clear();
  }

  loadWorkflows() {
    return /** @type {WorkflowRow[]} */ (this.#sql(`SELECT ${WORKFLOW} FROM workflows ORDER BY name`).all());
  }

  loadSchedules() {
    return /** @type {ScheduleRow[]} */ (
      this.#sql("SELECT workflow, cron, done FROM schedules ORDER BY workflow, cron").all()
    );
  }

  /** @param {string} workflow */
  countByStatus(workflow) {
    const rows = this.#sql("SELECT status, count(*) AS n FROM instances WHERE workflow = ? GROUP BY status").all(
      workflow,
    );
    return Object.fromEntries(rows.map((row) => [row.status, row.n]));
  }

  /** @param {string} workflow @returns {number | null} */
  triggeredOn(workflow) {
    // The workflow's own column knows of instances that are deleted.
    return (
      this.#sql(
        `SELECT nullif(max(coalesce(triggered_on, 0), coalesce(
           (SELECT max(created_on) FROM instances WHERE workflow = w.name), 0)), 0) AS at FROM workflows AS w WHERE name = ?`,
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
    return this.#sql("SELECT min(expires_at) AS at FROM instances WHERE expires_at IS NOT NULL").get()?.at ?? null;
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
    return /** @type {InstanceRow | undefined} */ (
      this.#sql(`SELECT ${INSTANCE} FROM instances WHERE workflow = ? AND id = ?`).get(workflow, id)
    );
  }

  /** @returns {number} the largest number that an instance has, or had before it was deleted */
  lastNumber() {
    return this.#sql("SELECT seq FROM sqlite_sequence WHERE name = 'instances'").get()?.seq ?? 0;
  }

  /** @param {number} number */
  loadInstanceByNumber(number) {
    return /** @type {InstanceRow | undefined} */ (
      this.#sql(`SELECT ${INSTANCE} FROM instances WHERE number = ?`).get(number)
    );
  }

  /** @param {InstanceFilter} filter */
  listInstances(filter) {
    const { where, values } = conditions(filter);
    const order = filter.ascending ? "ASC" : "DESC";
    return /** @type {InstanceRow[]} */ (
      this.#sql(`SELECT ${INSTANCE} FROM instances WHERE ${where} ORDER BY number ${order} LIMIT ? OFFSET ?`).all(
        ...values,
        filter.limit,
        filter.offset,
      )
    );
  }

  /** @param {Omit<InstanceFilter, "limit" | "offset">} filter */
  countInstances(filter) {
    const { where, values } = conditions(filter);
    return Number(this.#sql(`SELECT count(*) AS n FROM instances WHERE ${where}`).get(...values)?.n);
  }

  /** @param {number} number @param {number} [after] only entries with a larger number */
  loadLog(number, after = 0) {
    return /** @type {LogRow[]} */ (
      this.#sql(
        `SELECT seq, event, next, name, count, at, attempt, due, value, detail FROM log
         WHERE instance = ? AND seq >= ? AND seq + (next IS NOT NULL) > ? ORDER BY seq`,
      ).all(number, after, after)
    );
  }

  /** @param {number} number @param {StepRef} step @param {number} event */
  loadValue(number, step, event) {
    return this.#sql("SELECT value FROM log WHERE instance = ? AND event = ? AND name = ? AND count = ?").get(
      number,
      event,
      step.name,
      step.count,
    )?.value;
  }

  /** @param {number} number @returns {string | undefined} the name of its workflow */
  workflowOf(number) {
    return this.#sql("SELECT workflow FROM instances WHERE number = ?").get(number)?.workflow;
  }

  /** @param {number} number @returns {LogCursor} */
  loadCursor(number) {
    const row = this.#sql("SELECT seq, next FROM log WHERE instance = ? ORDER BY seq DESC LIMIT 1").get(number);
    return { number, seq: row ? row.seq + (row.next === null ? 0 : 1) : 0 };
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
    return this.#sql("SELECT min(wake_at) AS at FROM instances WHERE wake_at > ?").get(now)?.at ?? null;
  }
}

/** @param {Omit<InstanceFilter, "limit" | "offset">} filter */
function conditions({ workflow, status, createdFrom, createdTo }) {
  const parts = ["workflow = ?"];
  /** @type {(string | number)[]} */
  const values = [workflow];
  /** @type {[string, string | number | undefined][]} */
  const optional = [
    ["status = ?", status],
    ["created_on >= ?", createdFrom],
    ["created_on <= ?", createdTo],
  ];
  for (const [condition, value] of optional) {
    if (value === undefined) continue;
    parts.push(condition);
    values.push(value);
  }
  return { where: parts.join(" AND "), values };
}
