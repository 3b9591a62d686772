/** The same with Cloudflare's npm client. Its folder, and the server's address, are the arguments. */

import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const [folder, url] = process.argv.slice(2);
const { default: Cloudflare } = await import(
  pathToFileURL(createRequire(`${folder}/index.js`).resolve("cloudflare")).href
);
const client = new (Cloudflare.default ?? Cloudflare)({
  baseURL: `${url}/client/v4`,
  apiEmail: "a@example.com",
  apiKey: "any",
});
const account = { account_id: "acc" };
const inGreet = { ...account, workflow_name: "greet" };
const { workflows } = client;
const { instances, versions } = workflows;
/** @type {Record<string, unknown>} */
const found = {};

/** @param {AsyncIterable<any>} pages */
async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

/** @param {string} status @param {string} id */
async function until(status, id) {
  for (let i = 0; i < 600; i++) {
    const detail = await instances.get(id, inGreet);
    if (detail.status === status) return detail;
    await sleep(50);
  }
  throw new Error(`${id} does not become ${status}`);
}

found.list = (await all(workflows.list(account))).map(({ name }) => name);
found.get = (await workflows.get("greet", account)).script_name;
found.update = (await workflows.update("second", { ...account, class_name: "Greet", script_name: "app" })).is_deleted;
const [latest] = await all(versions.list("second", account));
found.version = (await versions.get(latest.id, { ...account, workflow_name: "second" })).workflow_id;
const { workflow } = (await versions.graph(latest.id, { ...account, workflow_name: "second" })).graph;
found.graph = [workflow.class_name, ...workflow.nodes.map((/** @type {any} */ { type }) => type)];
found.create = (await instances.create("greet", { ...account, instance_id: "a", params: '{"name": "Ada"}' })).id;
found.output = (await until("complete", "a")).output;
found.step = (await instances.step("a", { ...inGreet, name: "hello-1", type: "step" })).output;
const body = [{ instance_id: "b", params: '{"wait": true}' }];
found.bulk = (await all(instances.bulk("greet", { ...account, body }))).map(({ id }) => id);
await until("waiting", "b");
found.pause = (await instances.status.edit("b", { ...inGreet, status: "pause" })).status;
// Unless it runs already.
found.resume = (await instances.status.edit("b", { ...inGreet, status: "resume" })).status.replace("running", "queued");
await until("waiting", "b");
found.event = (await instances.events.create("approve", { ...inGreet, instance_id: "b", body: { ok: 1 } })).instanceId;
found.answer = (await until("complete", "b")).output;
found.delete = (await workflows.delete("second", account)).status;
for (let i = 1; i < 60; i++) await workflows.update(`w${i}`, { ...account, class_name: "Greet", script_name: "app" });
const names = (await all(workflows.list(account))).map(({ name }) => name);
found.workflows = [names.length, new Set(names).size];
for (let start = 0; start < 250; start += 50)
  await all(
    instances.bulk("w1", {
      ...account,
      body: Array.from({ length: 50 }, (_, i) => ({ instance_id: `i${start + i}` })),
    }),
  );
const ids = [];
for await (const page of (await instances.list("w1", account)).iterPages()) {
  ids.push(...page.getPaginatedItems().map((/** @type {{ id: string }} */ { id }) => id));
  await instances.create("w1", account);
}
found.instances = [ids.length, new Set(ids).size];
process.stdout.write(JSON.stringify(found));
