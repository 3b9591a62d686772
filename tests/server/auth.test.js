/** Tokens, accounts, the audit log and the limits of a listener. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ids, request, served } from "./served.js";

/** @type {import("../engine/fake_guest.js").Run} */
const waits = async (_event, step) => step.waitForEvent("approval", { type: "go", timeout: "1 hour" });
const ROW = { className: "Flow", root: ".", main: "f.py", vars: "{}", versionId: "v1", stepLimit: null };
const CREATE = "/workflows/flow/instances";

/** @param {Awaited<ReturnType<typeof served>>} on @param {"read" | "write" | "admin"} scope @param {string} [account] */
async function tokenOf(on, scope, account) {
  const { secret } = await on.access.tokens.create({ name: scope, scope, ...(account ? { account } : {}) });
  on.access.addAccount(account ?? "default");
  return secret;
}

/** @param {string} secret */
const bearer = (secret) => ({ authorization: `Bearer ${secret}` });

for (const [what, headers] of /** @type {[string, Record<string, string>][]} */ ([
  ["no token", {}],
  ["a wrong token", bearer("stepwell_wrong")],
  ["a token of another scheme", { authorization: "Basic c3RlcHdlbGw6eA==" }],
  ["an empty key", { "x-auth-key": "", "x-auth-email": "a@b.c" }],
])) {
  test(`a request with ${what} is refused where tokens are required`, async () => {
    const { rest } = await served(waits, { policy: { tokenRequired: true } });

    const { status, success, errors, headers: answered } = await rest("/workflows", "GET", null, headers);

    assert.deepEqual([status, success, errors[0].code, errors[0].message], [401, false, 10000, "Authentication error"]);
    assert.equal(answered.get("www-authenticate"), "Bearer");
  });
}

test("both header kinds of Cloudflare's clients carry a token", async () => {
  const on = await served(waits, { policy: { tokenRequired: true } });
  const secret = await tokenOf(on, "read");

  for (const headers of [bearer(secret), { "x-auth-key": secret, "x-auth-email": "user@example.com" }])
    assert.equal((await on.rest("/workflows", "GET", null, headers)).status, 200);
});

test("a token is stored as a hash", async () => {
  const on = await served(waits);
  const secret = await tokenOf(on, "admin");

  const [row] = on.harness.db.prepare("SELECT * FROM tokens").all();
  assert.match(String(row.hash), /^[0-9a-f]{64}$/);
  assert.doesNotMatch(JSON.stringify(row), new RegExp(secret));
});

test("a revoked and an expired token are refused", async () => {
  const on = await served(waits, { policy: { tokenRequired: true } });
  const { row, secret } = await on.access.tokens.create({ name: "a", scope: "read" });
  const short = await on.access.tokens.create({ name: "b", scope: "read", expiresOn: on.harness.clock.now() + 1000 });
  assert.equal((await on.rest("/workflows", "GET", null, bearer(short.secret))).status, 200);

  await on.access.tokens.revoke(row.id);
  await on.harness.pass(1000);

  for (const each of [secret, short.secret])
    assert.equal((await on.rest("/workflows", "GET", null, bearer(each))).status, 401);
  await assert.rejects(on.access.tokens.revoke("nope"), { reason: "token.not_found" });
});

for (const [scope, allowed] of /** @type {["read" | "write" | "admin", string[]][]} */ ([
  ["read", ["GET"]],
  ["write", ["GET", "POST"]],
  ["admin", ["GET", "POST", "DELETE"]],
])) {
  test(`scope ${scope} allows ${allowed.join(", ")}`, async () => {
    const on = await served(waits, { policy: { tokenRequired: true } });
    const headers = bearer(await tokenOf(on, scope));
    const statuses = {
      GET: (await on.rest(CREATE, "GET", null, headers)).status,
      POST: (await on.rest(CREATE, "POST", {}, headers)).status,
      DELETE: (await on.rest("/workflows/flow", "DELETE", null, headers)).status,
    };

    for (const [method, status] of Object.entries(statuses))
      assert.equal(status, allowed.includes(method) ? 200 : 403, method);
  });
}

