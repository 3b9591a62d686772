/** What a serving tells its command. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { EventQueue } from "../../js/server/serving/event_queue.js";

/** @param {Uint8Array | undefined} chunk @returns {any[]} */
function eventsOf(chunk) {
  const lines = new TextDecoder().decode(chunk).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

test("events of one turn leave together, in their order", async () => {
  const queue = new EventQueue();
  const reader = queue.stream({ type: "ready" }, () => {}).getReader();

  queue.push({ type: "one" });
  queue.push({ type: "two" });

  assert.deepEqual(
    eventsOf((await reader.read()).value).map(({ type }) => type),
    ["ready", "one", "two"],
  );
});

test("what happens while it opens comes behind its first line", async () => {
  const queue = new EventQueue();
  queue.push({ type: "notice" });
  const reader = queue.stream({ type: "ready" }, () => {}).getReader();

  assert.deepEqual(
    eventsOf((await reader.read()).value).map(({ type }) => type),
    ["ready", "notice"],
  );
});

test("what has been pushed before the end is read", async () => {
  const queue = new EventQueue();
  const reader = queue.stream({ type: "ready" }, () => {}).getReader();

  queue.push({ type: "last" });
  queue.end();

  assert.equal(eventsOf((await reader.read()).value).at(-1).type, "last");
  assert.equal((await reader.read()).done, true);
});

test("what comes faster than it is read is counted and dropped", async () => {
  const queue = new EventQueue();
  const reader = queue.stream({ type: "ready" }, () => {}).getReader();
  for (let number = 0; number < 10_000; number += 1) queue.push({ type: "event", number });
  await turn();
  const kept = eventsOf((await reader.read()).value);

  queue.push({ type: "next" });
  const [dropped, next] = eventsOf((await reader.read()).value);

  assert.equal(kept.length, 10_000);
  assert.deepEqual([dropped.type, dropped.count, next.type], ["dropped", 1, "next"]);
});
