/** Finding an instance: by a filter, by a search, and by its address. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { page, playground } from "./page_fixture.js";
import { hasStatus, isReady, openSeen, start, step, view } from "./seen.js";

test("on a first visit two sentences say what the page is, with a link to the documentation", async () => {
  const welcome = page.locator(".welcome");
  await welcome.getByText("A workflow is a Python class").waitFor();
  await welcome.getByText("continues after its last saved step").waitFor();
  assert.match((await welcome.getByRole("link").getAttribute("href")) ?? "", /^https:/);
  await welcome.getByRole("button", { name: "Run Steps" }).click();

  await hasStatus(page, "complete");
});

test("the list is filtered by status and searched by id", async () => {
  await start(page, "Sleeper", {}, "asleep");
  await hasStatus(page, "waiting");
  await start(page, "Fails", {}, "broken");
  await hasStatus(page, "errored");
  const rows = page.locator(".instance-row");
  assert.equal(await rows.count(), 3);

  await page.getByLabel("Status of the instances").selectOption("unfinished");
  await page.locator(".instances h2", { hasText: "1 of 3" }).waitFor();
  assert.match(await rows.first().innerText(), /asleep/);
  await page.getByLabel("Status of the instances").selectOption("");
  await page.getByLabel("Search the instances").fill("BROK");
  await page.locator(".instances h2", { hasText: "1 of 3" }).waitFor();
  assert.match(await rows.first().innerText(), /broken/);
  await page.getByLabel("Search the instances").fill("nothing like it");
  await page.getByText("No instance matches.").waitFor();
  await page.getByLabel("Search the instances").fill("");
});

test("the address names instance, view and step: a reload and Back lead to them", async () => {
  await start(page, "Steps", {}, "addressed");
  await hasStatus(page, "complete");
  await step(page, "flaky").click();
  await page.getByRole("region", { name: "Step flaky-1" }).waitFor();
  assert.equal(new URL(page.url()).hash, "#/instances/Steps/addressed/timeline?step=step+flaky-1");
  assert.match(await page.title(), /^addressed/);
  await page.reload();

  await page.getByRole("region", { name: "Step flaky-1" }).waitFor();
  await view(page, "Events");
  await page.locator(".instance-row", { hasText: "asleep" }).click();
  await page.getByRole("heading", { name: "asleep" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "addressed" }).waitFor();
  assert.equal(await page.getByRole("tab", { name: "Events" }).getAttribute("aria-selected"), "true");
});

test("the address of an instance that is missing says so", async () => {
  await page.goto(`${playground.url}#/instances/Steps/${encodeURIComponent("no/such")}`);
  await page.reload();
  await isReady(page);

  await page
    .getByText(/does not exist|no\/such/)
    .first()
    .waitFor();
});

test("a whole state is told from a run, with the command that shows it", async () => {
  const { page: other, context } = await openSeen(playground);
  const header = Buffer.alloc(4096);
  header.write("SQLite format 3\0");
  header.writeUInt32BE(0x53746570, 68);
  const chooser = other.waitForEvent("filechooser");
  await other.getByRole("button", { name: "File", exact: true }).click();
  await other.getByRole("menuitem", { name: /^Open…/ }).click();
  await (await chooser).setFiles({ name: "state.sqlite", mimeType: "application/vnd.sqlite3", buffer: header });

  await other.getByText("Look at the state with: stepwell ui state.sqlite").waitFor();
  await context.close();
});
