/** Code that spins, blocks, fills memory or floods its output, in a page. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./bare_fixture.js";
import { create, ended, run, told } from "./page.js";

test("a step that spins is cut at its timeout, in its frame: others keep their interpreter", async () => {
  const waiting = await create(page, "Waiter");
  await told(page, "Waiter", waiting, ["wait_started"]);
  const workers = page.workers().length;

  const detail = await run(page, "Spin");
  await page.evaluate((id) => host.sendEvent("Waiter", id, "reply", 1), waiting);

  assert.equal(detail.output, "WorkflowTimeoutError");
  assert.equal((await ended(page, "Waiter", waiting)).output, 1);
  assert.ok(page.workers().length <= workers + 1);
});

test("the page and the engine answer while code blocks its interpreter", async () => {
  const id = await create(page, "Block", { seconds: 4 });
  await told(page, "Block", id, ["attempt_started"]);

  const { total } = await page.evaluate(() => host.list());

  assert.ok(total > 0);
  assert.equal(await page.evaluate((each) => host.detail("Block", each).then(({ status }) => status), id), "running");
  assert.equal((await ended(page, "Block", id)).output, "slept");
});

test("a step that fills memory gets a MemoryError, and the next one runs", async () => {
  const filled = await run(page, "Fill");
  const next = await run(page, "Chain");

  assert.equal(filled.output, "MemoryError");
  assert.equal(next.status, "complete");
});

test("a flood of output is bounded, and says so", async () => {
  const detail = await run(page, "Flood");

  const size = detail.logs.reduce((sum, { text }) => sum + text.length, 0);
  assert.equal(detail.output, "written");
  assert.ok(size < 2_100_000, `${size} characters were kept`);
  assert.ok(detail.logs.some(({ level, text }) => level === "warning" && /dropped|not kept/.test(text)));
});
