/** Every operation, with every way to write a name: nothing of another account is answered, and nothing of it changes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../../js/server/api/app.js";
import { dashboardOperations } from "../../js/server/dashboard/operations.js";
import { explorerOperations } from "../../js/server/explorer/operations.js";
import { served } from "./served.js";

/** @type {import("../engine/fake_guest.js").Run} */
const waits = async (event, step) => {
  await step.do("secret-step", {}, async () => event.payload);
  return step.waitForEvent("approval", { type: "go", timeout: "1 hour" });
};
const ROW = { className: "Flow", root: ".", main: "f.py", vars: "{}", versionId: "v1", stepLimit: null };
const NAMES = [
  "vault",
  "acme/vault",
  "acme%2Fvault",
  "acme%252Fvault",
  "acme%2fvault",
  "./acme%2Fvault",
  "..%2Facme%2Fvault",
  "%2Facme%2Fvault",
  "acme%5Cvault",
  "acme%00/vault",
  "-",
  "%2D",
  "..",
  "../../acme/workflows/vault",
  "flow/../../../acme/workflows/vault",
];
const IDS = ["secret-1", "..%2F..%2Fvault%2Finstances%2Fsecret-1", "../../vault/instances/secret-1", "%2e%2e/secret-1"];
/** Bodies that an operation takes. @type {Record<string, unknown>} */
const BODIES = {
  updateWorkflow: { class_name: "Flow", script_name: "f" },
  createInstance: { instance_id: "other" },
  createInstances: [{ instance_id: "other" }],
  deleteInstances: { instances: ["secret-1"] },
  changeStatus: { status: "terminate" },
  sendEvent: {},
  skipSleep: {},
  changeInstances: { action: "terminate", instances: ["secret-1"] },
  forkInstance: {},
};
const QUERIES = ["", "?search=secret", "?workflow=vault", "?workflow=acme%2Fvault", "?name=secret-step-1"];

const OF_THE_OTHER = /secret-value|"id":"secret-1"|"(id|name|workflow_id|workflowName)":"(acme\/)?vault"/;

/** These answer with the names that they were sent. */
const ECHOES = new Set(["updateWorkflow", "changeInstances"]);

async function twoAccounts() {
  const on = await served(waits);
  await on.harness.engine.saveWorkflow({ ...ROW, name: "acme/vault" });
  on.access.addAccount("acme");
  await on.harness.engine.creator.create("acme/vault", { id: "secret-1", params: '{"a":"secret-value"}' });
  await on.harness.settle();
  const { secret } = await on.access.tokens.create({ name: "mine", scope: "admin" });
  const api = new Api(on.host);
  const operations = api.operations();
  const prefixed = [
    ...operations.map((operation) => ({ ...operation, prefix: "/client/v4/accounts/default" })),
    ...operations.map((operation) => ({ ...operation, prefix: "/client/v4/accounts/%61cme/../default" })),
    ...dashboardOperations(api).map((operation) => ({
      ...operation,
      prefix: "/cdn-cgi/stepwell/api/accounts/default",
    })),
    ...explorerOperations(api, operations).map((operation) => ({
      ...operation,
      prefix: "/cdn-cgi/local/explorer/api",
    })),
  ];
  return { on, secret, operations: prefixed };
}

/** @param {string} path of an operation */
function* filled(path) {
  for (const name of path.includes(":workflow_name") ? NAMES : [""])
    for (const id of path.includes(":instance_id") ? IDS : [""])
      yield path
        .replace(":workflow_name", name)
        .replace(/:instance_id(\{[^}]*\})?/, id)
        .replace(":version_id", "v1")
        .replace(":event_type", "go");
}

/** What was answered at once; of a stream its first chunk. @param {Response} response */
async function beginning({ body }) {
  if (!body) return "";
  const reader = body.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}

test("no operation reaches another account's workflows, however their names are written", async () => {
  const { on, secret, operations } = await twoAccounts();
  const before = on.harness.db.prepare("SELECT * FROM instances WHERE workflow = 'acme/vault'").all();
  let asked = 0;
  /** @type {string[]} */
  const updated = [];
  on.host.copies.export = async (/** @type {string} */ key, /** @type {string} */ id) =>
    Buffer.from((await on.harness.engine.get(key, id)).params);
  on.host.registration.updateWorkflow = async (/** @type {string} */ account, /** @type {string} */ name) => {
    updated.push(`${account} ${name}`);
    return { ...ROW, name, createdOn: 0, modifiedOn: 0 };
  };

  for (const { id, method, path, prefix } of operations) {
    for (const filledPath of filled(path)) {
      for (const query of method === "get" ? QUERIES : [""]) {
        const url = `http://127.0.0.1:8787${prefix}${filledPath}${query}`;
        const body = BODIES[id] === undefined ? {} : { body: JSON.stringify(BODIES[id]) };
        const headers = { host: "127.0.0.1:8787", authorization: `Bearer ${secret}` };
        const response = await on.network.request(url, { method: method.toUpperCase(), headers, ...body });

        const text = await beginning(response);
        const told = !ECHOES.has(id) && OF_THE_OTHER.test(text);
        assert.ok(!told, `${id} ${url}: ${text}`);
        assert.ok(response.status < 500, `${id} ${url}: ${response.status} ${text}`);
        asked += 1;
      }
    }
  }

  await on.harness.settle();
  assert.ok(updated.length > 0 && updated.every((name) => name.startsWith("default ") && !name.includes("/")));
  assert.ok(asked > 1000, `${asked} requests`);
  assert.deepEqual(on.harness.db.prepare("SELECT * FROM instances WHERE workflow = 'acme/vault'").all(), before);
  assert.equal(
    on.harness.db.prepare("SELECT deleted_on FROM workflows WHERE name = 'acme/vault'").get()?.deleted_on,
    null,
  );
});

test("a token of one account is refused for every operation of another", async () => {
  const { on, secret, operations } = await twoAccounts();

  for (const { id, method, path, prefix } of operations.filter((each) => each.prefix.endsWith("/default"))) {
    const [first] = filled(path);
    const url = `http://127.0.0.1:8787${prefix.replace("default", "acme")}${first}`;
    const headers = { host: "127.0.0.1:8787", authorization: `Bearer ${secret}` };
    const { status } = await on.network.request(url, { method: method.toUpperCase(), headers });

    assert.equal(status, 403, id);
  }
});
