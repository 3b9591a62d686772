/** The shapes of requests that only the command line sends. */

import { z } from "zod";
import { DEFAULT_ACCOUNT } from "../engine/accounts.js";
import { isWorkflowName } from "../engine/names.js";

const account = z.string().default(DEFAULT_ACCOUNT);
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
  hostMemory: z
    .int()
    .min(256 << 20)
    .optional(),
  fetch: z.array(z.string()).optional(),
  threads: z.int().min(1).optional(),
});

/** What `env` has under a name besides variables and workflows. */
const envBinding = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("service"),
    service: z.string(),
    entrypoint: z.string().optional(),
    props: z.json().optional(),
  }),
  z.strictObject({
    kind: z.literal("host"),
    type: z.string(),
    options: z.record(z.string(), z.json()).optional(),
  }),
  z.strictObject({ kind: z.literal("refused"), message: z.string() }),
]);

const secretSource = z
  .strictObject({
    folder: z.string().startsWith("/"),
    environment: z.string().optional(),
    required: z.array(z.string()).optional(),
    dot_env: z.boolean().optional(),
    process_env: z.boolean().optional(),
  })
  .transform(({ dot_env, process_env, environment, required, folder }) => ({
    folder,
    ...(environment === undefined ? {} : { environment }),
    ...(required === undefined ? {} : { required }),
    ...(dot_env === undefined ? {} : { dotEnv: dot_env }),
    ...(process_env === undefined ? {} : { processEnv: process_env }),
  }));

export const deployment = z.strictObject({
  account,
  script_name: z.string().min(1).max(255).optional(),
  root: z.string().startsWith("/"),
  main: z.string().startsWith("/"),
  vars: z.record(z.string(), z.json()).default({}),
  bindings: z.record(z.string(), z.string()).nullable().default(null),
  env: z.record(z.string(), envBinding).nullable().default(null),
  secrets: secretSource.nullable().default(null),
  runtime: z
    .discriminatedUnion("name", [
      z.strictObject({
        name: z.literal("pyodide"),
        sdk: z.string().startsWith("/").optional(),
        flags: z.array(z.string()).optional(),
      }),
      z.strictObject({ name: z.literal("cpython"), python: z.string().startsWith("/").optional() }),
      z.strictObject({
        name: z.literal("javascript"),
        bundle: z
          .strictObject({
            alias: z.record(z.string(), z.string()).optional(),
            define: z.record(z.string(), z.string()).optional(),
          })
          .optional(),
      }),
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

const step = z.strictObject({
  name: z.string(),
  count: z.int().min(1).optional(),
  type: z.enum(["do", "sleep", "waitForEvent"]).optional(),
});

export const fork = z.strictObject({
  file: z.string().startsWith("/"),
  instance_id: z.string().optional(),
  params: z.unknown().optional(),
  from: step.optional(),
  results: z.record(z.string(), z.unknown()).default({}),
});

export const dashboard = z.strictObject({ port: z.int().min(0).max(65_535) });

const listener = z.strictObject({
  ip: z.string(),
  port: z.int().min(0).max(65_535),
  public_url: z.url({ protocol: /^https?$/ }).optional(),
  token_required: z.boolean().default(false),
  creations_per_second: z.int().min(0).default(0),
});

const assets = z.strictObject({
  directory: z.string().startsWith("/"),
  html_handling: z.string().optional(),
  not_found_handling: z.string().optional(),
  run_worker_first: z.union([z.boolean(), z.array(z.string())]).optional(),
});

const queueConsumer = z
  .strictObject({
    queue: z.string().min(1),
    max_batch_size: z.int().min(1).optional(),
    max_batch_timeout: z.number().min(0).optional(),
    max_retries: z.int().min(0).optional(),
    max_concurrency: z.int().min(1).optional(),
    retry_delay: z.number().min(0).optional(),
    dead_letter_queue: z.string().min(1).optional(),
  })
  .transform((given) => ({ queue: given.queue, settings: consumerSettings(given) }));

/**
 * Without what is left out, so that the defaults hold.
 *
 * @param {{ max_batch_size?: number | undefined, max_batch_timeout?: number | undefined, max_retries?: number | undefined,
 *   max_concurrency?: number | undefined, retry_delay?: number | undefined, dead_letter_queue?: string | undefined }} given
 * @returns {import("./queues/consumer.js").ConsumerSettings}
 */
function consumerSettings(given) {
  const milliseconds = (/** @type {number | undefined} */ seconds) =>
    seconds === undefined ? undefined : seconds * 1000;
  const settings = {
    maxBatchSize: given.max_batch_size,
    maxBatchTimeoutMs: milliseconds(given.max_batch_timeout),
    maxRetries: given.max_retries,
    maxConcurrency: given.max_concurrency,
    retryDelayMs: milliseconds(given.retry_delay),
    deadLetterQueue: given.dead_letter_queue,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

const worker = z.strictObject({
  deployment,
  queue_consumers: z.array(queueConsumer).default([]),
  crons: z.array(z.string()).default([]),
  assets: assets.nullable().default(null),
});

export const serving = z.strictObject({
  workers: z.array(worker).min(1),
  listener: listener.nullable().default(null),
  development: z.boolean().default(false),
  time_limit_ms: z.int().positive().optional(),
});

export const reload = z.strictObject({ workers: z.array(worker).min(1), turn: z.int().min(1) });

export const fire = z.strictObject({ cron: z.string().default("") });

export const drain = z.strictObject({ grace_ms: z.int().min(0) });

export const backup = z.strictObject({ target: z.string().startsWith("/") });

export const token = z.strictObject({
  name: z.string(),
  scope: z.enum(["read", "write", "admin"]),
  account,
  expires_on: z.int().positive().nullable().default(null),
});

export const tokenSecret = z.strictObject({ secret: z.string() });

export const auditQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  before: z.coerce.number().int().min(1).optional(),
});
