/** What the dashboard asks for besides the operations of the REST interface. */

/** @import { Operation, Call } from "../api/operation.js" */
/** @import { Api } from "../api/app.js" */

import { z } from "zod";
import { encode } from "../../../bridge/values.js";
import { workflowKey, workflowNameOf } from "../../engine/accounts.js";
import { compareRuns } from "../../engine/comparison.js";
import { instanceDetail } from "../../engine/detail.js";
import { toExactPlain } from "../../engine/plain.js";
import { instanceJson } from "../api/json.js";
import { changeStatus } from "../api/operations/instance.js";
import { describeError } from "../api/refusal.js";
import { masked } from "../masking.js";
import { overviewOf } from "./overview.js";
import * as S from "./schemas.js";

const INSTANCE = "/workflows/:workflow_name/instances/:instance_id{.+}";
/** How long one request may look through instances, in ms. */
const SEARCH_BUDGET_MS = 40;
const SQLITE = { "content-type": "application/vnd.sqlite3" };
const ANY = z.unknown();

/** @param {Api} api @returns {Operation[]} */
export function dashboardOperations(api) {
  return [...listOperations(api), ...instanceOperations(api)];
}

/** @param {string} account @param {string | undefined} name */
function keyOf(account, name) {
  return name === undefined ? undefined : workflowKey(account, name);
}

/** @param {Api} api @returns {Operation[]} */
function listOperations(api) {
  const { engine } = api;
  return [
    {
      id: "readActivity",
      method: "get",
      path: "/activity",
      summary: "What happened over time.",
      scope: "read",
      query: S.activityQuery,
      result: ANY,
      run: async ({ account, query: { workflow, minutes, buckets } }) => {
        const bucketMs = Math.ceil((minutes * 60_000) / buckets);
        // Buckets begin at round times, so that the same bars stand for the same times when the page asks again.
        const from = (Math.floor(engine.now / bucketMs) + 1 - buckets) * bucketMs;
        const key = keyOf(account, workflow);
        const { completeSince, ...series } = await engine.activity({ workflow: key, account, from, bucketMs, buckets });
        return { from, bucket_ms: bucketMs, complete_since: completeSince, ...series };
      },
    },
    {
      id: "search",
      method: "get",
      path: "/search",
      summary: "Instances in which a text occurs. Goes through some of them; `next` is the cursor for the rest.",
      scope: "read",
      query: S.searchQuery,
      result: ANY,
      run: (call) => search(api, call),
    },
    {
      id: "changeInstances",
      method: "post",
      path: "/workflows/:workflow_name/instances/bulk",
      summary: "Do the same to up to 100 instances.",
      scope: "write",
      body: S.bulk,
      result: ANY,
      run: (call) => changeAll(api, call),
    },
  ];
}

/** @param {Api} api @param {Call} call */
async function search({ engine }, { account, query }) {
  const { workflow, text, status, cursor, limit } = query;
  const deadline = performance.now() + SEARCH_BUDGET_MS;
  const key = keyOf(account, workflow);
  /** @type {object[]} */
  const result = [];
  let searched = 0;
  /** @type {number | null} */
  let next = cursor ?? Number.MAX_SAFE_INTEGER;
  while (next !== null && result.length < limit && performance.now() < deadline) {
    const portion = await engine.search({
      text,
      workflow: key,
      account,
      status,
      before: next,
      limit: limit - result.length,
    });
    result.push(...portion.found.map(({ row, where }) => ({ ...instanceJson(row), where })));
    searched += portion.searched;
    next = portion.next;
  }
  return { instances: result, searched, next };
}

/** @param {Api} api @param {Call} call */
async function changeAll(api, call) {
  const { account, params, body, caller } = call;
  const key = workflowKey(account, params.workflow_name);
  const { action, instances } = body;
  if (action === "delete") {
    const entry = { action: "instances.delete", workflow: key, detail: { instances } };
    await api.audit.record(caller, entry, () => api.engine.commands.deleteBatch(key, instances));
    return { changed: instances.length, refused: [] };
  }
  /** @type {{ id: string, message: string }[]} */
  const refused = [];
  for (const id of instances) {
    try {
      await changeStatus(api, [key, id], { ...call, body: { status: action } });
    } catch (error) {
      refused.push({ id, message: describeError(error).message });
    }
  }
  return { changed: instances.length - refused.length, refused };
}

/** @param {Api} api @returns {Operation[]} */
function instanceOperations({ engine, host, audit, rates }) {
  /** @param {string} key @param {string} id */
  const whole = async (key, id) => {
    const row = await engine.get(key, id);
    const [log, output] = [await engine.log(row.number), await engine.output(row.number)];
    return { row, log, output, mask: host.maskFor(await engine.workflow(key)) };
  };
  /** @param {string} key @param {string} id */
  const detailOf = async (key, id) => {
    const { row, log, output, mask } = await whole(key, id);
    return masked(instanceDetail(row, log, output, toExactPlain), mask);
  };
  /** @param {Call} call @returns {[string, string]} */
  const addressed = ({ account, params }) => [workflowKey(account, params.workflow_name), params.instance_id];
  return [
    {
      id: "getOverview",
      method: "get",
      path: `${INSTANCE}/overview`,
      summary: "An instance with its steps, without their large values.",
      scope: "read",
      result: ANY,
      run: async (call) => overviewOf(await whole(...addressed(call))),
    },
    {
      id: "compareInstances",
      method: "get",
      path: `${INSTANCE}/comparison`,
      summary: "In what an instance differs from another one.",
      scope: "read",
      query: S.comparisonQuery,
      result: ANY,
      run: async (call) => {
        const other = workflowKey(call.account, call.query.workflow);
        return compareRuns(await detailOf(...addressed(call)), await detailOf(other, call.query.id));
      },
    },
    {
      id: "exportInstance",
      method: "get",
      path: `${INSTANCE}/export`,
      summary: "An instance as a run file, without the values of variables.",
      scope: "read",
      result: ANY,
      media: "application/vnd.sqlite3",
      run: async (call) =>
        new Response(await host.copies.export(...addressed(call), { vars: "none" }), { headers: SQLITE }),
    },
    {
      id: "forkInstance",
      method: "post",
      path: `${INSTANCE}/forks`,
      summary: "Create an instance that begins with a part of this one's history.",
      scope: "write",
      body: S.fork,
      result: ANY,
      run: async (call) => {
        const [key, id] = addressed(call);
        const { instance_id, from } = call.body;
        const { params, results = {} } = call.exact;
        rates.take(call.account, 1);
        const row = await engine.get(key, id);
        const options = {
          ...(instance_id === undefined ? {} : { id: instance_id }),
          ...(params === undefined ? {} : { params: encode(params, "params") }),
          ...(from === undefined ? {} : { from }),
          results: Object.fromEntries(Object.entries(results).map(([step, value]) => [step, encode(value, step)])),
        };
        const entry = { action: "instance.fork", workflow: key, instance: id, detail: { instance_id, from } };
        const made = await audit.record(call.caller, entry, () => host.engine.forkInstance(key, row.number, options));
        return { workflow: workflowNameOf(key), id: made };
      },
    },
  ];
}
