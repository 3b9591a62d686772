/** What the store on SQLite tells of workflows: their versions, schedules and counts. Nothing here changes anything. */

/** @import { BulkJob, ScheduleRow, VersionRow, WorkflowRow } from "./store.d.ts" */
/** @import { Sql } from "./statements.js" */

const WORKFLOW = `name, class_name AS className, root, main, vars, bindings, step_limit AS stepLimit,
  concurrency, success_retention AS successRetention, error_retention AS errorRetention, version_id AS versionId,
  created_on AS createdOn, modified_on AS modifiedOn, runtime, script_name AS scriptName, env, secrets`;
const VERSION = `workflow, id, class_name AS className, main, step_limit AS stepLimit, concurrency,
  success_retention AS successRetention, error_retention AS errorRetention, created_on AS createdOn,
  modified_on AS modifiedOn`;

export class WorkflowReads {
  /** For the classes that extend it. */
  sql;
  /** What was read of workflows: every pass asks for its own. @type {Map<string, WorkflowRow>} */
  #workflows = new Map();

  /** @param {Sql} sql */
  constructor(sql) {
    this.sql = sql;
  }

  /** @param {string} name */
  loadWorkflow(name) {
    const known = this.#workflows.get(name);
    if (known) return known;
    const row = /** @type {WorkflowRow | undefined} */ (
      this.sql(`SELECT ${WORKFLOW} FROM workflows WHERE name = ? AND deleted_on IS NULL`).get(name)
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
      this.sql(`SELECT ${WORKFLOW} FROM workflows WHERE deleted_on IS NULL ORDER BY name`).all()
    );
  }

  /** @param {string} workflow the one that was deployed last comes first */
  loadVersions(workflow) {
    return /** @type {VersionRow[]} */ (
      this.sql(`SELECT ${VERSION} FROM versions WHERE workflow = ? ORDER BY modified_on DESC, rowid DESC`).all(workflow)
    );
  }

  /** @param {string} workflow @param {string} id */
  loadVersion(workflow, id) {
    return /** @type {VersionRow | undefined} */ (
      this.sql(`SELECT ${VERSION} FROM versions WHERE workflow = ? AND id = ?`).get(workflow, id)
    );
  }

  loadBulkJobs() {
    return /** @type {BulkJob[]} */ (this.sql('SELECT workflow, kind, status, up_to AS "upTo" FROM bulk_jobs').all());
  }

  loadSchedules() {
    return /** @type {ScheduleRow[]} */ (
      this.sql("SELECT workflow, cron, done FROM schedules ORDER BY workflow, cron").all()
    );
  }

  /** @param {string} workflow */
  countByStatus(workflow) {
    const rows = this.sql("SELECT status, n FROM instance_counts WHERE workflow = ? AND n > 0").all(workflow);
    return Object.fromEntries(rows.map((row) => [row.status, row.n]));
  }

  /** @param {string} workflow @returns {number | null} */
  triggeredOn(workflow) {
    // The workflow's own column knows of instances that are deleted.
    return (
      this.sql(
        `SELECT nullif(max(coalesce(triggered_on, 0), coalesce(
           (SELECT created_on FROM instances WHERE workflow = w.name ORDER BY number DESC LIMIT 1), 0)), 0) AS at
         FROM workflows AS w WHERE name = ?`,
      ).get(workflow)?.at ?? null
    );
  }
}
