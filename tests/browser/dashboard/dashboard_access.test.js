/** Whether everybody can use the dashboard: axe's rules on every page, keyboard alone, a narrow screen. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { openDashboard } from "./served.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 360, height: 740 } };
const GRAPH = {
  version: 1,
  workflow: {
    class_name: "Flow",
    functions: {},
    nodes: [
      {
        type: "step_do",
        name: "first",
        config: { retries: { limit: 5, delay: 1000, backoff: "exponential" }, timeout: 1000 },
        nodes: [],
      },
      { type: "step_wait_for_event", name: "the approval", options: { event_type: "approval", timeout: 1000 } },
    ],
  },
};

/** @type {import("../../engine/fake_guest.js").Run} */
async function flow({ payload }, step) {
  await step.do("first", async () => "x".repeat(50));
  if (payload.fails)
    await step.do("broken", { retries: { limit: 0, delay: 1 } }, async () => {
      throw new Error("no");
    });
  return step.waitForEvent("the approval", { type: "approval", timeout: "1 hour" });
}

/** @type {import("./served.js").Dashboard} */
let dashboard;

before(async () => {
  dashboard = await openDashboard(flow, { graphs: { has: () => true, graphOf: async () => GRAPH } });
  for (const [id, params] of Object.entries({ waits: {}, failed: { fails: true } }))
    await dashboard.harness.engine.creator.create("flow", { id, params: JSON.stringify(params) });
  await dashboard.pass();
});
after(() => dashboard.close());

const PAGES = {
  "#/": ".workflows",
  "#/workflows/flow": ".instance-line",
  "#/instances/flow/waits/timeline?step=step%20first-1": ".inspector",
  "#/instances/flow/waits/graph": ".node",
  "#/instances/flow/failed/result": ".fault",
  "#/instances/flow/waits/events": ".entry",
  "#/instances/flow/waits/compare": ".compare table",
};

for (const [device, viewport] of Object.entries(SIZES)) {
  test(`no page breaks a rule of axe, in light and in dark, and none is wider than the screen: ${device}`, async () => {
    /** @type {string[]} */
    const found = [];
    const page = await dashboard.open("#/", { viewport, colorScheme: "dark", bypassCSP: true });
    await page.evaluate(AXE);
    for (const [hash, part] of Object.entries(PAGES)) {
      await page.goto(`${dashboard.url}${hash}`);
      await page.locator(part).first().waitFor();
      for (const colorScheme of /** @type {const} */ (["dark", "light"])) {
        await page.emulateMedia({ colorScheme });
        // Colours are all that the second scheme changes.
        const runOnly = colorScheme === "dark" ? {} : { runOnly: ["color-contrast"] };
        const { violations } = await page.evaluate(
          (options) => /** @type {any} */ (globalThis).axe.run(document, { resultTypes: ["violations"], ...options }),
          runOnly,
        );
        for (const { id, nodes } of violations)
          for (const { target, failureSummary } of nodes)
            found.push(`${hash} ${colorScheme} ${id} ${target} ${failureSummary}`);
      }
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > viewport.width) found.push(`${hash} is ${width} pixels wide`);
    }
    assert.deepEqual(found, []);
  });
}

test("an event is sent from its node in the diagram, by keyboard alone", async () => {
  const page = await dashboard.open("#/instances/flow/waits/graph");
  await page.getByRole("button", { name: /^Send approval/ }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Payload (JSON)").focus();
  await page.keyboard.type('{"yes": 1}');
  await page.keyboard.press("Control+Enter");
  await page.getByText("Sent approval").waitFor();
  await dashboard.pass();

  await page.locator(".head .pill", { hasText: "complete" }).waitFor();
  await page.getByText(/^2 steps one after the other/).waitFor();
});

test("the timeline is zoomed and moved by buttons, and idle time is shown as long as it was", async () => {
  const page = await dashboard.open("#/instances/flow/waits/timeline");
  const bar = page.locator(".step .track i.ok").first();
  await bar.waitFor();
  await page.getByRole("button", { name: /^Zoom in/ }).click();
  await page.getByRole("button", { name: "Show all of the time" }).click();
  await page.getByLabel("shorten idle time").uncheck();

  assert.equal(await page.locator(".axis .gap").count(), 0);
  assert.match((await bar.getAttribute("title")) ?? "", /^attempt, ended well: .* to /);
});
