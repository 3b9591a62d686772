/** Cloudflare's paths, as its clients and wrangler use them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ids, request, served } from "./served.js";

/** @type {import("../engine/fake_guest.js").Run} */
const waits = async (_event, step) => step.waitForEvent("approval", { type: "go", timeout: "1 hour" });

/** @param {Awaited<ReturnType<typeof served>>} on @param {number} count */
async function fill({ harness }, count) {
  for (let i = 1; i <= count; i++) await harness.engine.creator.create("flow", { id: `i${i}` });
  await harness.settle();
}

/** Every id that a client sees that asks for page after page until one is empty. @param {(page: number) => Promise<any>} get */
async function pageThrough(get) {
  const seen = [];
  for (let page = 1; ; page++) {
    const answer = await get(page);
    if (answer.result.length === 0) return seen;
    seen.push(...ids(answer));
    assert.ok(page < 100, "the pages end");
  }
}

for (const count of [0, 1, 25, 60]) {
  test(`${count} workflows are paged through until a page is empty`, async () => {
    const { harness, rest } = await served(waits);
    await harness.engine.deleteWorkflow("flow");
    await harness.settle();
    const row = { className: "Flow", root: ".", main: "f.py", vars: "{}", versionId: "v1", stepLimit: null };
    for (let i = 1; i <= count; i++) await harness.engine.saveWorkflow({ ...row, name: `w${i}` });

    const seen = await pageThrough((page) => rest(`/workflows?page=${page}`));

    assert.equal(seen.length, count);
    assert.equal(new Set(seen).size, count);
  });
}

test("search finds workflows by a part of their names", async () => {
  const { rest } = await served(waits);

  assert.deepEqual(ids(await rest("/workflows?search=lo")), ["flow"]);
  assert.deepEqual(ids(await rest("/workflows?search=zzz")), []);
});

for (const direction of ["desc", "asc"]) {
  test(`pages of instances (${direction}) give each id once while instances are created`, async () => {
    const on = await served(waits);
    await fill(on, 60);
    let made = 60;

    const seen = await pageThrough(async (page) => {
      const answer = await on.rest(`/workflows/flow/instances?page=${page}&direction=${direction}`);
      for (let i = 0; i < 30; i++) await on.harness.engine.creator.create("flow", { id: `i${++made}` });
      return answer;
    });

    const expected = Array.from({ length: 60 }, (_, i) => `i${i + 1}`);
    assert.deepEqual(seen, direction === "desc" ? expected.toReversed() : expected);
  });
}

test("pages of instances lose none while instances are deleted", async () => {
  const on = await served(waits);
  await fill(on, 60);

  const seen = await pageThrough(async (page) => {
    const answer = await on.rest(`/workflows/flow/instances?page=${page}`);
    if (answer.result.length > 0) await on.harness.engine.commands.deleteBatch("flow", ids(answer).slice(0, 10));
    return answer;
  });

  assert.equal(seen.length, 60);
});

test("a cursor leads to the next page, and there is none at the end", async () => {
  const on = await served(waits);
  await fill(on, 60);
  const pages = [];
  let cursor = "";
  do {
    const page = await on.rest(`/workflows/flow/instances?per_page=20${cursor && `&cursor=${cursor}`}`);
    pages.push(ids(page));
    cursor = page.result_info.cursor ?? "";
  } while (cursor);

  assert.deepEqual(
    pages.map((page) => page.length),
    [20, 20, 20, 0],
  );
  assert.equal(new Set(pages.flat()).size, 60);
});

