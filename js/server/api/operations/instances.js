/** Making instances, and what is done to several of them at once. */

/** @import { Operation } from "../operation.js" */
/** @import { Api } from "../app.js" */

/** @typedef {import("zod").infer<typeof S.createInstance>} NewInstance */

import { encode } from "../../../../bridge/values.js";
import { workflowKey } from "../../../engine/accounts.js";
import { batchIds, batchInstances } from "../../../engine/creation.js";
import { MAX_BATCH } from "../../../engine/limits.js";
import { parseJson } from "../../requests/body.js";
import { instanceJson } from "../json.js";
import * as S from "../schemas.js";

/** @param {Api} api @returns {Operation[]} */
export function instanceOperations({ engine, rates, audit }) {
  return [
    {
      id: "createInstance",
      method: "post",
      path: "/workflows/:workflow_name/instances",
      summary: "Create an instance of a workflow.",
      scope: "write",
      body: S.createInstance,
      result: S.createdInstanceResult,
      run: async ({ account, params, body, exact, context }) => {
        const key = workflowKey(account, params.workflow_name);
        rates.take(account, 1);
        const traceparent = traceparentIn(context);
        const id = await engine.creator.create(key, { ...createOptions(body, exact?.params), traceparent });
        return instanceJson(await engine.get(key, id));
      },
    },
    {
      id: "createInstances",
      method: "post",
      path: "/workflows/:workflow_name/instances/batch",
      summary: "Create up to 100 instances. Those that exist are left out of the answer.",
      scope: "write",
      body: S.createBatch,
      checkBody: (batch) => void (isTooLong(batch) && batchInstances(batch)),
      result: S.createdInstanceResult.array(),
      run: async ({ account, params, body, exact, context }) => {
        const key = workflowKey(account, params.workflow_name);
        if (body === undefined) return [];
        rates.take(account, body.length);
        const options = body.map((/** @type {NewInstance} */ each, /** @type {number} */ index) =>
          createOptions(each, exact[index].params),
        );
        const traceparent = traceparentIn(context);
        const created = /** @type {{ id: string }[]} */ (
          await engine.creator.createBatch(key, options, undefined, traceparent)
        );
        return Promise.all(created.map(async ({ id }) => instanceJson(await engine.get(key, id))));
      },
    },
    {
      id: "deleteInstances",
      method: "post",
      path: "/workflows/:workflow_name/instances/batch/delete",
      summary: "Delete up to 100 instances with all that is known of them, also while they run.",
      scope: "write",
      body: S.batchDelete,
      checkBody: (batch) => void (isTooLong(batch?.instances) && batchIds(batch.instances)),
      result: S.deletedBatchResult,
      run: async ({ account, params, body, caller }) => {
        const key = workflowKey(account, params.workflow_name);
        const entry = { action: "instances.delete", workflow: key, detail: body };
        return audit.record(caller, entry, () => engine.commands.deleteBatch(key, body.instances));
      },
    },
    {
      id: "terminateInstances",
      method: "put",
      path: "/workflows/:workflow_name/instances/terminate",
      summary: "Terminate all unfinished instances, or those of one status, in the background.",
      scope: "write",
      query: S.terminateAllQuery,
      result: S.terminateAllResult,
      run: async ({ account, params, query, caller }) => {
        const key = workflowKey(account, params.workflow_name);
        const entry = { action: "instances.terminate", workflow: key, detail: query };
        const started = await audit.record(caller, entry, () => engine.terminateAll(key, query.status));
        return { status: started ? "ok" : "already_running" };
      },
    },
  ];
}

/**
 * @param {NewInstance} request
 * @param {unknown} params with numbers as they were written
 */
function createOptions({ instance_id, instance_retention, location_hint }, params) {
  return {
    ...(instance_id === undefined ? {} : { id: instance_id }),
    params: encode(paramsOf(params), "params"),
    retention: retentionOf(instance_retention),
    ...(location_hint === undefined ? {} : { locationHint: location_hint }),
  };
}

/** @param {unknown} batch */
function isTooLong(batch) {
  return Array.isArray(batch) && batch.length > MAX_BATCH;
}

/**
 * The official clients type params as JSON text: text that is a JSON object or array stands for that value, any other text
 * for itself.
 *
 * @param {unknown} params
 */
export function paramsOf(params) {
  if (typeof params !== "string" || !/^\s*[[{]/.test(params)) return params ?? {};
  try {
    return parseJson(params).exact;
  } catch {
    return params;
  }
}

/**
 * REST's retention as the engine takes it.
 *
 * @param {{ success_retention?: number | string | undefined, error_retention?: number | string | undefined }} [retention]
 */
export function retentionOf({ success_retention, error_retention } = {}) {
  return {
    ...(success_retention === undefined ? {} : { successRetention: success_retention }),
    ...(error_retention === undefined ? {} : { errorRetention: error_retention }),
  };
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The span of the caller, where the request names one. @param {import("hono").Context} context */
function traceparentIn(context) {
  const given = context.req.header("traceparent");
  return given !== undefined && TRACEPARENT.test(given) ? given : undefined;
}
