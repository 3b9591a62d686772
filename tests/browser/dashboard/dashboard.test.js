/** The dashboard: workflows and charts, the list, an instance live, what is done to it, tokens. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openDashboard } from "./served.js";

const HOSTILE = `<img src=x onerror="alert(1)"><b>bold</b>`;

/** @type {import("../../engine/fake_guest.js").Run} */
async function flow(event, step) {
  const { payload } = event;
  await step.do("first", async () => ({ got: payload.n ?? 0, text: HOSTILE }));
  if (payload.fails)
    await step.do(HOSTILE, { retries: { limit: 0, delay: 1 } }, async () => {
      throw new Error(HOSTILE);
    });
  if (payload.sleeps) await step.sleep("nap", "1 hour");
  if (payload.waits) return (await step.waitForEvent("the approval", { type: "approval", timeout: "1 hour" })).payload;
  return "done";
}

/** @type {import("./served.js").Dashboard} */
let dashboard;

/** @param {string} id @param {object} [params] */
async function create(id, params = {}) {
  await dashboard.harness.engine.creator.create("flow", { id, params: JSON.stringify(params) });
  await dashboard.pass();
}

before(async () => {
  dashboard = await openDashboard(flow);
  await create("plain", { n: 7 });
  await create("failed", { fails: true });
  await create("asleep", { sleeps: true });
});
after(() => dashboard.close());

test("the workflows are listed with their numbers, and a number leads to those instances", async () => {
  const page = await dashboard.open();
  await page
    .getByRole("row", { name: /flow/ })
    .getByRole("link", { name: /1 errored/ })
    .click();

  await page.locator(".instance-line").first().waitFor();
  assert.deepEqual(await page.locator(".instance-line .name").allInnerTexts(), ["failed"]);
  assert.equal(new URL(page.url()).hash, "#/workflows/flow?status=errored");
});

test("charts show what ended", async () => {
  const page = await dashboard.open();
  const chart = page.getByRole("img", { name: /^Instances that ended/ });

  assert.match((await chart.getAttribute("aria-label")) ?? "", /complete 1, errored 1/);
});

test("a new instance comes into the list by itself", async () => {
  const page = await dashboard.open("#/workflows/flow");
  await page.locator(".instance-line", { hasText: "asleep" }).waitFor();
  await create("newcomer");

  await page.locator(".instance-line", { hasText: "newcomer" }).getByText("complete").waitFor();
});

test("a search finds what is in params, results, errors and steps, and says where", async () => {
  const page = await dashboard.open("#/instances?text=onerror");
  await page.locator(".instance-line", { hasText: "failed" }).getByText("found in error").waitFor();

  await page.getByRole("searchbox").fill('"n":7');
  await page.locator(".instance-line", { hasText: "plain" }).getByText("found in params").waitFor();
  assert.equal(await page.locator(".instance-line").count(), 1);
});

test("an instance is followed live: a sleep is skipped, and its end is seen", async () => {
  await create("followed", { sleeps: true });
  const page = await dashboard.open("#/instances/flow/followed");
  await page.getByRole("option", { name: /nap/ }).waitFor();
  const skipped = page.waitForResponse(/skip-sleep$/);
  await page.getByRole("button", { name: "Skip sleep" }).click();
  await skipped;
  await dashboard.pass();

  await page.locator(".head .pill", { hasText: "complete" }).waitFor();
});

test("the waiting step's event is sent from the form", async () => {
  await create("waits", { waits: true });
  const page = await dashboard.open("#/instances/flow/waits");
  await page.getByRole("button", { name: "Send event" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "approval" }).waitFor();
  await dialog.getByLabel("Payload (JSON)").fill('{"yes": true}');
  await dialog.getByRole("button", { name: "Send" }).click();
  await page.getByText("Sent approval").waitFor();
  await dashboard.pass();

  await page.locator(".head .pill", { hasText: "complete" }).waitFor();
  await page.getByRole("tab", { name: "Result" }).click();
  assert.match(await page.getByRole("region", { name: "Output" }).innerText(), /"yes": true/);
});

test("names and values of others are text, and never markup", async () => {
  const page = await dashboard.open("#/instances/flow/failed");
  await page.getByRole("option", { name: /bold/ }).click();
  await page.getByRole("region", { name: /^Step/ }).getByText(HOSTILE).first().waitFor();

  assert.equal(await page.locator("img[src=x]").count(), 0);
});

