/** Rows of the store as the answers have them: Cloudflare's field names, times as ISO 8601 in UTC. */

/** @import { Engine } from "../../engine/engine.js" */
/** @import { InstanceRow, VersionRow, WorkflowRow } from "../../store/store.d.ts" */

import { workflowNameOf } from "../../engine/accounts.js";
import { iso } from "../../engine/detail.js";
import { TRIGGERS } from "../../engine/events.js";
import { STATUSES } from "../../engine/status.js";

/** What is known of a workflow. @param {Engine} engine @param {WorkflowRow} row */
export async function describeWorkflow(engine, row) {
  const [counts, schedules, triggeredOn] = await Promise.all([
    engine.countByStatus(row.name),
    engine.schedules(row.name),
    engine.triggeredOn(row.name),
  ]);
  return workflowJson(row, { counts, schedules, triggeredOn });
}

/** The Worker's name; where none is configured, that of the main file. @param {WorkflowRow} row */
export function scriptNameOf({ scriptName, main }) {
  return scriptName ?? main.replace(/^.*\//, "").replace(/\.[^.]*$/, "");
}

/**
 * @param {WorkflowRow} row
 * @param {object} known
 * @param {Record<string, number>} known.counts instances by status
 * @param {{ cron: string, next: number | null }[]} known.schedules
 * @param {number | null} known.triggeredOn
 */
function workflowJson(row, { counts, schedules, triggeredOn }) {
  const name = workflowNameOf(row.name);
  return {
    id: name,
    name,
    class_name: row.className,
    script_name: scriptNameOf(row),
    created_on: iso(row.createdOn),
    modified_on: iso(row.modifiedOn),
    triggered_on: iso(triggeredOn),
    instances: Object.fromEntries(STATUSES.map((status) => [status, counts[status] ?? 0])),
    schedules: schedules.map(({ cron, next }) => ({ cron, next_instance: iso(next) })),
  };
}

/** What a change of a workflow's settings answers: flags are numbers there. @param {WorkflowRow} row @param {number | null} triggeredOn */
export function updatedWorkflowJson(row, triggeredOn) {
  const name = workflowNameOf(row.name);
  return {
    id: name,
    name,
    class_name: row.className,
    script_name: scriptNameOf(row),
    created_on: iso(row.createdOn),
    modified_on: iso(row.modifiedOn),
    triggered_on: iso(triggeredOn),
    version_id: row.versionId,
    is_deleted: 0,
    terminator_running: 0,
  };
}

/** @param {VersionRow} row @param {boolean} hasGraph */
export function versionJson(row, hasGraph) {
  const retention = {
    ...(row.successRetention === null ? {} : { success_retention: row.successRetention }),
    ...(row.errorRetention === null ? {} : { error_retention: row.errorRetention }),
  };
  return {
    id: row.id,
    class_name: row.className,
    created_on: iso(row.createdOn),
    modified_on: iso(row.modifiedOn),
    workflow_id: workflowNameOf(row.workflow),
    has_dag: hasGraph,
    language: row.main.endsWith(".py") ? "python" : "javascript",
    ...(row.stepLimit === null ? {} : { limits: { steps: row.stepLimit } }),
    ...(row.concurrency === null ? {} : { concurrency: { limit: row.concurrency } }),
    ...(Object.keys(retention).length === 0 ? {} : { default_retention: retention }),
  };
}

/** @param {InstanceRow} row */
export function instanceJson(row) {
  return {
    id: row.id,
    status: row.status,
    created_on: iso(row.createdOn),
    modified_on: iso(row.modifiedOn),
    started_on: iso(row.startedOn),
    ended_on: iso(row.endedOn),
    version_id: row.versionId,
    workflow_id: workflowNameOf(row.workflow),
    trigger_source: TRIGGERS[row.trigger] ?? "unknown",
  };
}
