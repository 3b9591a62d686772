/** What the HTTP interface takes, checked at the door. */

import { z } from "zod";
import { WorkflowError } from "../engine/errors.js";
import { isWorkflowName } from "../engine/names.js";
import { STATUSES } from "../engine/status.js";

const duration = z.union([z.number(), z.string()]);
const retention = z.strictObject({ success_retention: duration.optional(), error_retention: duration.optional() });

const limit = z.number().positive();
/** What sandboxed interpreters may reach and use: `runtime/wasmtime/settings.js`. */
const sandbox = z.strictObject({
  memory: z
    .int()
    .min(32 << 20)
    .max(4096 * 2 ** 20)
    .optional(),
  stepCpu: limit.nullable().optional(),
  runCpu: limit.nullable().optional(),
  passCpu: limit.nullable().optional(),
  passWall: limit.nullable().optional(),
  maxOutput: z.int().min(1).optional(),
  fetch: z.array(z.string()).optional(),
  threads: z.int().min(1).optional(),
});

export const deployment = z.strictObject({
  root: z.string().startsWith("/"),
  main: z.string().startsWith("/"),
  vars: z.record(z.string(), z.json()).default({}),
  bindings: z.record(z.string(), z.string()).nullable().default(null),
  runtime: z
    .discriminatedUnion("name", [
      z.strictObject({
        name: z.literal("pyodide"),
        sdk: z.string().startsWith("/").optional(),
        flags: z.array(z.string()).optional(),
      }),
      z.strictObject({ name: z.literal("cpython"), python: z.string().startsWith("/").optional() }),
      z.strictObject({ name: z.literal("javascript") }),
      z.strictObject({ name: z.literal("wasmtime"), sandbox: sandbox.optional() }),
    ])
    .nullable()
    .default(null),
  workflows: z
    .array(
      z.strictObject({
        name: z.string().refine(isWorkflowName, "is not a workflow name"),
        class_name: z.string(),
        limits: z.strictObject({ steps: z.int().min(1).optional() }).optional(),
        concurrency: z.strictObject({ limit: z.int().min(1) }).optional(),
        default_retention: retention.optional(),
        schedules: z
          .union([z.string(), z.array(z.string())])
          .transform((given) => (typeof given === "string" ? [given] : given))
          .default([]),
      }),
    )
    .nullable()
    .default(null),
});

export const createInstance = z
  .strictObject({
    instance_id: z.string().optional(),
    params: z.unknown().optional(),
    instance_retention: retention.optional(),
    location_hint: z.string().optional(),
  })
  .default({});

export const createBatch = z.array(createInstance);

export const stepQuery = z.strictObject({
  name: z.string(),
  type: z.enum(["step", "waitForEvent"]).default("step"),
  attempt: z.coerce.number().int().min(1).optional(),
});

export const listQuery = z.strictObject({
  page: z.coerce.number().int().min(1).default(1),
  per_page: z.coerce.number().int().min(1).max(100).default(25),
  status: z.enum(STATUSES).optional(),
  direction: z.enum(["asc", "desc"]).default("desc"),
  date_start: z.coerce.date().optional(),
  date_end: z.coerce.date().optional(),
});

const step = z.strictObject({
  name: z.string(),
  count: z.int().min(1).optional(),
  type: z.enum(["do", "sleep", "waitForEvent"]).optional(),
});

export const statusChange = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("pause") }),
  z.strictObject({ status: z.literal("resume") }),
  z.strictObject({ status: z.literal("terminate"), rollback: z.boolean().optional() }),
  z.strictObject({
    status: z.literal("restart"),
    from: step.optional(),
    force: z.boolean().optional(),
  }),
]);

export const batchDelete = z.strictObject({
  // How many there may be is the engine's to say, in the words that bindings hear too.
  instances: z.array(z.string()),
});

export const fork = z.strictObject({
  file: z.string().startsWith("/"),
  instance_id: z.string().optional(),
  params: z.unknown().optional(),
  from: step.optional(),
  results: z.record(z.string(), z.unknown()).default({}),
});

/** REST's retention as the engine takes it. @param {z.infer<typeof retention> | undefined} given */
export function retentionOf({ success_retention, error_retention } = {}) {
  return {
    ...(success_retention === undefined ? {} : { successRetention: success_retention }),
    ...(error_retention === undefined ? {} : { errorRetention: error_retention }),
  };
}

/**
 * @template {z.ZodType} S
 * @param {S} schema
 * @param {unknown} value
 * @returns {z.infer<S>}
 * @throws {WorkflowError} naming each place that does not fit
 */
export function parse(schema, value) {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length ? `${path.join(".")}: ${message}` : message,
  );
  throw new WorkflowError("body.invalid", problems.join("; "));
}