test("accounts see nothing of each other", async () => {
  const on = await served(waits, { policy: { tokenRequired: true } });
  await on.harness.engine.saveWorkflow({ ...ROW, name: "acme/orders" });
  await on.harness.engine.saveWorkflow({ ...ROW, name: "acme/flow" });
  await on.harness.create();
  const [acme, other] = [await tokenOf(on, "admin", "acme"), await tokenOf(on, "admin")];
  const as = (
    /** @type {string} */ account,
    /** @type {string} */ secret,
    path = "/workflows",
    method = "GET",
    body = /** @type {unknown} */ (null),
  ) => request(on.network, `/client/v4/accounts/${account}${path}`, method, body, bearer(secret));

  assert.deepEqual(ids(await as("acme", acme)), ["flow", "orders"]);
  assert.deepEqual(ids(await as("whatever", other)), ["flow"]);
  assert.deepEqual(ids(await as("acme", acme, CREATE)), []);
  assert.deepEqual(ids(await as("acme", acme, "/workflows/-/instances")), []);
  assert.equal((await as("acme", other)).status, 403);
  assert.equal((await as("default", acme)).status, 403);
  assert.equal((await as("default", other, "/workflows/acme%2Forders")).errors[0].code, 10200);
  assert.equal((await as("acme", acme, CREATE, "POST", { instance_id: "i1" })).result.workflow_id, "flow");
  assert.equal((await as("acme", acme, `${CREATE}/i1`, "GET")).result.status !== undefined, true);
  assert.equal((await as("acme", acme, "/workflows/flow/instances/terminate", "PUT")).result.status, "ok");
  await on.harness.settle();
  assert.notEqual((await as("default", other, `${CREATE}/i1`)).result.status, "terminated");
});

test("a workflow's bindings lead to workflows of its own account", async () => {
  const on = await served(waits);
  await on.harness.engine.saveWorkflow({ ...ROW, name: "acme/flow" });
  await on.harness.engine.creator.create("acme/flow", { id: "caller" });
  await on.harness.settle();
  const call = (/** @type {number} */ ref, /** @type {string} */ workflow) =>
    on.harness.guest.onmessages([
      { type: "call", pass: 1, ref, workflow, method: "create", args: { id: `made${ref}` } },
    ]);

  call(1, "flow");
  call(2, "other/flow");
  await on.harness.settle();

  const made = await on.harness.engine.list({ workflow: "acme/flow", limit: 10 });
  assert.deepEqual(
    made.rows.map(({ id }) => id),
    ["made1", "caller"],
  );
  assert.equal((await on.harness.engine.list({ workflow: "flow", limit: 10 })).total, 0);
});

test("workflow code is told the name without its account", async () => {
  /** @type {string[]} */
  const names = [];
  const on = await served(async (event) => void names.push(event.workflowName));
  await on.harness.engine.saveWorkflow({ ...ROW, name: "acme/flow" });
  await on.harness.engine.creator.create("acme/flow", { id: "a" });
  await on.harness.settle();

  assert.deepEqual(names, ["flow"]);
});

test("the audit log says who changed what, and what came of it", async () => {
  const on = await served(waits);
  const secret = await tokenOf(on, "write");
  await on.harness.create();
  await on.rest(`${CREATE}/i1/status`, "PATCH", { status: "terminate" }, bearer(secret));
  await on.rest(`${CREATE}/i1/status`, "PATCH", { status: "terminate" });
  await on.ask("/i1/status", "PATCH", { status: "restart" });
  await on.ask("/batch/delete", "POST", { instances: ["i1"] });

  const entries = await on.access.loadAudit({ limit: 10 });

  assert.deepEqual(
    entries.map(({ actor, action, workflow, instance, outcome }) => [
      actor.replace(/[0-9a-f]{8}/, "ID"),
      action,
      workflow,
      instance,
      outcome,
    ]),
    [
      ["local user", "instances.delete", "flow", null, "done"],
      ["local user", "instance.restart", "flow", "i1", "done"],
      ["anonymous@", "instance.terminate", "flow", "i1", "refused: instance.cannot_terminate"],
      ["write (token ID)", "instance.terminate", "flow", "i1", "done"],
    ],
  );
});