test("what a search or dates find is counted up to 10,000, everything else exactly", async () => {
  const { harness, rest } = await served(waits, { policy: {} });
  harness.engine.commits.write((store) => {
    for (let number = 1; number <= 10_050; number++) {
      const row = { number, workflow: "flow", id: `i${number}`, params: "{}", trigger: 0, versionId: "v1" };
      store.instanceCreated(row, number);
    }
  });
  const total = async (/** @type {string} */ query, workflow = "flow") =>
    (await rest(`/workflows/${workflow}/instances?per_page=1&${query}`)).result_info.total_count;

  assert.deepEqual([await total(""), await total("", "-")], [10_050, 10_050]);
  assert.deepEqual([await total("status=complete"), await total("status=complete", "-")], [0, 0]);
  assert.deepEqual([await total("search=i"), await total("date_start=1970-01-01")], [10_000, 10_000]);
  assert.deepEqual([await total("search=i1005"), await total("date_start=2970-01-01")], [2, 0]);
  assert.deepEqual(ids(await rest("/workflows/flow/instances?search=i1005")), ["i10050", "i1005"]);
  assert.deepEqual(ids(await rest("/workflows/flow/instances?search=i1005&direction=asc")), ["i1005", "i10050"]);
});

test("a page that no other one leads to begins at its place", async () => {
  const on = await served(waits);
  await fill(on, 60);

  assert.deepEqual(ids(await on.rest("/workflows/flow/instances?page=3")).at(0), "i10");
});

for (const [query, message] of /** @type {[string, RegExp][]} */ ([
  ["cursor=zzz", /cursor: is not a cursor of this list/],
  ["cursor=WzFd&page=1", /cursor and page exclude each other/],
  ["page=0", /page: /],
  ["per_page=101", /per_page: /],
  ["status=done", /status: /],
  ["date_start=yesterday", /date_start: is not a time/],
  ["date_start=2026-02-01&date_end=2026-01-01", /date_start must not be after date_end/],
  ["colour=red", /Unrecognized key: "colour"/],
])) {
  test(`GET instances?${query} is refused`, async () => {
    const { rest } = await served(waits);

    const { status, success, errors } = await rest(`/workflows/flow/instances?${query}`);

    assert.deepEqual([status, success], [400, false]);
    assert.match(errors[0].message, message);
  });
}

test("a trailing slash and an empty query change nothing", async () => {
  const on = await served(waits);
  await fill(on, 2);

  for (const path of ["instances/", "instances?", "instances/?"])
    assert.deepEqual(ids(await on.rest(`/workflows/flow/${path}`)), ["i2", "i1"], path);
});

test("a time without a zone is in UTC", async () => {
  const on = await served(waits);
  await fill(on, 1);
  const [, createdOn] = [on.harness.clock, (await on.rest("/workflows/flow/instances")).result[0].created_on];
  const bare = createdOn.replace("Z", "");

  assert.equal((await on.rest(`/workflows/flow/instances?date_start=${bare}&date_end=${bare}`)).result.length, 1);
});

test("instances are filtered by status and by a part of their ids, and counted", async () => {
  const on = await served(waits);
  await fill(on, 12);
  await on.harness.engine.commands.pause("flow", "i3");
  await on.harness.settle();

  const paused = await on.rest("/workflows/flow/instances?status=paused");
  const found = await on.rest("/workflows/flow/instances?search=1");

  assert.deepEqual([ids(paused), paused.result_info.total_count], [["i3"], 1]);
  assert.deepEqual([ids(found), found.result_info.total_count], [["i12", "i11", "i10", "i1"], 4]);
});

test("instances of all workflows are listed under -", async () => {
  const on = await served(waits);
  const row = { className: "Flow", root: ".", main: "f.py", vars: "{}", versionId: "v1", stepLimit: null };
  await on.harness.engine.saveWorkflow({ ...row, name: "other" });
  await fill(on, 1);
  await on.harness.engine.creator.create("other", { id: "o1" });

  const { result, result_info } = await on.rest("/workflows/-/instances");

  assert.deepEqual(
    result.map((/** @type {any} */ { id, workflow_id }) => [id, workflow_id]),
    [
      ["o1", "other"],
      ["i1", "flow"],
    ],
  );
  assert.equal(result_info.total_count, 2);
});

