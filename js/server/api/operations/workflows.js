/** Workflows and their versions. */

/** @import { Operation } from "../operation.js" */
/** @import { Api } from "../app.js" */

import { workflowKey } from "../../../engine/accounts.js";
import { Page } from "../envelope.js";
import { describeWorkflow, updatedWorkflowJson, versionJson } from "../json.js";
import * as S from "../schemas.js";

/** @param {Api} api @returns {Operation[]} */
export function workflowOperations({ host, engine, audit }) {
  return [
    {
      id: "listWorkflows",
      method: "get",
      path: "/workflows",
      summary: "List workflows, by name.",
      scope: "read",
      query: S.workflowsQuery,
      result: S.workflowResult,
      list: true,
      run: async ({ account, query }) => {
        const { page = 1, per_page, search } = query;
        const all = await engine.workflows(account, search);
        const { items, info } = slice(all, page, per_page);
        return new Page(await Promise.all(items.map((row) => describeWorkflow(engine, row))), info);
      },
    },
    {
      id: "getWorkflow",
      method: "get",
      path: "/workflows/:workflow_name",
      summary: "Describe a workflow.",
      scope: "read",
      result: S.workflowResult,
      run: async ({ account, params }) =>
        describeWorkflow(engine, await engine.workflow(workflowKey(account, params.workflow_name))),
    },
    {
      id: "updateWorkflow",
      method: "put",
      path: "/workflows/:workflow_name",
      summary: "Change the settings of a workflow, or add one for another class of a script that is deployed.",
      scope: "admin",
      body: S.updateWorkflow,
      result: S.updatedWorkflowResult,
      run: async ({ account, params, body, caller }) => {
        const key = workflowKey(account, params.workflow_name);
        const update = () => host.registration.updateWorkflow(account, params.workflow_name, body);
        const entry = { action: "workflow.update", workflow: key, detail: body };
        return updatedWorkflowJson(await audit.record(caller, entry, update), await engine.triggeredOn(key));
      },
    },
    {
      id: "deleteWorkflow",
      method: "delete",
      path: "/workflows/:workflow_name",
      summary: "Delete a workflow with all of its instances, in the background.",
      scope: "admin",
      result: S.deletedWorkflowResult,
      run: async ({ account, params, caller }) => {
        const key = workflowKey(account, params.workflow_name);
        await audit.record(caller, { action: "workflow.delete", workflow: key }, () => engine.deleteWorkflow(key));
        return { status: "ok", success: true };
      },
    },
    ...versionOperations({ engine, host }),
  ];
}

/** @param {Pick<Api, "engine" | "host">} api @returns {Operation[]} */
function versionOperations({ engine, host: { graphs } }) {
  return [
    {
      id: "listVersions",
      method: "get",
      path: "/workflows/:workflow_name/versions",
      summary: "List the versions of a workflow's code, the newest first.",
      scope: "read",
      query: S.versionsQuery,
      result: S.versionResult,
      list: true,
      run: async ({ account, params, query }) => {
        const { page = 1, per_page } = query;
        const workflow = await engine.workflow(workflowKey(account, params.workflow_name));
        const { items, info } = slice(await engine.versions(workflow.name), page, per_page);
        return new Page(
          items.map((version) => versionJson(version, graphs.has(workflow, version))),
          info,
        );
      },
    },
    {
      id: "getVersion",
      method: "get",
      path: "/workflows/:workflow_name/versions/:version_id",
      summary: "Describe a version of a workflow's code.",
      scope: "read",
      result: S.versionResult,
      run: async ({ account, params }) => {
        const { workflow, version } = await find(engine, workflowKey(account, params.workflow_name), params.version_id);
        return versionJson(version, graphs.has(workflow, version));
      },
    },
    {
      id: "getVersionGraph",
      method: "get",
      path: "/workflows/:workflow_name/versions/:version_id/graph",
      summary: "The diagram of a version; null where its sources are gone.",
      scope: "read",
      result: S.graphResult,
      run: async ({ account, params }) => {
        const { workflow, version } = await find(engine, workflowKey(account, params.workflow_name), params.version_id);
        const graph = await graphs.graphOf(workflow, version);
        const { id, class_name, created_on, modified_on, workflow_id } = versionJson(version, graph !== null);
        return { id, class_name, created_on, modified_on, workflow_id, graph };
      },
    },
  ];
}

/** @param {Api["engine"]} engine @param {string} key @param {string} id of the version */
async function find(engine, key, id) {
  return { workflow: await engine.workflow(key), version: await engine.version(key, id) };
}

/**
 * @template T
 * @param {T[]} all
 * @param {number} page
 * @param {number} perPage
 */
function slice(all, page, perPage) {
  const items = all.slice((page - 1) * perPage, page * perPage);
  const info = {
    count: items.length,
    page,
    per_page: perPage,
    total_count: all.length,
    total_pages: Math.ceil(all.length / perPage),
  };
  return { items, info };
}