test("an instance is forked with another result", async () => {
  const page = await dashboard.open("#/instances/flow/plain");
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: /^Fork…/ }).click();
  await page.getByRole("dialog").getByLabel("Changed results, by step (JSON)").fill('{"first-1": "changed"}');
  await page.getByRole("dialog").getByRole("button", { name: "Fork" }).click();
  await page.getByRole("heading", { name: /^plain-fork-/ }).waitFor();
  await dashboard.pass();

  await page.locator(".head .pill", { hasText: "complete" }).waitFor();
  await page.getByRole("option", { name: /first/ }).click();
  await page.getByRole("region", { name: "Step first-1" }).getByText('"changed"').waitFor();
});

test("an instance is forked with other params", async () => {
  const page = await dashboard.open("#/instances/flow/plain");
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: /^Fork…/ }).click();
  const params = page.getByRole("dialog").getByLabel("Parameters (JSON)");
  assert.deepEqual(JSON.parse(await params.inputValue()), { n: 7 });
  await params.fill('{"n": 8}');
  await page.getByRole("dialog").getByRole("button", { name: "Fork" }).click();
  await page.getByRole("heading", { name: /^plain-fork-/ }).waitFor();
  await dashboard.pass();

  await page.locator(".head .pill", { hasText: "complete" }).waitFor();
  await page.getByRole("tab", { name: "Result" }).click();
  assert.match(await page.getByRole("region", { name: "Parameters" }).innerText(), /"n": 8/);
});

test("the list is sorted by a click on a column, and again by another, and the address keeps the order", async () => {
  const page = await dashboard.open("#/workflows/flow");
  await page.locator(".instance-line .name").first().waitFor();
  const ids = () => page.locator(".instance-line .name").allInnerTexts();
  await page.getByRole("button", { name: "Instance, sort: id, A to Z" }).click();
  await page.getByRole("button", { name: "Instance, sort: id, Z to A" }).waitFor();
  await page.locator(".virtual-row:first-child .name", { hasText: "asleep" }).waitFor();
  assert.deepEqual(await ids(), (await ids()).toSorted());

  await page.getByLabel("Order").selectOption({ label: "first ended first" });
  await page.locator(".virtual-row:first-child .name", { hasText: "plain" }).waitFor();
  // What has not ended comes last.
  assert.equal((await ids()).at(-1), "asleep");
  await page.reload();
  await page.locator(".virtual-row:first-child .name", { hasText: "plain" }).waitFor();
});

test("two instances that are chosen in the list are compared, at an address of its own", async () => {
  const page = await dashboard.open("#/workflows/flow");
  await page.getByLabel("Choose plain", { exact: true }).check();
  await page.getByLabel("Choose failed", { exact: true }).check();
  await page.getByRole("link", { name: "Compare" }).click();
  await page.getByRole("row", { name: /first.*output/s }).waitFor();
  await page.reload();

  await page.getByRole("row", { name: /first.*output/s }).waitFor();
  assert.equal(new URL(page.url()).hash, "#/instances/flow/plain/compare?with=flow%2Ffailed");
});

test("times are those of the browser's zone", async () => {
  const { createdOn } = await dashboard.harness.engine.get("flow", "plain");
  for (const timezoneId of ["Asia/Tokyo", "America/New_York"]) {
    const page = await dashboard.open("#/instances/flow/plain/events", { timezoneId, locale: "en-GB" });
    const options = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
    const there = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: timezoneId }).format(createdOn);

    await page.locator(".entry", { hasText: there }).first().waitFor();
  }
});

test("several instances are deleted at once, after a question", async () => {
  await create("bulk-1", { sleeps: true });
  await create("bulk-2", { sleeps: true });
  const page = await dashboard.open("#/workflows/flow");
  await page.getByLabel("Choose bulk-1").check();
  await page.getByLabel("Choose bulk-2").check();
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("dialog", { name: "Delete 2 instances?" }).getByRole("button", { name: "Delete" }).click();
  await page.getByText("2 instances changed.").waitFor();

  await page.locator(".instance-line", { hasText: "bulk-1" }).waitFor({ state: "detached" });
});

test("two instances are compared", async () => {
  const page = await dashboard.open("#/instances/flow/plain/compare");
  await page.getByLabel("Compare with").selectOption({ label: "failed (errored)" });

  await page.getByRole("row", { name: /first.*output/s }).waitFor();
});

test("nothing of all this made the browser complain", () => {
  assert.deepEqual(dashboard.complaints, []);
});
