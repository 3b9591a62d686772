/** A follower gets a long log in portions, and nothing of it twice or in another order. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Feed } from "../../js/engine/feed.js";
import { Harness } from "./harness.js";

const MB = 1_000_000;

/** @param {number} steps @param {(i: number) => unknown} result */
async function followed(steps, result) {
  const h = new Harness(async (_event, step) => {
    for (let i = 0; i < steps; i++) await step.do("a", () => result(i));
    return "done";
  });
  await h.create();
  while (h.status() !== "complete") await h.settle();
  const feed = new Feed(h.engine, h.row(), { cursor: 0, filter: undefined });
  /** @type {any[][]} */
  const portions = [];
  for (let more = true; more;) {
    const found = await feed.read();
    portions.push(found.lines);
    ({ more } = found);
  }
  return { h, portions, all: portions.flat() };
}

test("large results come a few at a time", async () => {
  const { portions, all } = await followed(10, () => "x".repeat(MB));

  assert.ok(portions.length >= 5, String(portions.length));
  assert.ok(portions.every((lines) => JSON.stringify(lines).length < 2.5 * MB));
  assert.equal(all.filter(({ type }) => type === "step_completed").length, 10);
});

test("many events come in portions, in their order", async () => {
  const { portions, all } = await followed(1000, (i) => i);

  assert.ok(portions.length > 1);
  const ids = all.map(({ eventId }) => eventId);
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(all.at(-1).type, "workflow_completed");
});

test("what is printed stays beside the events of its time", async () => {
  const { h } = await followed(1000, (i) => i);
  const [{ at }] = h.rows();
  h.store.outputWritten(1, [
    { at, step: null, level: "stdout", text: "early" },
    { at: at + 3_600_000, step: null, level: "stdout", text: "late" },
  ]);
  const feed = new Feed(h.engine, h.row(), { cursor: 0, filter: undefined });

  const first = (await feed.read()).lines.flatMap((/** @type {any} */ line) => line.text ?? []);
  const rest = [];
  for (let more = true; more;) {
    const found = await feed.read();
    rest.push(...found.lines.flatMap((/** @type {any} */ line) => line.text ?? []));
    ({ more } = found);
  }
  assert.deepEqual([first, rest], [["early"], ["late"]]);
});