for (const [given, meant] of /** @type {[unknown, unknown][]} */ ([
  ['{"name": "Ada"}', { name: "Ada" }],
  [" [1, 2]", [1, 2]],
  ["Ada", "Ada"],
  ['"Ada"', '"Ada"'],
  ["12", "12"],
  ["{broken", "{broken"],
  [{ name: "Ada" }, { name: "Ada" }],
  [null, {}],
])) {
  test(`params ${JSON.stringify(given)} are ${JSON.stringify(meant)}`, async () => {
    const on = await served(waits);

    await on.rest("/workflows/flow/instances", "POST", { instance_id: "a", params: given });
    await on.explorer("/workflows/flow/instances", "POST", { id: "b", params: given });

    for (const id of ["a", "b"])
      assert.deepEqual((await on.rest(`/workflows/flow/instances/${id}`)).result.params, meant);
  });
}

test("REST names an instance's id instance_id, the explorer id", async () => {
  const { rest, explorer } = await served(waits);

  assert.equal((await rest("/workflows/flow/instances", "POST", { id: "a" })).status, 400);
  assert.equal((await explorer("/workflows/flow/instances", "POST", { instance_id: "a" })).status, 400);
  assert.deepEqual((await explorer("/workflows/flow/instances", "POST", { id: "a" })).result, { id: "a" });
});

test("an instance whose id exists is refused with Cloudflare's code", async () => {
  const { rest } = await served(waits);
  await rest("/workflows/flow/instances", "POST", { instance_id: "a" });

  const { status, errors } = await rest("/workflows/flow/instances", "POST", { instance_id: "a" });

  assert.deepEqual([status, errors[0].code], [400, 10405]);
});

test("order and simple choose the steps of a detail", async () => {
  const on = await served(async (_event, step) => {
    for (const name of ["a", "b"]) await step.do(name, {}, async () => name);
    return step.sleep("nap", "1 hour");
  });
  await on.harness.create();
  await on.harness.settle();
  const names = async (/** @type {string} */ query) =>
    (await on.rest(`/workflows/flow/instances/i1${query}`)).result.steps.map((/** @type {any} */ { name }) => name);

  assert.deepEqual(await names(""), ["a-1", "b-1", "nap-1"]);
  assert.deepEqual(await names("?order=desc"), ["nap-1", "b-1", "a-1"]);
  assert.deepEqual(await names("?simple=true"), []);
  assert.equal((await on.rest("/workflows/flow/instances/i1?simple=true")).result.step_count, 2);
});

for (const action of ["pause", "resume"]) {
  test(`${action} of an instance that has ended is refused`, async () => {
    const on = await served(async () => 1);
    await on.harness.create();
    await on.harness.settle();

    const { status, errors } = await on.rest("/workflows/flow/instances/i1/status", "PATCH", { status: action });

    assert.equal(status, 409);
    assert.match(errors[0].message, /'i1' is already complete; there is nothing to/);
  });
}

test("a status change answers with the status and the time", async () => {
  const on = await served(waits);
  await on.harness.create();
  await on.harness.pass(100);
  const change = (/** @type {unknown} */ body) => on.rest("/workflows/flow/instances/i1/status", "PATCH", body);

  assert.equal((await change({ status: "pause" })).result.status, "paused");
  assert.equal((await change({ status: "resume" })).result.status, "queued");
  const { result } = await change({ status: "terminate", rollback: true });
  assert.deepEqual([result.status, Number.isNaN(Date.parse(result.timestamp))], ["terminated", false]);
  assert.equal((await change({ status: "restart" })).result.status, "queued");
  assert.equal((await change({ status: "resume", from: { name: "a" } })).status, 400);
  assert.equal((await on.explorer("/workflows/flow/instances/i1/status", "PATCH", { action: "pause" })).success, true);
});

test("the ids of a schedule's instances, up to 271 characters, can be addressed with or without escapes", async () => {
  const on = await served(waits, { settings: { schedules: ["*/5 * * * *"] } });
  await on.harness.pass(5 * 60_000);
  const [id] = ids(await on.rest("/workflows/flow/instances"));
  assert.match(id, /^\*\/5 \* \* \* \*-\d+$/);

  for (const written of [encodeURIComponent(id), id.replaceAll(" ", "%20")]) {
    assert.equal((await on.rest(`/workflows/flow/instances/${written}`)).result.trigger.source, "cron");
    const changed = await on.rest(`/workflows/flow/instances/${written}/status`, "PATCH", { status: "restart" });
    assert.equal(changed.success, true);
    const sent = await on.rest(`/workflows/flow/instances/${written}/events/go`, "POST", { a: 1 });
    assert.equal(sent.result.instanceId, id);
  }
  const long = await on.rest(`/workflows/flow/instances/${"x".repeat(271)}`);
  assert.deepEqual([long.status, long.errors[0].code], [404, 10400]);
});

