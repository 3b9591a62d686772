/** The metrics that Prometheus scrapes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { served } from "../server/served.js";

/** @typedef {Awaited<ReturnType<typeof served>>} Served */

const RETRIES = { retries: { limit: 1, delay: 1000, backoff: /** @type {const} */ ("constant") } };

/** @param {Served} on @param {string} [query] @param {Record<string, string>} [headers] */
async function scraped(on, query = "", headers = {}) {
  const response = await on.network.request(`http://127.0.0.1:8787/metrics${query}`, {
    headers: { host: "127.0.0.1:8787", ...headers },
  });
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
}

/** The samples of Stepwell's metrics that are not zero. @param {string} text @returns {Record<string, number>} */
function samplesOf(text) {
  const lines = text.split("\n").filter((line) => line.startsWith("stepwell_"));
  const samples = lines.map(
    (line) => /** @type {[string, number]} */ ([line.replace(/ \S+$/, ""), Number(line.split(" ").at(-1))]),
  );
  return Object.fromEntries(samples.filter(([, value]) => value !== 0));
}

test("instances, steps, attempts, retries, sleeps and waits are counted and measured", async () => {
  let failures = 0;
  const on = await served(async (_event, step) => {
    await step.do("pays", RETRIES, async () => {
      if (failures++ === 0) throw new Error("not yet");
    });
    await step.sleep("nap", 60_000);
    await step.waitForEvent("approval", { type: "go", timeout: "1 hour" });
  });
  await on.harness.create();
  await on.harness.pass(61_000);
  await on.harness.pass(2000);
  await on.harness.event();

  const { status, type, text } = await scraped(on);
  const samples = samplesOf(text);

  assert.deepEqual([status, type], [200, "text/plain; version=0.0.4; charset=utf-8"]);
  for (const [sample, value] of Object.entries({
    'stepwell_instances{workflow="flow",status="complete"}': 1,
    'stepwell_instances_queued_total{workflow="flow",trigger="api"}': 1,
    'stepwell_instances_finished_total{workflow="flow",status="complete"}': 1,
    'stepwell_steps_total{workflow="flow",outcome="success"}': 1,
    'stepwell_attempts_total{workflow="flow",outcome="success"}': 1,
    'stepwell_attempts_total{workflow="flow",outcome="failure"}': 1,
    'stepwell_retries_total{workflow="flow"}': 1,
    'stepwell_sleeps_total{workflow="flow",outcome="success"}': 1,
    'stepwell_waits_total{workflow="flow",outcome="success"}': 1,
    'stepwell_instance_duration_seconds_count{workflow="flow",status="complete"}': 1,
    'stepwell_instance_duration_seconds_sum{workflow="flow",status="complete"}': 63,
    'stepwell_attempt_duration_seconds_count{workflow="flow",outcome="failure"}': 1,
    'stepwell_instance_queue_seconds_count{workflow="flow"}': 1,
  }))
    assert.equal(samples[sample], value, `${sample}\n${text}`);
  assert.match(text, /^process_cpu_seconds_total /m);
});

test("failed and terminated instances, rollbacks and restarts are counted", async () => {
  const on = await served(async (event) => {
    if (event.payload === null) throw new Error("no payload");
    await new Promise(() => {});
  });
  await on.harness.create(null, "fails");
  await on.harness.create({}, "ends");
  await on.harness.engine.commands.terminate("flow", "ends");
  await on.harness.engine.commands.restart("flow", "fails");
  await on.harness.settle();

  const samples = samplesOf((await scraped(on)).text);

  assert.equal(samples['stepwell_instances_finished_total{workflow="flow",status="errored"}'], 2);
  assert.equal(samples['stepwell_instances_finished_total{workflow="flow",status="terminated"}'], 1);
  assert.equal(samples['stepwell_instances_queued_total{workflow="flow",trigger="api"}'], 3);
  assert.equal(samples['stepwell_instances{workflow="flow",status="errored"}'], 1);
});

test("a replay counts nothing again", async () => {
  const on = await served(async (_event, step) => {
    await step.do("once", {}, async () => 1);
    await step.waitForEvent("approval", { type: "go", timeout: "1 hour" });
  });
  await on.harness.create();
  await on.harness.pass(60_000);
  await on.harness.event();

  const samples = samplesOf((await scraped(on)).text);

  assert.equal(samples['stepwell_steps_total{workflow="flow",outcome="success"}'], 1);
  assert.equal(samples['stepwell_attempts_total{workflow="flow",outcome="success"}'], 1);
});

test("an account sees its own metrics alone, and a token is required where it is for REST", async () => {
  const on = await served(async () => {}, { policy: { tokenRequired: true } });
  const row = { className: "Flow", root: ".", main: "f.py", vars: "{}", versionId: "v1", stepLimit: null };
  await on.harness.engine.saveWorkflow({ ...row, name: "acme/vault" });
  on.access.addAccount("acme");
  await on.harness.engine.creator.create("acme/vault", { id: "a" });
  await on.harness.create();
  const bearer = async (/** @type {string} */ account) => {
    const { secret } = await on.access.tokens.create({ name: "prometheus", scope: "read", account });
    return { authorization: `Bearer ${secret}` };
  };
  const [acme, other] = [await bearer("acme"), await bearer("default")];

  assert.equal((await scraped(on)).status, 401);
  assert.equal((await scraped(on, "?account=acme", other)).status, 403);
  const [ofAcme, ofOther] = [await scraped(on, "?account=acme", acme), await scraped(on, "", other)];
  assert.match(ofAcme.text, /workflow="vault"/);
  assert.doesNotMatch(ofAcme.text, /workflow="flow"|^process_/m);
  assert.doesNotMatch(ofOther.text, /vault|acme/);
});

test("only an engine that shares its state says how it is divided, to the default account", async () => {
  const on = await served(async () => {});
  assert.doesNotMatch((await scraped(on)).text, /stepwell_(parts|engines)/);

  Object.assign(on.harness.engine, { division: { parts: 21, engines: 3 } });

  const { stepwell_parts: parts, stepwell_engines: engines } = samplesOf((await scraped(on)).text);
  assert.deepEqual([parts, engines], [21, 3]);
});
