/**
 * The store on SQLite.
 *
 * Each function that changes something writes one fact, named after it, inside the transaction that the engine's
 * group commit has begun. Nothing here decides anything. Facts of steps are in `step_facts.js`, those of instances in
 * `instance_facts.js`, what is read in `reads.js` and `*_reads.js`.
 */

/** @import { Driver } from "./driver.d.ts" */
/** @import { BulkJob, ScheduleRow, Store, WorkflowRow } from "./store.d.ts" */

import { SqliteAccess } from "./access.js";
import { readActivity } from "./activity.js";
import { InstanceFacts } from "./instance_facts.js";
import { SqliteObjects } from "./objects.js";
import { migrate } from "./schema.js";
import { SqliteQueues } from "./queues.js";
import { searchPortion } from "./search.js";
import { cached } from "./statements.js";

/** SQLite's result codes for what cannot be stored: too big, a constraint, another type, out of range. */
const REFUSALS = new Set([18, 19, 20, 25]);

/** @implements {Store} */
export class SqliteStore extends InstanceFacts {
  #db;
  /** Tokens and the audit log. */
  access;
  /** Messages of queues. */
  queues;
  /** Durable Objects and their alarms. */
  objects;

  /** @param {Driver} db */
  constructor(db) {
    migrate(db);
    super(cached(db));
    this.#db = db;
    this.access = new SqliteAccess(this.sql);
    this.queues = new SqliteQueues(this.sql);
    this.objects = new SqliteObjects(this.sql);
  }

  /** @param {import("./store.d.ts").ActivityQuery} query */
  readActivity(query) {
    return readActivity(this.sql, query);
  }

  /** @param {import("./store.d.ts").SearchQuery} query */
  searchPortion(query) {
    return searchPortion(this.sql, query);
  }

  begin() {
    this.sql("BEGIN IMMEDIATE").run();
  }

  commit() {
    this.sql("COMMIT").run();
  }

  rollback() {
    this.forgetWorkflows();
    this.#db.exec("ROLLBACK");
  }

  close() {
    this.#db.close();
  }

  /** @param {any} error */
  isRefusal(error) {
    const code = error?.errcode ?? error?.resultCode;
    return typeof code === "number"
      ? REFUSALS.has(code & 0xff)
      : error instanceof Error && error.name !== "SQLite3Error";
  }

  /** @param {WorkflowRow} w */
  saveWorkflow(w) {
    this.forgetWorkflows();
    this.sql(
      `INSERT INTO workflows (name, class_name, root, main, vars, bindings, step_limit, concurrency, success_retention,
         error_retention, version_id, created_on, modified_on, runtime, script_name, env,
         secrets)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
       class_name = excluded.class_name, root = excluded.root, main = excluded.main, vars = excluded.vars,
       bindings = excluded.bindings, step_limit = excluded.step_limit, concurrency = excluded.concurrency,
       success_retention = excluded.success_retention, error_retention = excluded.error_retention,
       version_id = excluded.version_id, modified_on = excluded.modified_on, runtime = excluded.runtime,
       script_name = excluded.script_name, env = excluded.env, secrets = excluded.secrets`,
    ).run(
      w.name,
      w.className,
      w.root,
      w.main,
      w.vars,
      w.bindings,
      w.stepLimit,
      w.concurrency,
      w.successRetention,
      w.errorRetention,
      w.versionId,
      w.createdOn,
      w.modifiedOn,
      w.runtime,
      w.scriptName,
      w.env,
      w.secrets,
    );
    this.#versionDeployed(w.name, w.modifiedOn);
  }

  /** The workflow's code has changed, which its next passes run. @param {string} workflow @param {string} versionId @param {number} at */
  versionFound(workflow, versionId, at) {
    this.forgetWorkflows();
    this.sql("UPDATE workflows SET version_id = ?, modified_on = ? WHERE name = ?").run(versionId, at, workflow);
    this.#versionDeployed(workflow, at);
  }

  /** @param {string} workflow @param {number} at */
  #versionDeployed(workflow, at) {
    this.sql(
      `INSERT INTO versions SELECT name, version_id, class_name, main, step_limit, concurrency, success_retention,
         error_retention, ?, ? FROM workflows WHERE name = ?
       ON CONFLICT (workflow, id) DO UPDATE SET class_name = excluded.class_name, main = excluded.main,
         step_limit = excluded.step_limit, concurrency = excluded.concurrency,
         success_retention = excluded.success_retention, error_retention = excluded.error_retention,
         modified_on = excluded.modified_on`,
    ).run(at, at, workflow);
  }

  /** @param {number} number @param {string} versionId of the code that its pass runs */
  instanceVersion(number, versionId) {
    this.sql("UPDATE instances SET version_id = ? WHERE number = ?").run(versionId, number);
  }

  /** From now on it is not found. @param {string} workflow @param {number} at */
  workflowDeletionBegun(workflow, at) {
    this.forgetWorkflows();
    this.sql("UPDATE workflows SET deleted_on = ? WHERE name = ?").run(at, workflow);
    this.sql("DELETE FROM schedules WHERE workflow = ?").run(workflow);
  }

  /** @param {string} workflow that has no instances any more */
  workflowDeleted(workflow) {
    this.forgetWorkflows();
    for (const table of ["versions", "instance_counts"])
      this.sql(`DELETE FROM ${table} WHERE workflow = ?`).run(workflow);
    this.sql("DELETE FROM workflows WHERE name = ?").run(workflow);
  }

  /** @param {BulkJob} job */
  bulkJobBegun({ workflow, kind, status, upTo }) {
    this.sql(
      `INSERT INTO bulk_jobs (workflow, kind, status, up_to) VALUES (?, ?, ?, ?)
       ON CONFLICT (workflow) DO UPDATE SET kind = excluded.kind, status = excluded.status, up_to = excluded.up_to`,
    ).run(workflow, kind, status, upTo);
  }

  /** @param {string} workflow */
  bulkJobEnded(workflow) {
    this.sql("DELETE FROM bulk_jobs WHERE workflow = ?").run(workflow);
  }

  /** @param {string} workflow @param {string[]} crons all that it has from now on @param {number} at those that are new count from here */
  schedulesSet(workflow, crons, at) {
    const all = JSON.stringify(crons);
    this.sql("DELETE FROM schedules WHERE workflow = ? AND cron NOT IN (SELECT value FROM json_each(?))").run(
      workflow,
      all,
    );
    this.sql("INSERT OR IGNORE INTO schedules (workflow, cron, done) SELECT ?, value, ? FROM json_each(?)").run(
      workflow,
      at,
      all,
    );
  }

  /** @param {ScheduleRow} schedule @param {number} time up to which */
  scheduleCarriedOut({ workflow, cron }, time) {
    this.sql("UPDATE schedules SET done = ? WHERE workflow = ? AND cron = ?").run(time, workflow, cron);
  }
}