test("PUT changes a workflow's settings, and flags are numbers in its answer", async () => {
  const on = await served(waits);
  on.host.registration.updateWorkflow = async () => on.harness.engine.workflow("flow");

  const { result } = await on.rest("/workflows/flow", "PUT", { class_name: "Flow", script_name: "f" });

  assert.deepEqual([result.is_deleted, result.terminator_running, result.version_id], [0, 0, "v1"]);
});

test("DELETE removes a workflow with its instances and versions, also when the process dies meanwhile", async () => {
  const on = await served(waits);
  await fill(on, 30);

  const { result } = await on.rest("/workflows/flow", "DELETE");
  assert.deepEqual(result, { status: "ok", success: true });
  assert.equal((await on.rest("/workflows/flow")).errors[0].code, 10200);

  on.harness.crash();
  await on.harness.settle();
  await on.harness.settle();
  const { total } = await on.harness.engine.list({ workflow: "flow", limit: 1 });
  assert.equal(total, 0);
});

test("a workflow that is being deleted is registered again after that", async () => {
  const on = await served(waits);
  await fill(on, 3);
  void on.harness.engine.deleteWorkflow("flow");

  const row = { className: "Flow", root: ".", main: "f.py", vars: "{}", versionId: "v2", stepLimit: null };
  await on.harness.engine.saveWorkflow({ ...row, name: "flow" });

  assert.equal((await on.rest("/workflows/flow/instances")).result.length, 0);
  assert.deepEqual(ids(await on.rest("/workflows/flow/versions")), ["v2"]);
});

test("PUT terminate ends the instances of a status, and says where it does so already", async () => {
  const on = await served(waits);
  await fill(on, 30);
  await on.harness.pass(100);
  await on.harness.engine.commands.pause("flow", "i7");

  const first = on.rest("/workflows/flow/instances/terminate?status=waiting", "PUT");
  const second = on.rest("/workflows/flow/instances/terminate", "PUT");
  assert.deepEqual([(await first).result.status, (await second).result.status], ["ok", "already_running"]);
  await on.harness.settle();

  assert.deepEqual((await on.rest("/workflows/flow")).result.instances.terminated, 29);
  assert.equal((await on.rest("/workflows/flow/instances/i7")).result.status, "paused");
});

test("a version has a graph, as far as its sources are there", async () => {
  /** @type {any} */
  const graph = { version: 1, workflow: { class_name: "Flow", functions: {}, nodes: [] } };
  const graphs = {
    has: (/** @type {unknown} */ _workflow, /** @type {{ id: string }} */ { id }) => id === "v2",
    graphOf: async (/** @type {unknown} */ _workflow, /** @type {{ id: string }} */ { id }) =>
      id === "v2" ? graph : null,
  };
  const on = await served(waits, { graphs });
  await on.harness.engine.saveWorkflow({ ...(await on.harness.engine.workflow("flow")), versionId: "v2" });

  const { result } = await on.rest("/workflows/flow/versions");

  assert.deepEqual(
    result.map((/** @type {{ id: string, has_dag: boolean }} */ { id, has_dag }) => [id, has_dag]),
    [
      ["v2", true],
      ["v1", false],
    ],
  );
  assert.equal((await on.rest("/workflows/flow/versions/v2")).result.has_dag, true);
  assert.deepEqual((await on.rest("/workflows/flow/versions/v2/graph")).result.graph, graph);
  assert.equal((await on.rest("/workflows/flow/versions/v1/graph")).result.graph, null);
  assert.equal((await on.rest("/workflows/flow/versions/nope/graph")).status, 404);
});

