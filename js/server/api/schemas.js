/**
 * The shapes of requests and answers. What these schemas check is what the OpenAPI document shows: it is made from them.
 */

import { z } from "zod";
import { SUBSCRIPTION_TYPES } from "../../engine/detail.js";
import { STATUSES } from "../../engine/status.js";

/** What those are told who follow all instances. */
const ALL_TYPES = [...Object.values(SUBSCRIPTION_TYPES), "log", "instance_deleted"];

export const status = z.enum(STATUSES);
const trigger = z.enum(["unknown", "api", "binding", "event", "cron"]);
const time = z.iso.datetime().describe("ISO 8601, in UTC.");
const optionalTime = time.nullable();
const error = z.looseObject({ name: z.string(), message: z.string() });

// Requests -----------------------------------------------------------------------------------------------------------

const duration = z.union([z.number(), z.string()]).describe('Milliseconds, or a text such as "5 minutes".');
const retention = z.strictObject({ success_retention: duration.optional(), error_retention: duration.optional() });

/** A time without a zone is in UTC. */
const moment = z
  .string()
  .refine((text) => !Number.isNaN(millisecondsOf(text)), "is not a time in ISO 8601, such as 2026-01-31T13:00:00Z")
  .transform(millisecondsOf)
  .describe("ISO 8601; in UTC where it names no zone.");

/** @param {string} text */
function millisecondsOf(text) {
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return NaN;
  const [, clock] = text.split(/[T ]/, 2);
  const hasZone = clock === undefined || /(?:Z|[+-]\d\d:?\d\d)$/i.test(clock);
  return Date.parse(hasZone ? text : `${text}Z`);
}

const page = z.coerce.number().int().min(1).max(1_000_000_000).optional().describe("Counts from 1.");
const perPage = z.coerce.number().int().min(1).max(100).default(25);

export const workflowsQuery = z.strictObject({
  page,
  per_page: perPage,
  search: z.string().max(256).optional().describe("Part of the workflow's name."),
});

export const versionsQuery = z.strictObject({ page, per_page: perPage });

export const instancesQuery = z.strictObject({
  cursor: z.string().max(1024).optional().describe("result_info.cursor of the page before. Excludes page."),
  page,
  per_page: perPage,
  order_by: z
    .enum(["created", "started", "ended", "status", "id"])
    .default("created")
    .describe("Stepwell's own. Other orders than created go with status, and by cursor only."),
  direction: z.enum(["asc", "desc"]).default("desc").describe("desc: the newest first."),
  status: status.optional(),
  date_start: moment.optional(),
  date_end: moment.optional(),
  search: z.string().max(271).optional().describe("Part of the instance's id."),
});

export const detailQuery = z.strictObject({
  order: z.enum(["asc", "desc"]).default("asc").describe("desc: the newest step first."),
  simple: z.enum(["true", "false"]).default("false").describe("true: without the steps."),
});

export const stepQuery = z.strictObject({
  name: z.string().describe("The step's name with its count: NAME-COUNT."),
  type: z.enum(["step", "waitForEvent"]).default("step"),
  attempt: z.coerce.number().int().min(1).optional(),
});

export const subscribeQuery = z.strictObject({
  cursor: z.coerce.number().int().min(0).optional().describe("eventId of the last event that is known already."),
  filter: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe("Only events of these types; repeatable."),
  progress: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe("What steps report comes too, after the item with this progressId; 0: from the beginning."),
  values: z
    .enum(["all", "short"])
    .default("all")
    .describe("short: of a value whose JSON is longer than 1,000 characters come only the first 300, as a text."),
});

export const subscribeAllQuery = z.strictObject({
  workflow: z.string().optional().describe("Only instances of this workflow."),
  filter: z
    .union([z.enum(ALL_TYPES), z.array(z.enum(ALL_TYPES))])
    .optional()
    .describe("Only events of these types; repeatable."),
});

export const terminateAllQuery = z.strictObject({
  status: z.enum(["queued", "running", "paused", "waitingForPause", "waiting"]).optional(),
});

const params = z.unknown().optional().describe("A JSON value, or the JSON text of an object or array.");

const newInstance = z.strictObject({
  instance_id: z.string().optional(),
  params,
  instance_retention: retention.optional(),
  location_hint: z.string().optional(),
});

export const createInstance = newInstance.default({});
/** Without a body nothing is created. */
export const createBatch = z.array(newInstance).optional();

/** As wrangler and the local explorer name it. */
export const createLocalInstance = z.strictObject({ id: z.string().optional(), params }).default({});

export const updateWorkflow = z.strictObject({
  class_name: z.string(),
  script_name: z.string(),
  limits: z.strictObject({ steps: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional() }).optional(),
  concurrency: z.strictObject({ limit: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional() }).optional(),
  default_retention: retention.optional(),
  schedules: z.array(z.strictObject({ cron: z.string().max(256) })).optional(),
  jurisdiction: z.enum(["eu", "fedramp", "us"]).optional().describe("Has no meaning on one machine."),
});

