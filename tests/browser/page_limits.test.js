/** What the page says where it cannot go on as it should: two tabs, a browser that lacks something. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Playground } from "./page.js";
import { hasStatus, isReady, openSeen, start, writeJson } from "./seen.js";

/** @type {Playground} */
let playground;

before(async () => {
  playground = await Playground.start();
});
after(() => playground.close());

test("a second tab is told, and can take over; the first is told then", async () => {
  const { page, context } = await openSeen(playground);
  await start(page, "Sleeper", {}, "shared");
  await hasStatus(page, "waiting");
  const { page: second } = await playground.open({ context });
  await second.getByText("open in another tab").waitFor();
  await second.getByText("The instances are in the other tab.").waitFor();
  // What needs the state is not offered: it would not run.
  assert.equal(await second.getByRole("button", { name: "Start", exact: true }).count(), 0);
  await second.getByRole("button", { name: "Take over" }).click();
  await second.locator(".instance-row", { hasText: "shared" }).waitFor();

  await page.getByText("open in another tab").waitFor();
  await isReady(second);
  await second.locator(".codepane .cm-content").getByText("class Sleeper").waitFor();
  await context.close();
});

test("without OPFS the page says that a reload loses everything, and works", async () => {
  const { page, context } = await openSeen(playground, {
    init: () => Reflect.deleteProperty(StorageManager.prototype, "getDirectory"),
  });
  await page
    .locator(".banner")
    .getByText(/reload/)
    .waitFor();
  await start(page, "Steps");

  await hasStatus(page, "complete");
  await context.close();
});

test("a quota that is full is told of with what to do, and the playground can be started again", async () => {
  const { page, context } = await openSeen(playground);
  await start(page, "Steps", {}, "kept");
  await hasStatus(page, "complete");
  const devtools = await context.newCDPSession(page);
  const origin = new URL(playground.url).origin;
  await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  await writeJson(page, ".startform .cm-content", JSON.stringify({ large: "x".repeat(900_000) }));
  const banner = page.getByRole("alert").filter({ hasText: "Delete instances" });
  const button = page.locator(".startform").getByRole("button", { name: "Start" });
  while (!(await banner.isVisible())) await button.click();
  await devtools.send("Storage.overrideQuotaForOrigin", { origin });
  await page.getByRole("button", { name: "Start again" }).click();
  await isReady(page);

  await page.locator(".instance-row", { hasText: "kept" }).getByText("complete").waitFor();
  await context.close();
});

test("without WebAssembly the page says what is missing", async () => {
  const { page, context } = await playground.open({ init: () => Reflect.deleteProperty(globalThis, "WebAssembly") });
  await page.getByRole("heading", { name: "This browser cannot run the playground." }).waitFor();
  await page.getByRole("listitem").getByText("WebAssembly", { exact: true }).waitFor();

  await context.close();
});