test("versions are listed with the latest first, and described", async () => {
  const on = await served(waits, { settings: { stepLimit: 7, concurrency: 2, successRetention: 1000 } });
  const row = { className: "Flow", root: ".", main: "f.py", vars: "{}", versionId: "v2", stepLimit: null };
  await on.harness.engine.saveWorkflow({ ...row, name: "flow" });

  const { result } = await on.rest("/workflows/flow/versions");
  assert.deepEqual(ids({ ...(await on.rest("/workflows/flow/versions?per_page=1&page=2")), result }), ["v2", "v1"]);
  assert.deepEqual(
    [result[1].limits, result[1].concurrency, result[1].default_retention, result[1].language, result[1].has_dag],
    [{ steps: 7 }, { limit: 2 }, { success_retention: 1000 }, "python", false],
  );
  assert.equal((await on.rest("/workflows/flow/versions/v1")).result.workflow_id, "flow");
  assert.equal((await on.rest("/workflows/flow/versions/nope")).status, 404);
});

test("a fault is reported here, and its trace is not shown in the network", async () => {
  const on = await served(waits);
  on.host.registration.updateWorkflow = async () => {
    throw new Error("disk on fire");
  };

  const { status, errors } = await on.rest("/workflows/flow", "PUT", { class_name: "Flow", script_name: "f" });

  assert.deepEqual([status, errors[0].code, errors[0].traceback], [500, 10001, undefined]);
  assert.match(on.host.faults[0].stack, /disk on fire/);
});

test("times that no Date can hold are null", async () => {
  const on = await served(waits);
  await fill(on, 1);
  on.harness.db.exec("UPDATE instances SET created_on = 9e15, modified_on = -9e15");

  const [row] = (await on.rest("/workflows/flow/instances")).result;

  assert.deepEqual([row.created_on, row.modified_on], [null, null]);
});

test("a sleep is skipped", async () => {
  const on = await served(async (_event, step) => step.sleep("nap", "3 days"));
  await on.harness.create();
  await on.harness.pass(100);
  const skip = (/** @type {unknown} */ body) => on.rest("/workflows/flow/instances/i1/skip-sleep", "POST", body);

  assert.equal((await skip({ step: "other-1" })).status, 409);
  assert.equal((await skip({ step: "nap-1" })).success, true);
  await on.harness.pass(100);

  assert.equal(on.harness.status(), "complete");
});

test("what does not exist, and what is not allowed there, is refused as Cloudflare's API does", async () => {
  const { rest, network } = await served(waits);

  const nowhere = await rest("/nowhere");
  const method = await rest("/workflows/flow/versions", "DELETE");
  const explorer = await request(network, "/cdn-cgi/local/explorer/api/nowhere", "GET", null);

  assert.deepEqual([nowhere.status, nowhere.errors[0].code], [404, 7003]);
  assert.deepEqual([method.status, method.errors[0].code, method.headers.get("allow")], [405, 7001, "GET"]);
  assert.deepEqual([explorer.status, explorer.errors[0].code], [404, 10501]);
});

test("the explorer lists, describes, changes and deletes without an account", async () => {
  const on = await served(waits);
  await on.explorer("/workflows/flow/instances", "POST", { id: "a", params: { x: 1 } });
  await on.explorer("/workflows/flow/instances", "POST", {});
  await on.harness.settle();

  assert.deepEqual(ids(await on.explorer("/workflows")), ["flow"]);
  const list = await on.explorer("/workflows/flow/instances?page=1&per_page=1");
  assert.deepEqual([list.result.length, list.result_info.total_count, list.result_info.total_pages], [1, 2, 2]);
  assert.equal(typeof list.result_info.status_counts, "object");
  assert.equal((await on.explorer("/workflows/flow/instances/a/events/go", "POST", { ok: 1 })).result.success, true);
  assert.deepEqual((await on.explorer("/workflows/flow/instances/a", "DELETE")).result, { success: true });
  assert.equal((await on.explorer("/workflows/flow", "DELETE")).result.status, "ok");
  await on.harness.settle();
  assert.deepEqual(ids(await on.explorer("/workflows")), ["flow"]);
  assert.deepEqual(ids(await on.explorer("/workflows/flow/instances")), []);
});
