/** Subscriptions over HTTP: server-sent events, and JSON lines for the command line. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ACCOUNT, served } from "./served.js";

/** @type {import("../engine/fake_guest.js").Run} */
const twoSteps = async (_event, step) => {
  await step.do("a", {}, async () => 1);
  await step.waitForEvent("approval", { type: "go", timeout: "1 hour" });
  return 2;
};

/** @param {Awaited<ReturnType<typeof served>>} on @param {string} [query] @param {Record<string, string>} [headers] */
async function subscribed(on, query = "", headers = {}) {
  const response = await on.network.request(
    `http://127.0.0.1:8787${ACCOUNT}/workflows/flow/instances/i1/subscribe${query}`,
    {
      headers: { host: "127.0.0.1:8787", ...headers },
    },
  );
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  return {
    response,
    reader,
    next: async () => decoder.decode((await reader.read()).value),
    rest: async () => {
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return text;
        text += decoder.decode(value);
      }
    },
  };
}

/** @param {string} text @returns {{ id: string, event: string, data: any }[]} */
function eventsOf(text) {
  return text
    .split("\n\n")
    .filter((block) => block.startsWith("id: "))
    .map((block) => {
      const [, id, event, data] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block) ?? [];
      return { id, event, data: JSON.parse(data) };
    });
}

test("events come as server-sent events, the past ones first, up to the last one", async () => {
  const on = await served(twoSteps);
  await on.harness.create();
  const stream = await subscribed(on);
  assert.equal(stream.response.headers.get("content-type"), "text/event-stream");
  const past = eventsOf(await stream.next()).map(({ event }) => event);
  assert.deepEqual([past[0], past.includes("step_completed")], ["workflow_queued", true]);

  await on.harness.event("go");
  const rest = eventsOf(await stream.rest());

  assert.equal(rest.at(-1)?.event, "workflow_completed");
  assert.equal(on.host.opened, 0);
});

test("a stream that broke off is taken up after the last event that was seen", async () => {
  const on = await served(twoSteps);
  await on.harness.create();
  await on.harness.event("go");
  const all = eventsOf(await (await subscribed(on)).rest());
  const seen = all[3];

  const again = eventsOf(await (await subscribed(on, "", { "last-event-id": seen.id })).rest());
  const byQuery = eventsOf(await (await subscribed(on, `?cursor=${seen.data.eventId}`)).rest());

  const expected = all.slice(4).map(({ data }) => data.eventId);
  assert.deepEqual(
    again.map(({ data }) => data.eventId),
    expected,
  );
  assert.deepEqual(
    byQuery.map(({ data }) => data.eventId),
    expected,
  );
});

test("a filter chooses events, and an unknown one is refused", async () => {
  const on = await served(twoSteps);
  await on.harness.create();
  await on.harness.event("go");

  const events = eventsOf(await (await subscribed(on, "?filter=step_started&filter=workflow_completed")).rest());

  assert.deepEqual(
    events.map(({ event }) => event),
    ["step_started", "workflow_completed"],
  );
  assert.equal((await on.rest("/workflows/flow/instances/i1/subscribe?filter=nope")).status, 400);
  assert.equal((await on.rest("/workflows/flow/instances/i1/subscribe?cursor=-1")).status, 400);
});

test("long values come as what they begin with, where that is asked for", async () => {
  const on = await served(async (_event, step) => [await step.do("a", {}, async () => "x".repeat(1001)), 2]);
  await on.harness.create();

  const outputOf = async (/** @type {string} */ query) =>
    eventsOf(await (await subscribed(on, query)).rest()).find(({ event }) => event === "step_completed")?.data.output;

  assert.equal(await outputOf(""), "x".repeat(1001));
  assert.equal(await outputOf("?values=short"), `"${"x".repeat(299)}`);
});

test("progress comes where it is asked for, and a browser that connects again gets what it had not", async () => {
  const on = await served((_event, step) => step.do("a", {}, () => new Promise(() => {})));
  await on.harness.create();
  const [pass] = on.harness.guest.passes.keys();
  const report = async (/** @type {number} */ ref) => {
    on.harness.guest.onmessages([{ type: "progress", pass, ref, step: 1, attempt: 1, value: String(ref) }]);
    await on.harness.settle();
  };
  for (const ref of [101, 102, 103]) await report(ref);
  const first = await subscribed(on, "?progress=0");
  const items = eventsOf(await first.next()).filter(({ event }) => event === "step_progress");
  await first.reader.cancel();
  await report(104);

  // The address stays the same; the browser says in a header what it had.
  const again = await subscribed(on, "?progress=0", { "last-event-id": items[1].id });
  const rest = eventsOf(await again.next());
  await again.reader.cancel();

  assert.deepEqual(
    items.map(({ data }) => data.progress),
    [101, 102, 103],
  );
  assert.deepEqual(
    rest.map(({ data }) => data.progress),
    [103, 104],
  );
  const without = await subscribed(on);
  assert.ok(!(await without.next()).includes("step_progress"));
  await without.reader.cancel();
});

test("programs that ask for JSON lines get them", async () => {
  const on = await served(twoSteps);
  await on.harness.create();
  await on.harness.event("go");

  const stream = await subscribed(on, "", { accept: "application/x-ndjson" });

  assert.equal(stream.response.headers.get("content-type"), "application/x-ndjson");
  const lines = (await stream.rest()).trimEnd().split("\n");
  assert.equal(JSON.parse(lines[0]).type, "workflow_queued");
});

test("nothing is read for a subscriber that takes nothing, and one that leaves is forgotten", async () => {
  const on = await served(twoSteps);
  await on.harness.create();
  let reads = 0;
  const additions = on.harness.engine.additions.bind(on.harness.engine);
  on.harness.engine.additions = (...args) => {
    reads += 1;
    return additions(...args);
  };
  const stream = await subscribed(on);
  await stream.next();
  const before = reads;

  for (let i = 0; i < 5; i++) await on.harness.event("other");

  assert.ok(reads - before <= 1, `${reads - before} reads`);
  await stream.reader.cancel();
  assert.equal(on.host.opened, 0);
});

test("a subscription of a deleted instance ends", async () => {
  const on = await served(twoSteps);
  await on.harness.create();
  const stream = await subscribed(on);
  await stream.next();

  await on.harness.engine.commands.delete("flow", "i1");

  assert.equal((await stream.reader.read()).done, true);
});
