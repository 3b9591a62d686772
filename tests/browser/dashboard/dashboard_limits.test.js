/** The dashboard where something is in the way: tokens, a read-only server, very much of everything, a server that goes away. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openDashboard } from "./served.js";

const LARGE = "y".repeat(900_000);
const MOST_NODES = 2000;

/** Ends the step that reports. */
let end = () => {};
const reported = new Promise((resolve) => {
  end = () => resolve("done");
});

/** @type {import("../../engine/fake_guest.js").Run} */
async function flow({ payload }, step) {
  if (payload.reports) return step.do("stream", {}, () => reported);
  if (payload.large) return step.do("large", async () => LARGE);
  for (let number = 0; number < (payload.steps ?? 0); number++) await step.do(`part ${number}`, async () => number);
  return "done";
}

/** @param {import("./served.js").Dashboard} on @param {string} id @param {object} [params] */
async function create(on, id, params = {}) {
  await on.harness.engine.creator.create("flow", { id, params: JSON.stringify(params) });
  await on.pass();
}

test("a token is asked for, kept in the tab, and one that only reads is offered no changes", async () => {
  const on = await openDashboard(flow, { policy: { tokenRequired: true } });
  try {
    await create(on, "one");
    const { secret } = await on.access.tokens.create({ name: "reader", scope: "read" });
    const page = await on.open("#/instances/flow/one");
    await page.getByLabel("Secret of the token").fill("stepwell_wrong");
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByText("This token is not valid").waitFor();
    await page.getByLabel("Secret of the token").fill(secret);
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByRole("heading", { name: "one" }).waitFor();
    await page.getByText("read-only").waitFor();
    assert.equal(await page.getByRole("button", { name: "Restart…" }).count(), 0);
    await page.reload();

    await page.getByRole("heading", { name: "one" }).waitFor();
    assert.equal(await page.evaluate(() => localStorage.getItem("stepwell.token")), null);
  } finally {
    await on.close();
  }
});

test("more than 100 workflows are listed page by page, and the browser goes back", async () => {
  const on = await openDashboard(flow);
  try {
    const row = { className: "Flow", root: ".", main: "f.py", vars: "{}", versionId: "v1", stepLimit: null };
    for (let number = 0; number < 100; number++)
      await on.harness.engine.saveWorkflow({ ...row, name: `a${String(number).padStart(3, "0")}` });
    const page = await on.open("#/");
    const links = page.getByRole("region", { name: "Table of workflows" }).getByRole("rowheader").getByRole("link");
    await page.getByRole("link", { name: "Next 100" }).click();
    await page.getByRole("link", { name: "flow", exact: true }).waitFor();

    assert.equal(await links.count(), 1);
    assert.equal(await page.getByRole("link", { name: "Next 100" }).count(), 0);
    await page.goBack();
    await page.getByRole("link", { name: "a099" }).waitFor();
    assert.equal(await links.count(), 100);
    assert.equal(await page.getByRole("link", { name: "Previous 100" }).count(), 0);
  } finally {
    await on.close();
  }
});

test("a read-only server refuses every change, whatever the token", async () => {
  const on = await openDashboard(flow, { policy: { readOnly: true } });
  try {
    await create(on, "one");
    const { secret } = await on.access.tokens.create({ name: "admin", scope: "admin" });
    const answer = await fetch(`${on.url}api/accounts/default/workflows/flow/instances/one/status`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: JSON.stringify({ status: "restart" }),
    });

    assert.equal(answer.status, 403);
    assert.match((await answer.json()).errors[0].message, /read-only/);
  } finally {
    await on.close();
  }
});

/** @type {import("./served.js").Dashboard} */
let dashboard;
before(async () => {
  dashboard = await openDashboard(flow);
});
after(() => dashboard.close());

test("a page says that its workflow or status does not exist", async () => {
  const page = await dashboard.open("#/instances/nothing/x");
  await page
    .getByRole("status")
    .getByText(/Workflow does not exist: nothing/)
    .waitFor();
  await page.goto(`${dashboard.url}#/workflows/nothing`);
  await page
    .getByRole("alert")
    .getByText(/cannot be read: .*Workflow does not exist: nothing/)
    .waitFor();
  await page.goto(`${dashboard.url}#/workflows/flow?status=lost`);
  await page
    .getByRole("alert")
    .getByText(/cannot be read: status: Invalid option/)
    .waitFor();

  assert.equal(await page.getByText("No instance matches").count(), 0);
});

test("an instance of ten thousand steps has few elements, in its timeline and in its event log", async () => {
  await create(dashboard, "many", { steps: 10_000 });
  while ((await dashboard.harness.engine.get("flow", "many")).status !== "complete") await dashboard.pass();
  const page = await dashboard.open("#/instances/flow/many/timeline");
  await page.getByRole("option").filter({ hasText: "part 7" }).first().waitFor();
  const count = () => page.evaluate(() => document.querySelectorAll("*").length);
  assert.ok((await count()) <= MOST_NODES, `timeline: ${await count()}`);
  await page.getByRole("listbox").focus();
  await page.keyboard.press("End");
  await page.getByRole("region", { name: "Step part 9999-1" }).waitFor();
  await page.getByRole("tab", { name: /^Graph/ }).click();
  await page.locator(".node").first().waitFor();
  assert.ok((await count()) <= MOST_NODES, `graph: ${await count()}`);
  await page.getByRole("tab", { name: /^Events/ }).click();
  await page.locator(".entry").first().waitFor();

  assert.ok((await count()) <= MOST_NODES, `events: ${await count()}`);
});

