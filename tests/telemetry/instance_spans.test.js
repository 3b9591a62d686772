/** The spans of instances, read off their logs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { instanceSpans } from "../../js/telemetry/instance_spans.js";
import { Harness } from "../engine/harness.js";

const RETRIES = { retries: { limit: 2, delay: 1000, backoff: /** @type {const} */ ("constant") } };

/** @param {Harness} harness @param {string} [id] */
function spansOf(harness, id = "i1") {
  return instanceSpans(harness.row(id), harness.rows(id), (text) => text.replaceAll("s3cret", "[TOKEN]"));
}

/** @param {ReturnType<typeof spansOf>} spans */
function tree(spans) {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans.map(({ name, parentSpanId }) => (parentSpanId ? `${names.get(parentSpanId)} > ${name}` : name));
}

/** @returns {import("../engine/fake_guest.js").Run} */
function allKinds() {
  let calls = 0;
  return async (_event, step) => {
    await step.do("pay", RETRIES, async () => {
      if (calls++ === 0) throw new Error("s3cret is wrong");
    });
    await step.sleep("nap", 60_000);
    await step.waitForEvent("approval", { type: "go", timeout: "1 hour" });
  };
}

test("an instance, its steps and their attempts are one trace", async () => {
  const harness = new Harness(allKinds());
  await harness.create();
  await harness.pass(2000);
  await harness.pass(60_000);
  await harness.event();

  const spans = spansOf(harness);

  assert.deepEqual(tree(spans), [
    "workflow flow",
    "workflow flow > pay",
    "pay > pay attempt 1",
    "pay > pay attempt 2",
    "workflow flow > nap",
    "workflow flow > approval",
  ]);
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
  assert.match(spans[0].traceId, /^[0-9a-f]{32}$/);
  assert.match(spans[0].spanId, /^[0-9a-f]{16}$/);
  assert.deepEqual(
    spans.map(({ status }) => status),
    ["ok", "ok", "error", "ok", "ok", "ok"],
  );
  assert.ok(spans.every((span) => span.attributes["workflow.instance.id"] === "i1" && span.end >= span.start));
  assert.equal(spans[4].end - spans[4].start, 60_000);
  assert.equal(spans[2].message, "[TOKEN] is wrong");
  assert.equal(spans[2].events[0].attributes?.["exception.type"], "Error");
  assert.deepEqual(spansOf(harness), spans, "ids are the same each time");
});

test("crashes and replays add no spans", async () => {
  const harness = new Harness(allKinds());
  await harness.create();
  await harness.pass(2000);
  harness.crash();
  await harness.pass(60_000);
  harness.crash();
  await harness.event();
  await harness.settle();

  assert.equal(harness.status(), "complete");
  assert.equal(tree(spansOf(harness)).length, 6);
});

test("an attempt that a crash has cut, and what an end cuts, end there", async () => {
  const harness = new Harness(async (_event, step) => step.do("long", RETRIES, () => new Promise(() => {})));
  await harness.create();
  await harness.pass(1000);
  harness.crash();
  await harness.pass(1000);
  await harness.engine.commands.terminate("flow", "i1");

  const spans = spansOf(harness);

  assert.deepEqual(tree(spans), [
    "workflow flow",
    "workflow flow > long",
    "long > long attempt 1",
    "long > long attempt 2",
  ]);
  assert.deepEqual(
    spans.slice(1).map(({ attributes }) => attributes["workflow.step.outcome"]),
    ["unfinished", "failure", "unfinished"],
  );
  assert.equal(spans[0].attributes["workflow.status"], "terminated");
});

test("an error of the instance is one of its span", async () => {
  const harness = new Harness(async () => {
    throw new Error("s3cret is wrong");
  });
  await harness.create();

  const [root] = spansOf(harness);

  assert.deepEqual([root.status, root.message], ["error", "[TOKEN] is wrong"]);
});

test("rollback handlers are spans, with their attempts", async () => {
  const harness = new Harness(async (_event, step) => {
    await step.do("book", {}, async () => 1, { rollback: async () => {} });
    throw new Error("no");
  });
  await harness.create();
  await harness.settle();

  assert.deepEqual(tree(spansOf(harness)), [
    "workflow flow",
    "workflow flow > book",
    "book > book attempt 1",
    "workflow flow > book",
    "book > book attempt 1",
  ]);
});

test("a restart is another trace", async () => {
  const harness = new Harness(async () => {});
  await harness.create();
  const [first] = spansOf(harness);
  await harness.pass(10);
  await harness.engine.commands.restart("flow", "i1");
  await harness.settle();

  assert.notEqual(spansOf(harness)[0].traceId, first.traceId);
});

test("a restarted instance keeps the link to what has created it", async () => {
  const [trace, span] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
  const harness = new Harness(async (_event, step) => void (await step.do("first", async () => 1)));
  await harness.engine.creator.create("flow", { id: "i1", params: "{}", traceparent: `00-${trace}-${span}-01` });
  await harness.settle();
  for (const from of [undefined, { name: "first", count: 1 }]) {
    await harness.engine.commands.restart("flow", "i1", from);
    await harness.settle();

    assert.deepEqual(spansOf(harness)[0].links, [{ traceId: trace, spanId: span }]);
  }
});
