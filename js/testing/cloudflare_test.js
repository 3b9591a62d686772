/** The module `cloudflare:test` for tests: upstream's names, for what the host has. */

/** @import { CrashOptions, OrderOptions } from "./testing.d.ts" */

import { ExecutionContext } from "../../runtime/handlers/execution_context.js";
import { MessageBatch } from "../../runtime/handlers/message_batch.js";
import { encode } from "../../bridge/values.js";
import { TestKitError } from "./errors.js";
import { harness, worker } from "./current_worker.js";

export const env = await worker.getEnv();
export const SELF = await worker.getExport();
/** The time, as the workflows see it. Upstream has no such thing. */
export const clock = harness.clock;

/** @param {any} workflow a workflow binding @param {string} instanceId */
export async function introspectWorkflowInstance(workflow, instanceId) {
  if (!workflow || !instanceId)
    throw new TestKitError("[WorkflowIntrospector] Workflow binding and instance id are required.");
  return await worker.introspectWorkflowInstance(workflow, instanceId);
}

/** @param {any} workflow a workflow binding */
export async function introspectWorkflow(workflow) {
  if (!workflow) throw new TestKitError("[WorkflowIntrospector] Workflow binding is required.");
  return await worker.introspectWorkflow(workflow);
}

/** Run a workflow with a crash at each point; upstream has no such thing. @param {any} workflow @param {CrashOptions} [options] */
export async function checkAllCrashes(workflow, options) {
  return await worker.checkAllCrashes(workflow, options);
}

/** Run a workflow in each order of its outcomes; upstream has no such thing. @param {any} workflow @param {OrderOptions} [options] */
export async function checkAllOrders(workflow, options) {
  return await worker.checkAllOrders(workflow, options);
}

/** Begin anew: no instances, no modifiers, and the clock at its beginning. */
export async function reset() {
  await harness.reset();
}

export function createExecutionContext() {
  return new ExecutionContext();
}

/** @param {ExecutionContext} context */
export async function waitOnExecutionContext(context) {
  await ExecutionContext.settled(context);
}

/** @param {{ scheduledTime?: Date | number, cron?: string }} [options] */
export function createScheduledController({ scheduledTime = Date.now(), cron = "" } = {}) {
  return { scheduledTime: Number(scheduledTime), cron, noRetry() {} };
}

/**
 * @param {string} queue
 * @param {{ id: string, timestamp: Date, attempts?: number, body?: unknown }[]} messages
 */
export function createMessageBatch(queue, messages) {
  const packed = messages.map(({ id, timestamp, attempts = 1, body }) => ({
    id,
    timestamp: Number(timestamp),
    attempts,
    body: encode(body, "a message"),
  }));
  return new MessageBatch({ queue, messages: packed });
}

/** @param {MessageBatch} batch @param {ExecutionContext} context */
export async function getQueueResult(batch, context) {
  await waitOnExecutionContext(context);
  return { outcome: "ok", ...batch.outcome };
}

/** @param {string} name */
const refused = (name) => () => {
  throw new TestKitError(
    `${name}() is not available: the test kit runs workflows and handlers, and no Durable Objects, D1 or secrets stores.`,
  );
};

export const runInDurableObject = refused("runInDurableObject");
export const runDurableObjectAlarm = refused("runDurableObjectAlarm");
export const listDurableObjectIds = refused("listDurableObjectIds");
export const evictDurableObject = refused("evictDurableObject");
export const evictAllDurableObjects = refused("evictAllDurableObjects");
export const abortAllDurableObjects = refused("abortAllDurableObjects");
export const applyD1Migrations = refused("applyD1Migrations");
export const adminSecretsStore = refused("adminSecretsStore");
export const createPagesEventContext = refused("createPagesEventContext");