test("the audit log says what the code of an instance changes, and what came of it", async () => {
  const on = await served(() => new Promise(() => {}));
  await on.harness.create({}, "caller");
  await on.harness.create({}, "i1");
  const calls = /** @type {const} */ ([
    ["pause", { id: "i1" }],
    ["resume", { id: "i1" }],
    ["terminate", { id: "i1", rollback: true }],
    ["terminate", { id: "i1" }],
    ["restart", { id: "i1" }],
    ["status", { id: "i1" }],
    ["delete", { id: "i1" }],
    ["delete", { id: "i1" }],
    ["deleteBatch", { ids: ["caller"] }],
  ]);

  for (const [ref, [method, args]] of calls.entries()) {
    on.harness.guest.onmessages([{ type: "call", pass: 1, ref, workflow: "flow", method, args }]);
    await on.harness.settle();
  }

  const entries = await on.access.loadAudit({ limit: 20 });
  assert.deepEqual(new Set(entries.map(({ actor }) => actor)), new Set(["instance caller of workflow flow"]));
  assert.deepEqual(
    entries.toReversed().map(({ action, instance, detail, outcome }) => [action, instance, detail, outcome]),
    [
      ["instance.pause", "i1", "{}", "done"],
      ["instance.resume", "i1", "{}", "done"],
      ["instance.terminate", "i1", '{"rollback":true}', "done"],
      ["instance.terminate", "i1", "{}", "refused: instance.cannot_terminate"],
      ["instance.restart", "i1", "{}", "done"],
      ["instance.delete", "i1", "{}", "done"],
      ["instance.delete", "i1", "{}", "refused: instance.not_found"],
      ["instances.delete", null, '{"ids":["caller"]}', "done"],
    ],
  );
});

test("code that changes instances in a loop removes no entry of people from the audit log, and a bounded number is kept", async () => {
  const on = await served(waits);
  const [forged, person] = ["instance i of workflow f", "local user"].map((name) => ({ name, reader: name }));
  await on.access.audit.record(person, { action: "kept" }, async () => {});
  await on.access.audit.record({ ...forged, name: `${forged.name} (token 1)` }, { action: "kept" }, async () => {});
  const change = { caller: { workflow: "f", id: "i" }, action: "a", workflow: "f", instance: "x", detail: {} };
  for (let i = 0; i < 12_500; i++) await on.access.audit.recordCode(change, async () => {});
  await on.harness.engine.commits.committed();

  const { n } = /** @type {{ n: number }} */ (on.harness.db.prepare("SELECT count(*) AS n FROM audit").get());
  assert.ok(n >= 10_002 && n <= 11_002, `${n} entries`);
  assert.equal(on.harness.db.prepare("SELECT count(*) AS n FROM audit WHERE action = 'kept'").get()?.n, 2);
});

