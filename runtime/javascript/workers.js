/**
 * The module `cloudflare:workers`.
 *
 * The names at the end are types. TypeScript files import them beside the classes, and Node, which strips types without
 * looking at what is used, links them.
 */

import { WorkflowStep } from "../../bridge/step.js";

export { WorkflowStep };

/** What a workflow class extends. */
// oxlint-disable-next-line typescript/no-extraneous-class -- a base class; its `run` is the user's
export class WorkflowEntrypoint {
  /**
   * @param {unknown} ctx
   * @param {unknown} env
   */
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** What a class extends whose methods answer requests, events and calls of other Workers. */
// oxlint-disable-next-line typescript/no-extraneous-class -- a base class
export class WorkerEntrypoint {
  /**
   * @param {unknown} ctx
   * @param {unknown} env
   */
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** To be subclassed in files that also have objects; none is made. */
// oxlint-disable-next-line typescript/no-extraneous-class -- a base class
export class DurableObject {
  /**
   * @param {unknown} ctx
   * @param {unknown} env
   */
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

// oxlint-disable-next-line typescript/no-extraneous-class -- a base class
export class RpcTarget {}

/** The deployment's variables. @type {Record<string, unknown>} */
export const env = {};

/** The context of the handler whose code runs. @type {{ current: () => { waitUntil(promise: unknown): void, exports: object } | undefined }} */
export const handlerContext = { current: () => undefined };

/** Let *promise* go on after the handler or `run()` has ended. @param {Promise<unknown>} promise */
export function waitUntil(promise) {
  const context = handlerContext.current();
  if (context) context.waitUntil(promise);
  else promise.catch(() => {});
}

export {
  type as WorkflowBackoff,
  type as WorkflowDelayDuration,
  type as WorkflowDurationLabel,
  type as WorkflowEvent,
  type as WorkflowSleepDuration,
  type as WorkflowStepConfig,
  type as WorkflowStepContext,
  type as WorkflowStepEvent,
  type as WorkflowTimeoutDuration,
};

const type = undefined;
