/**
 * The local explorer's interface, which `wrangler … --local` speaks: the same operations without an account, and a few that
 * differ in names and answers.
 */

/** @import { Operation } from "../api/operation.js" */
/** @import { Api } from "../api/app.js" */

import { encode } from "../../../bridge/values.js";
import { DEFAULT_ACCOUNT, workflowKey } from "../../engine/accounts.js";
import { Page } from "../api/envelope.js";
import { describeWorkflow } from "../api/json.js";
import { changeStatus } from "../api/operations/instance.js";
import { paramsOf } from "../api/operations/instances.js";
import * as S from "../api/schemas.js";

const SAME = new Set(["getWorkflow", "deleteInstances", "getInstance", "subscribe", "getStepOutput", "skipSleep"]);
const INSTANCE = "/workflows/:workflow_name/instances/:instance_id{.+}";

/**
 * @param {Api} api
 * @param {Operation[]} operations of the REST interface
 * @returns {Operation[]}
 */
export function explorerOperations(api, operations) {
  const { engine, audit, rates } = api;
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const listInstances = /** @type {Operation} */ (byId.get("listInstances"));
  const sendEvent = /** @type {Operation} */ (byId.get("sendEvent"));
  return [
    {
      id: "listWorkflows",
      method: "get",
      path: "/workflows",
      summary: "List all workflows.",
      scope: "read",
      result: S.workflowResult,
      list: true,
      run: async () => {
        const rows = await engine.workflows(DEFAULT_ACCOUNT);
        const all = await Promise.all(rows.map((row) => describeWorkflow(engine, row)));
        return new Page(all, { count: all.length });
      },
    },
    {
      id: "deleteWorkflow",
      method: "delete",
      path: "/workflows/:workflow_name",
      summary: "Delete all instances of a workflow, in the background. The workflow stays.",
      scope: "write",
      result: S.deletedWorkflowResult,
      run: async ({ params, caller }) => {
        const workflow = keyOf(params);
        await audit.record(caller, { action: "instances.delete", workflow }, () => engine.deleteInstances(workflow));
        return { status: "ok", success: true };
      },
    },
    {
      ...listInstances,
      run: async (call) => {
        const page = /** @type {Page} */ (await listInstances.run(call));
        const counts = await engine.countByStatus(keyOf(call.params));
        return page.withInfo({ status_counts: counts });
      },
    },
    {
      id: "createInstance",
      method: "post",
      path: "/workflows/:workflow_name/instances",
      summary: "Create an instance of a workflow.",
      scope: "write",
      body: S.createLocalInstance,
      result: S.createdLocalInstanceResult,
      run: async ({ params, body, exact }) => {
        rates.take(DEFAULT_ACCOUNT, 1);
        const id = body.id === undefined ? {} : { id: body.id };
        const options = { ...id, params: encode(paramsOf(exact?.params), "params") };
        return { id: await engine.creator.create(keyOf(params), options) };
      },
    },
    {
      id: "changeStatus",
      method: "patch",
      path: `${INSTANCE}/status`,
      summary: "Pause, resume, terminate or restart an instance.",
      scope: "write",
      body: S.localStatusChange,
      result: S.statusResult,
      run: (call) => changeStatus(api, [keyOf(call.params), call.params.instance_id], call),
    },
    {
      ...sendEvent,
      result: S.successResult,
      run: async (call) => {
        const sent = /** @type {object} */ (await sendEvent.run(call));
        return { success: true, ...sent };
      },
    },
    ...operations.filter(({ id }) => SAME.has(id)),
    {
      id: "deleteInstance",
      method: "delete",
      path: INSTANCE,
      summary: "Delete an instance with all that is known of it, also while it runs.",
      scope: "write",
      result: S.successResult,
      run: async ({ params, caller }) => {
        const [workflow, instance] = [keyOf(params), params.instance_id];
        const entry = { action: "instance.delete", workflow, instance };
        await audit.record(caller, entry, () => engine.commands.delete(workflow, instance));
        return { success: true };
      },
    },
  ];
}

/** @param {Record<string, string>} params of a path @throws {import("../../engine/errors.js").WorkflowError} the name would be another account's */
function keyOf({ workflow_name }) {
  return workflowKey(DEFAULT_ACCOUNT, workflow_name);
}