test("a long detail is cut", async () => {
  const on = await served(waits);
  await on.ask("/batch/delete", "POST", { instances: Array.from({ length: 100 }, () => "x".repeat(99)) });

  const [{ detail }] = await on.access.loadAudit({ limit: 1 });

  assert.ok(detail !== null && detail.length < 10_000);
  assert.match(JSON.parse(detail).cut, /^\{"instances":\["xxx/);
});

test("an entry of the audit log is written with the change", async () => {
  const on = await served(waits);
  await on.harness.create();
  let inLog = 0;
  on.harness.oncommit = (commit) => {
    commit();
    inLog = Number(on.harness.db.prepare("SELECT count(*) AS n FROM audit").get()?.n);
    if (on.harness.db.prepare("SELECT status FROM instances").get()?.status === "terminated") assert.equal(inLog, 1);
  };

  await on.ask("/i1/status", "PATCH", { status: "terminate" });

  assert.equal(inLog, 1);
});

for (const [what, headers, status] of /** @type {[string, Record<string, string>, number][]} */ ([
  ["another host", { host: "evil.example" }, 421],
  ["another site's page", { origin: "https://evil.example" }, 403],
  ["its own page", { origin: "http://127.0.0.1:8787" }, 200],
  ["localhost", { host: "localhost:8787" }, 200],
])) {
  test(`a request for ${what} is answered with ${status}`, async () => {
    const { rest } = await served(waits);

    assert.equal((await rest("/workflows", "GET", null, headers)).status, status);
  });
}

test("a base path is taken off, and not needed where the proxy has done that", async () => {
  const { network } = await served(waits, {
    policy: { publicUrl: "https://example.com/flows", hosts: ["example.com"] },
  });

  for (const base of ["/flows", ""])
    assert.equal((await request(network, `${base}/client/v4/accounts/a/workflows`, "GET", null)).status, 200, base);
  const document = await (
    await network.request("http://127.0.0.1:8787/flows/client/v4/openapi.json", { headers: { host: "example.com" } })
  ).json();
  assert.deepEqual(document.servers, [{ url: "https://example.com/flows" }]);
});

test("more creations than the rate allows are refused until there is room again", async () => {
  const on = await served(waits, { policy: { creationsPerSecond: 2 } });
  const create = (body = {}, path = "") => on.rest(CREATE + path, "POST", body);
  assert.deepEqual([(await create()).status, (await create({ instance_id: "b" })).status], [200, 200]);

  const { status, errors, headers } = await create({ instance_id: "c" });

  assert.deepEqual([status, errors[0].code, headers.get("retry-after")], [429, 971, "1"]);
  assert.equal((await create([{}], "/batch")).status, 429);
  assert.equal((await on.explorer(CREATE, "POST", {})).status, 429);
  assert.equal((await on.rest(`${CREATE}/b/status`, "PATCH", { status: "restart" })).status, 429);
});

for (const [what, body, status] of /** @type {[string, string, number][]} */ ([
  ["is not JSON", "{", 400],
  ["nests too deeply", `{"params": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`, 400],
  ["is too large", `{"params": "${"x".repeat(17 * 2 ** 20)}"}`, 413],
  ["has a number that nothing can hold", '{"params": 1e999}', 400],
  ["has params that are too large", `{"params": "${"x".repeat(2 ** 20 + 1)}"}`, 400],
  ["has half a character", '{"params": "\\ud800"}', 200],
])) {
  test(`a body that ${what} is answered with ${status}`, async () => {
    const { rest } = await served(waits);

    assert.equal((await rest(CREATE, "POST", body)).status, status);
  });
}

for (const [scope, allowed] of /** @type {["read" | "write" | "admin", number[]][]} */ ([
  ["read", [200, 403, 403]],
  ["write", [200, 200, 403]],
  ["admin", [200, 200, 200]],
])) {
  test(`a command that asks for the holder of a token of scope ${scope} may do what the token allows`, async () => {
    const on = await served(waits);
    const headers = { "stepwell-caller": await tokenOf(on, scope) };

    const get = await request(on.app, CREATE, "GET", null, headers);
    const create = await request(on.app, CREATE, "POST", {}, headers);
    const remove = await request(on.app, "/workflows/flow", "DELETE", null, headers);

    assert.deepEqual([get.status, create.status, remove.status], allowed);
  });
}

test("a command that asks for a caller without a valid token is refused", async () => {
  const on = await served(waits);

  for (const secret of ["", "stepwell_wrong", "a b"])
    assert.equal((await request(on.app, CREATE, "GET", null, { "stepwell-caller": secret })).status, 401);
});

test("a command that asks for a caller exports and forks with scope write and in the token's account only", async () => {
  const on = await served(waits);
  on.host.copies.export = async () => new Uint8Array();
  const path = "/workflows/flow/instances/i/export";
  const [read, write] = [await tokenOf(on, "read"), await tokenOf(on, "write")];
  const other = await tokenOf(on, "admin", "other");
  /** @param {string} target @param {string} method @param {string} secret */
  const status = async (target, method, secret) => {
    const init = { method, headers: { "stepwell-caller": secret }, ...(method === "POST" ? { body: "{}" } : {}) };
    return (await on.app.request(`http://127.0.0.1${target}`, init)).status;
  };

  assert.deepEqual(
    [await status(path, "GET", read), await status(path, "GET", other), await status(path, "GET", write)],
    [403, 403, 200],
  );
  assert.equal(await status("/workflows/flow/forks", "POST", read), 403);
});

test("the audit log has the holder of the token for whom a command asks", async () => {
  const on = await served(waits);
  await on.ask("", "POST", { instance_id: "i1" });
  const headers = { "stepwell-caller": await tokenOf(on, "write") };

  const path = "/workflows/flow/instances/i1/status";
  assert.equal((await request(on.app, path, "PATCH", { status: "terminate" }, headers)).status, 200);

  const [entry] = await on.access.loadAudit({ limit: 1 });
  assert.match(entry?.actor ?? "", /^write \(token [0-9a-f]{8}\)$/);
});

test("a token is found by its secret until it is revoked", async () => {
  const on = await served(waits);
  const { row, secret } = await on.access.tokens.create({ name: "agent", scope: "read" });
  const find = async () => (await request(on.app, "/tokens/find", "POST", { secret })).result.token;

  assert.deepEqual([(await find()).id, (await find()).hash], [row.id, undefined]);
  await on.access.tokens.revoke(row.id);
  assert.equal(await find(), null);
});
