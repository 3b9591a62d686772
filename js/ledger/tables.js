/**
 * The tables that a working set and its ledger have in common.
 *
 * Left out: `log.id`, the place of an entry in one SQLite file; `instance_counts`, which triggers derive; and `objects`, which
 * belong to files beside the state. A state with Durable Objects has no ledger.
 */

import { OF_INSTANCE } from "../store/instance_tables.js";

/** @typedef {{ keys: string[], columns: Record<string, "text" | "bigint"> }} Table */

/** @type {(names: string) => Record<string, "text" | "bigint">} */
const columns = (names) =>
  Object.fromEntries(
    names.split(" ").map((each) => {
      const [name, type] = each.split(":");
      return [name, type === "n" ? "bigint" : "text"];
    }),
  );

/** By name. A column with `:n` is a number. @type {Record<string, Table>} */
export const TABLES = {
  workflows: {
    keys: ["name"],
    columns: columns(
      "name class_name root main vars bindings step_limit:n concurrency:n success_retention:n error_retention:n version_id created_on:n modified_on:n triggered_on:n runtime script_name deleted_on:n env secrets",
    ),
  },
  versions: {
    keys: ["workflow", "id"],
    columns: columns(
      "workflow id class_name main step_limit:n concurrency:n success_retention:n error_retention:n created_on:n modified_on:n",
    ),
  },
  schedules: { keys: ["workflow", "cron"], columns: columns("workflow cron done:n") },
  bulk_jobs: { keys: ["workflow"], columns: columns("workflow kind status up_to:n") },
  tokens: {
    keys: ["id"],
    columns: columns("id name hash scope account created_on:n expires_on:n revoked_on:n"),
  },
  audit: { keys: ["number"], columns: columns("number:n at:n actor action workflow instance detail outcome") },
  queue_messages: {
    keys: ["number"],
    columns: columns("number:n queue id body attempts:n sent_on:n available_on:n"),
  },
  trace_outbox: { keys: ["id"], columns: columns("id:n instance:n") },
  instances: {
    keys: ["number"],
    columns: columns(
      "number:n workflow id status params trigger:n version_id created_on:n modified_on:n started_on:n ended_on:n output error paused_on:n wake_at:n success_retention:n error_retention:n expires_at:n schedule",
    ),
  },
  log: {
    keys: ["instance", "seq"],
    columns: columns("instance:n seq:n event:n next:n name count:n at:n attempt:n due:n value detail checksum:n"),
  },
  chunks: {
    keys: ["instance", "name", "count", "place"],
    columns: columns("instance:n name count:n place:n chunk"),
  },
  events: {
    keys: ["instance", "number"],
    columns: columns("instance:n number:n type at:n payload consumed_by:n"),
  },
  output: { keys: ["instance", "id"], columns: columns("id:n instance:n at:n step level text") },
  progress: {
    keys: ["instance", "number"],
    columns: columns("instance:n number:n event:n name count:n attempt:n at:n value"),
  },
};

/** Tables whose rows belong to instances, by the column that says to which. */
export const OF_INSTANCES = { ...OF_INSTANCE, trace_outbox: "instance" };

/** Tables that all engines of a state read: each of them notices when another one has changed them. */
export const COMMON = ["workflows", "versions", "schedules", "tokens", "bulk_jobs"];

/** The table whose rows belong to queues. */
export const OF_QUEUES = "queue_messages";

/** Tables of which an engine reads the rows of its parts. */
export const OF_PARTS = [...Object.keys(OF_INSTANCES), OF_QUEUES];