test("a large result is loaded when a person asks for it", async () => {
  await create(dashboard, "large", { large: true });
  const page = await dashboard.open("#/instances/flow/large/result");
  await page.getByRole("button", { name: /^Load 900 kB/ }).click();

  await page
    .getByRole("region", { name: "Output" })
    .getByText(/^"yyyy/)
    .waitFor();
});

test("a search goes through all instances, and can be stopped", async () => {
  const page = await dashboard.open(`#/instances?text=${"y".repeat(20)}`);
  await page.locator(".instance-line", { hasText: "large" }).getByText("found in result").waitFor();

  await page.getByText(/^1 found in 2 instances/).waitFor();
});

test("a list of very many instances has few elements, and goes on where it is scrolled to", async () => {
  for (let batch = 0; batch < 4; batch++)
    await dashboard.harness.engine.creator.createBatch(
      "flow",
      Array.from({ length: 100 }, (_, index) => ({ id: `n${batch * 100 + index}`, params: "{}" })),
    );
  await dashboard.pass();
  const page = await dashboard.open("#/workflows/flow");
  await page.locator(".instance-line", { hasText: "n399" }).waitFor();
  const list = page.getByRole("list", { name: "Instances" });
  const bottom = () => list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  while (!(await page.locator(".instance-line", { hasText: "many" }).isVisible())) await bottom();

  assert.ok((await page.evaluate(() => document.querySelectorAll("*").length)) <= MOST_NODES);
});

test("a server that goes away and comes back is said, and the page goes on", async () => {
  await create(dashboard, "kept");
  const page = await dashboard.open("#/workflows/flow");
  await page.locator(".instance-line", { hasText: "kept" }).waitFor();
  await page.context().setOffline(true);
  dashboard.server.closeAllConnections();
  await page.getByText("The server does not answer.").waitFor();
  await page.context().setOffline(false);
  await page.getByText("The server does not answer.").waitFor({ state: "detached" });
  await create(dashboard, "afterwards");

  await page.locator(".instance-line", { hasText: "afterwards" }).waitFor();
});

test("times go by the server's clock: a countdown is right where the browser's clock is wrong", async () => {
  // The harness' clock is far from the browser's.
  await create(dashboard, "newest");
  const page = await dashboard.open("#/workflows/flow");

  const when = page.locator(".instance-line", { hasText: "newest" }).locator(".created");
  assert.equal(await when.innerText(), "now");
});

test("10,000 items of progress come to a page once each, over connections that are cut", async () => {
  const ITEMS = 10_000;
  const BATCH = 100;
  const { harness, server } = dashboard;
  await create(dashboard, "stream", { reports: true });
  const pass = [...harness.guest.passes.keys()].at(-1) ?? 0;
  const page = await dashboard.open();
  await page.evaluate((path) => {
    const seen = Object.assign(window, { numbers: [], items: [], opened: 0, complete: false });
    const source = new EventSource(path);
    source.addEventListener("open", () => (seen.opened += 1));
    source.addEventListener("step_progress", ({ data }) => {
      const { progressId, progress } = JSON.parse(data);
      /** @type {number[]} */ (seen.numbers).push(progressId);
      /** @type {number[]} */ (seen.items).push(progress);
    });
    source.addEventListener("workflow_completed", () => {
      seen.complete = true;
      source.close();
    });
  }, "/client/v4/accounts/default/workflows/flow/instances/stream/subscribe?progress=0");
  const seen = (/** @type {number} */ least) =>
    page.waitForFunction((count) => /** @type {any} */ (window).items.length >= count, least);

  for (let first = 0; first < ITEMS; first += BATCH) {
    harness.guest.onmessages(
      Array.from({ length: BATCH }, (_, index) => {
        const item = first + index;
        return { type: "progress", pass, ref: 100 + item, step: 1, attempt: 1, value: String(item) };
      }),
    );
    await harness.settle();
    // Cut when the page has items of its newest connection, and more are on their way.
    if (first % 4000 === 1000) await seen(first * 0.6);
    if (first % 4000 === 1000) server.closeAllConnections();
  }
  end();
  await dashboard.pass();
  await page.waitForFunction(() => /** @type {any} */ (window).complete);

  const { numbers, items, opened } = await page.evaluate(() => {
    const { numbers: ids, items: values, opened: times } = /** @type {any} */ (window);
    return { numbers: ids, items: values, opened: times };
  });
  assert.deepEqual(
    items,
    Array.from({ length: ITEMS }, (_, item) => item),
  );
  assert.deepEqual(
    numbers,
    Array.from({ length: ITEMS }, (_, index) => index + 1),
  );
  assert.equal(opened, 4);
});