export const step = z.strictObject({
  name: z.string(),
  count: z.int().min(1).optional(),
  type: z.enum(["do", "sleep", "waitForEvent"]).optional(),
});

export const statusChange = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("pause") }),
  z.strictObject({ status: z.literal("resume") }),
  z.strictObject({ status: z.literal("terminate"), rollback: z.boolean().optional() }),
  z.strictObject({ status: z.literal("restart"), from: step.optional(), force: z.boolean().optional() }),
]);

/** Earlier versions of the local explorer called the status an action. */
export const localStatusChange = z.preprocess((given) => {
  if (typeof given !== "object" || given === null || Array.isArray(given) || !("action" in given)) return given;
  const { action, ...rest } = given;
  return { status: action, ...rest };
}, statusChange);

// How many there may be is for the engine to say, in the words that bindings use too.
export const batchDelete = z.strictObject({ instances: z.array(z.string()) });

export const event = z.unknown().describe("The event's payload: any JSON value.");

export const skipSleep = z
  .strictObject({ step: z.string().optional().describe("NAME-COUNT. Absent: every sleep and retry delay.") })
  .default({});

// Answers ------------------------------------------------------------------------------------------------------------

export const workflowResult = z.object({
  id: z.string(),
  name: z.string(),
  class_name: z.string(),
  script_name: z.string(),
  created_on: time,
  modified_on: time,
  triggered_on: optionalTime,
  instances: z.record(status, z.int()),
  schedules: z.array(z.object({ cron: z.string(), next_instance: optionalTime })),
});

export const updatedWorkflowResult = z.object({
  id: z.string(),
  name: z.string(),
  class_name: z.string(),
  script_name: z.string(),
  created_on: time,
  modified_on: time,
  triggered_on: optionalTime,
  version_id: z.string(),
  is_deleted: z.number(),
  terminator_running: z.number(),
});

export const deletedWorkflowResult = z.object({ status: z.literal("ok"), success: z.boolean() });

export const versionResult = z.object({
  id: z.string(),
  class_name: z.string(),
  created_on: time,
  modified_on: time,
  workflow_id: z.string(),
  has_dag: z.boolean(),
  language: z.enum(["javascript", "python"]),
  limits: z.object({ steps: z.int() }).optional(),
  concurrency: z.object({ limit: z.int() }).optional(),
  default_retention: z
    .object({ success_retention: z.int().optional(), error_retention: z.int().optional() })
    .optional(),
});

export const graphResult = z.object({
  id: z.string(),
  class_name: z.string(),
  created_on: time,
  modified_on: time,
  workflow_id: z.string(),
  graph: z.unknown().nullable(),
});

export const createdInstanceResult = z.object({
  id: z.string(),
  status,
  version_id: z.string(),
  workflow_id: z.string(),
  trigger_source: trigger,
});

export const instanceResult = createdInstanceResult.extend({
  created_on: time,
  modified_on: time,
  started_on: optionalTime,
  ended_on: optionalTime,
});

const attempt = z.looseObject({
  start: time,
  end: optionalTime,
  success: z.boolean().nullable(),
  error: error.nullable(),
});
const stepResult = z.looseObject({
  type: z.enum(["step", "rollback", "sleep", "waitForEvent", "termination"]),
  attempts: z.array(attempt).optional(),
});

export const detailResult = z.looseObject({
  status,
  params: z.unknown(),
  trigger: z.object({ source: trigger }),
  versionId: z.string(),
  queued: time,
  start: optionalTime,
  end: optionalTime,
  success: z.boolean().nullable(),
  error: error.nullable(),
  output: z.unknown(),
  step_count: z.int(),
  rollback: z.object({ outcome: z.enum(["complete", "failed"]), error: error.nullable() }).nullable(),
  schedule: z.object({ cron: z.string(), scheduledTime: z.number() }).optional(),
  steps: z.array(stepResult),
});

export const stepOutputResult = z.object({
  status,
  error: error.nullable(),
  output: z.unknown(),
  event_type: z.string().optional(),
});

export const statusResult = z.object({ status, timestamp: time });
export const terminateAllResult = z.object({ status: z.enum(["ok", "already_running"]) });
export const eventResult = z.object({ instanceId: z.string(), timestamp: time });
export const enginesResult = z.array(
  z.object({
    id: z.int().describe("Never used again."),
    name: z.string().describe("Its machine and process."),
    is_this: z.boolean().describe("It has answered this request."),
    status: z
      .enum(["live", "idle", "silent", "dead"])
      .describe("`idle`: runs no instances; `silent`: its lease is over; `dead`: the others may have its parts."),
    parts: z.int().describe("Of 64 that the state has. Those of a dead engine are free."),
    lease_ms: z.int().describe("When its lease ends; less than 0: it is over."),
  }),
);
export const successResult = z.object({ success: z.boolean() });
export const createdLocalInstanceResult = z.object({ id: z.string() });
export const deletedBatchResult = z.object({
  deleted: z.array(z.object({ id: z.string() })),
  errors: z.array(z.object({ id: z.string(), code: z.int(), message: z.string() })),
});
