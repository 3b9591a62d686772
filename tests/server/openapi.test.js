/** The OpenAPI document, and that answers are what it says. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../../js/server/api/app.js";
import { ids, request, served } from "./served.js";

/** @type {import("../engine/fake_guest.js").Run} */
const flow = async (_event, step) => {
  await step.do("a", { retries: { limit: 1, delay: 10 } }, async ({ attempt }) => {
    if (attempt === 1) throw new RangeError("first");
    return { big: "x" };
  });
  await step.sleep("nap", 10);
  const { payload } = await step.waitForEvent("approval", { type: "go", timeout: "1 minute" });
  return payload;
};

const ENGINES = [
  { id: 1, name: "a", isThis: true, shares: true, isDead: false, parts: 64, leaseMs: 900 },
  { id: 2, name: "b", isThis: false, shares: true, isDead: true, parts: 0, leaseMs: -5 },
];

test("every operation is in the document, with its parameters, its body and its answer", async () => {
  const { network, host } = await served(flow);

  const response = await network.request("http://127.0.0.1:8787/client/v4/openapi.json", {
    headers: { host: "localhost" },
  });
  const { openapi, paths } = await response.json();

  assert.match(openapi, /^3\.1/);
  const described = Object.values(paths).flatMap((path) => Object.values(path));
  assert.deepEqual(
    new Set(described.map(({ operationId }) => operationId)),
    new Set(new Api(host).operations().map(({ id }) => id)),
  );
  for (const { operationId, responses } of described) {
    assert.notDeepEqual(responses["200"].content, {}, operationId);
    assert.ok(responses["404"].content["application/json"].schema.$ref, operationId);
  }
  const list = paths["/client/v4/accounts/{account_id}/workflows/{workflow_name}/instances"].get;
  assert.deepEqual(
    list.parameters.map((/** @type {{ name: string }} */ { name }) => name),
    [
      "account_id",
      "workflow_name",
      "cursor",
      "page",
      "per_page",
      "order_by",
      "direction",
      "status",
      "date_start",
      "date_end",
      "search",
    ],
  );
});

test("the explorer's prefix has a document of its own", async () => {
  const { network } = await served(flow);

  for (const path of ["/cdn-cgi/local/explorer/api", "/cdn-cgi/local/explorer/api/", "/cdn-cgi/explorer/api"]) {
    const response = await network.request(`http://127.0.0.1:8787${path}`, { headers: { host: "localhost" } });
    assert.ok((await response.json()).paths["/cdn-cgi/local/explorer/api/workflows/{workflow_name}/instances"], path);
  }
});

test("what operations answer fits the document's schemas", async () => {
  const on = await served(flow);
  const results = new Map(
    new Api(on.host).operations().map(({ id, result, list }) => [id, list ? result.array() : result]),
  );
  /** @type {(operation: string, path: string, method?: string, body?: unknown) => Promise<void>} */
  const fits = async (operation, path, method, body) => {
    const answer = await on.rest(path, method, body);
    assert.equal(answer.success, true, `${operation}: ${JSON.stringify(answer.errors)}`);
    const checked = results.get(operation)?.safeParse(answer.result);
    assert.ok(checked?.success, `${operation}: ${checked?.error}`);
  };
  const instance = "/workflows/flow/instances/a";

  await fits("createInstance", "/workflows/flow/instances", "POST", { instance_id: "a" });
  await fits("createInstances", "/workflows/flow/instances/batch", "POST", [{ instance_id: "b" }, {}]);
  await on.harness.pass(100);
  await fits("getInstance", instance);
  await fits("getStepOutput", `${instance}/step?name=a-1`);
  await fits("getStepOutput", `${instance}/step?name=approval-1&type=waitForEvent`);
  await fits("sendEvent", `${instance}/events/go`, "POST", { by: "Ada" });
  await on.harness.pass(100);
  await fits("getInstance", instance);
  await fits("listWorkflows", "/workflows");
  await fits("getWorkflow", "/workflows/flow");
  await fits("listVersions", "/workflows/flow/versions");
  await fits("getVersion", "/workflows/flow/versions/v1");
  await fits("getVersionGraph", "/workflows/flow/versions/v1/graph");
  await fits("listInstances", "/workflows/flow/instances");
  await fits("listAllInstances", "/workflows/-/instances");
  await fits("listEngines", "/workflows/-/engines");
  Object.assign(on.harness.engine, { engines: async () => ENGINES });
  await fits("listEngines", "/workflows/-/engines");
  await fits("changeStatus", "/workflows/flow/instances/b/status", "PATCH", { status: "terminate" });
  await fits("getInstance", "/workflows/flow/instances/b");
  await fits("terminateInstances", "/workflows/flow/instances/terminate", "PUT");
  await fits("deleteInstances", "/workflows/flow/instances/batch/delete", "POST", { instances: ["a", "nope"] });
  await fits("deleteWorkflow", "/workflows/flow", "DELETE");
});

test("a step is found by its name alone where that is its first", async () => {
  const on = await served(flow);
  await on.harness.create();
  await on.harness.pass(100);

  assert.equal((await on.rest("/workflows/flow/instances/i1/step?name=a")).result.status, "complete");
});

test("a method that is not there is said to be missing, whatever the id", async () => {
  const on = await served(flow);

  const { status } = await request(on.network, "/client/v4/accounts/a/workflows/flow/instances/x", "PUT", null);

  assert.equal(status, 405);
  assert.deepEqual(ids(await on.rest("/workflows")), ["flow"]);
});
