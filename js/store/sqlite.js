/**
 * The store on SQLite.
 *
 * Each function that changes something writes one fact, named after it, inside the transaction that the engine's
 * group commit has begun. Nothing here decides anything. Facts of steps are in `step_facts.js`, those of instances in
 * `instance_facts.js`, what is read in `reads.js`.
 */

/** @import { Driver } from "./driver.d.ts" */
/** @import { ScheduleRow, Store, WorkflowRow } from "./store.d.ts" */

import { InstanceFacts } from "./instance_facts.js";
import { migrate } from "./schema.js";
import { cached } from "./statements.js";

/** @implements {Store} */
export class SqliteStore extends InstanceFacts {
  #db;

  /** @param {Driver} db */
  constructor(db) {
    migrate(db);
    super(cached(db));
    this.#db = db;
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

  /** @param {WorkflowRow} w */
  saveWorkflow(w) {
    this.forgetWorkflows();
    this.sql(
      `INSERT INTO workflows (name, class_name, root, main, vars, bindings, step_limit, concurrency, success_retention,
         error_retention, version_id, created_on, modified_on, runtime)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
       class_name = excluded.class_name, root = excluded.root, main = excluded.main, vars = excluded.vars,
       bindings = excluded.bindings, step_limit = excluded.step_limit, concurrency = excluded.concurrency,
       success_retention = excluded.success_retention, error_retention = excluded.error_retention,
       version_id = excluded.version_id, modified_on = excluded.modified_on, runtime = excluded.runtime`,
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
    );
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
