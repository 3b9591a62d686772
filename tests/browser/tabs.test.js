/** One tab owns the state. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { create, deployFlows, ended, Playground, ready, told } from "./page.js";

/** @type {Playground} */
let playground;

before(async () => {
  playground = await Playground.start();
});
after(() => playground.close());

test("a second tab is told, takes over, and the instances go on there", async () => {
  const { page: first, context } = await playground.bare();
  await deployFlows(first);
  const id = await create(first, "Count", { steps: 40, pause: 50 });
  await told(first, "Count", id, ["step_completed"], "step 3-1");

  const { page: second } = await playground.open({ context, path: "bare.html" });
  await phase(second, "elsewhere");
  const refusal = await second.evaluate(() => host.list().catch(({ reason, message }) => ({ reason, message })));
  await second.evaluate(() => host.takeOver());
  await ready(second);
  await phase(first, "elsewhere");
  const { output } = await ended(second, "Count", id);

  assert.equal(/** @type {any} */ (refusal).reason, "host.elsewhere");
  assert.equal(output, 780);
  assert.equal(await first.evaluate(() => host.state.phase), "elsewhere");
  await context.close();
});

test("a tab that does not answer loses the state to one that takes over", async () => {
  const { page: first, context } = await playground.bare();
  const { page: second } = await playground.open({ context, path: "bare.html" });
  await phase(second, "elsewhere");
  // It hears nothing any more, as a tab that the browser has frozen.
  await first.evaluate(() => {
    BroadcastChannel.prototype.dispatchEvent = () => false;
    host.on("state", () => {});
  });

  await second.evaluate(() => host.takeOver());
  await ready(second);

  assert.equal(await second.evaluate(() => host.state.phase), "ready");
  await phase(first, "elsewhere");
  await context.close();
});

test("when the owner is closed, the tab that waits continues the instances by itself", async () => {
  const { page: first, context } = await playground.bare();
  const { page: second } = await playground.open({ context, path: "bare.html" });
  await phase(second, "elsewhere");
  await deployFlows(first);
  const id = await create(first, "Count", { steps: 40, pause: 50 });
  await told(first, "Count", id, ["step_completed"], "step 3-1");
  const notice = second.evaluate(() => new Promise((resolve) => void host.on("notice", resolve)));

  await first.close();

  assert.match(/** @type {{ text: string }} */ (await notice).text, /closed/);
  await ready(second);
  const { output } = await ended(second, "Count", id);
  assert.equal(output, 780);
  await context.close();
});

test("of several tabs that wait, one continues, and the others wait for it", async () => {
  const { page: first, context } = await playground.bare();
  const { page: second } = await playground.open({ context, path: "bare.html" });
  const { page: third } = await playground.open({ context, path: "bare.html" });
  await phase(second, "elsewhere");
  await phase(third, "elsewhere");

  await first.close();

  await Promise.any([phase(second, "ready"), phase(third, "ready")]);
  const isReady = await second.evaluate(() => host.state.phase === "ready");
  await phase(isReady ? third : second, "elsewhere");
  await context.close();
});

test("a tab that has lost the state has it again when the other one is closed", async () => {
  const { page: first, context } = await playground.bare();
  const { page: second } = await playground.open({ context, path: "bare.html" });
  await phase(second, "elsewhere");
  await second.evaluate(() => void host.on("notice", ({ text }) => Reflect.set(globalThis, "told", text)));
  const notice = first.evaluate(() => new Promise((resolve) => void host.on("notice", resolve)));
  await second.evaluate(() => host.takeOver());
  await phase(first, "elsewhere");
  await ready(second);

  assert.equal(await second.evaluate(() => Reflect.get(globalThis, "told")), undefined);
  await second.close();

  assert.match(/** @type {{ text: string }} */ (await notice).text, /closed/);
  await ready(first);
  await context.close();
});

test("a tab waits for one that is just being closed", async () => {
  const context = await playground.context();
  // What has the lock is no playground, and lets go when the tab has asked for it.
  const { page: first } = await playground.open({ context, path: "none.html" });
  await first.evaluate(
    () =>
      new Promise((resolve) => {
        void navigator.locks.request("stepwell:/", () => {
          resolve(undefined);
          return new Promise((release) => Reflect.set(globalThis, "letGo", release));
        });
      }),
  );

  const { page: second } = await playground.open({ context, path: "bare.html" });
  await first.evaluate(async () => {
    while ((await navigator.locks.query()).pending?.length === 0) await new Promise((done) => setTimeout(done));
    Reflect.get(globalThis, "letGo")();
  });

  await ready(second);
  await context.close();
});

test("a state in memory is each tab's own, and says so", async () => {
  const { page } = await playground.open({
    path: "bare.html",
    init: () => Reflect.deleteProperty(StorageManager.prototype, "getDirectory"),
  });
  await ready(page);

  const { storage } = await page.evaluate(() => /** @type {any} */ (host.state));

  assert.equal(storage.kind, "memory");
  assert.match(storage.why, /reload loses it/);
});

/** @param {import("playwright-core").Page} page @param {string} name */
async function phase(page, name) {
  await page.waitForFunction((wanted) => globalThis.host?.state.phase === wanted, name);
}
