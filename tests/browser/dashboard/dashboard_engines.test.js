/** The dashboard's page of the engines that share the state. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openDashboard } from "./served.js";

const ENGINE = { isThis: false, shares: true, isDead: false, parts: 0, leaseMs: 9000 };
const ENGINES = [
  { ...ENGINE, id: 3, name: "north process 71", parts: 21 },
  { ...ENGINE, id: 4, name: "south process 8", parts: 22, isThis: true },
  { ...ENGINE, id: 5, name: "east process 912", parts: 21, leaseMs: -1500 },
  { ...ENGINE, id: 6, name: "west process 33", isDead: true, leaseMs: 4000 },
  { ...ENGINE, id: 7, name: "north state copy", shares: false },
];

/** @type {import("./served.js").Dashboard} */
let dashboard;

before(async () => {
  dashboard = await openDashboard(async () => null);
});
after(() => dashboard.close());

/** @param {typeof ENGINES} engines */
function share(engines) {
  Object.assign(dashboard.harness.engine, { engines: async () => engines });
}

test("a state that one engine has to itself is said to be run by it", async () => {
  const page = await dashboard.open();
  await page.getByRole("link", { name: "Engines" }).click();

  await page.getByText("One engine runs this state, by itself.").waitFor();
});

test("each engine is shown with its parts, its lease and what its status means, and a dead one goes", async () => {
  share(ENGINES);
  const page = await dashboard.open("#/engines");
  const rows = page.getByRole("region", { name: "Table of engines" }).getByRole("row");
  await rows.nth(5).waitFor();

  const texts = await rows.allInnerTexts();
  const expected = [/Engine/, /north process 71.*live.*21 of 64/s, /south.*answers this page.*live/s];
  for (const [index, text] of [...expected, /silent.*over for/s, /dead.*the others take its parts/s, /idle/].entries())
    assert.match(texts[index], text);
  share(ENGINES.slice(0, 2));
  await rows.nth(5).waitFor({ state: "detached" });

  assert.equal(await rows.count(), 3);
});

test("on a small screen the page is no wider than the screen", async () => {
  share(ENGINES);
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    const page = await dashboard.open("#/engines", { viewport: { width: 360, height: 740 }, colorScheme });
    await page.getByText("silent", { exact: true }).waitFor();

    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  }
});

test("nothing of all this made the browser complain", () => {
  assert.deepEqual(dashboard.complaints, []);
});
