/** Schedules in a page, on a clock that can be moved between visits. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isReady, openSeen } from "./seen.js";
import { Playground } from "./page.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const FLOW = `from workers import WorkflowEntrypoint


class Tick(WorkflowEntrypoint):
    async def run(self, event, step):
        return event["schedule"]["cron"]
`;

/** How far the engine's clock is to be ahead of the machine's: as much as the site says when the page is opened. */
const AHEAD = `const ahead = Number(await (await fetch(new URL("../../../ahead.txt", import.meta.url))).text());`;
const WALL = "wall: () => Date.now(),";

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);
/** What the site says. @type {{ bytes: Uint8Array }} */
const ahead = { bytes: bytes("0") };
/** @type {Playground} */
let playground;
/** @type {import("./page.js").Opened} */
let opened;

before(async () => {
  // A second before a minute begins, as the page sees it once it is there.
  playground = await Playground.start({
    change: (site) => [
      ...site.map((file) => (file.path.endsWith("/parts/engine.js") ? withOurClock(file) : file)),
      Object.assign(ahead, { path: "ahead.txt", type: "text/plain", immutable: false }),
    ],
  });
  opened = await openSeen(playground, { files: { "tick.py": FLOW }, main: "tick.py" });
});
after(() => playground.close());

test("a schedule that is none is refused with its reason, one that is none's is not taken", async () => {
  const { page } = opened;
  await page.getByRole("button", { name: "Schedule…" }).click();
  const dialog = page.getByRole("dialog", { name: "Schedule Tick" });
  await dialog.getByLabel("Cron expression, in UTC").fill("61 * * * *");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByRole("alert").getByText('the minute "61" is not allowed').waitFor();
  await dialog.getByRole("button", { name: "every minute" }).click();
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.waitFor({ state: "detached" });

  await page
    .getByRole("list", { name: /Schedules/ })
    .getByText("next at")
    .waitFor();
});

test("the clock starts an instance at its time, and a deployment keeps the schedule", async () => {
  const { page } = opened;
  await page.locator(".codepane .cm-content").click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.insertText("# changed\n");
  await page.getByRole("button", { name: "Deploy" }).click();
  await page.getByText("Deployed Tick").waitFor();
  await revisit((now) => MINUTE - (now % MINUTE) - 3000);

  await page.locator(".instance-row", { hasText: "complete" }).waitFor({ timeout: 30_000 });
  await page
    .getByRole("list", { name: /Schedules/ })
    .getByText("* * * * *")
    .waitFor();
});

test("of all times that passed while the page was closed, the last is made up for, and only that", async () => {
  const { page } = opened;
  const rows = page.locator(".instance-row");
  const before = await rows.count();
  // In the middle of a minute, so that none begins meanwhile.
  const now = await revisit((time) => 5 * HOUR + 20_000 - (time % MINUTE));
  const last = now - (now % MINUTE);

  await rows.filter({ hasText: `* * * * *-${last}` }).waitFor();
  assert.equal(await rows.count(), before + 1);
});

test("a schedule that is removed is gone after a reload, too", async () => {
  const { page } = opened;
  await page.getByRole("button", { name: "Remove the schedule * * * * * of Tick" }).click();
  await page.getByRole("list", { name: /Schedules/ }).waitFor({ state: "detached" });
  await page.reload();
  await isReady(page);

  assert.equal(await page.getByRole("list", { name: /Schedules/ }).count(), 0);
});

/** @param {import("../../js/playground/server/site.js").SiteFile} file the engine's */
function withOurClock({ path, type, policy = "", bytes: theirs }) {
  const engine = new TextDecoder().decode(theirs);
  const [before, after, ...more] = engine.split(WALL);
  assert.ok(after !== undefined && more.length === 0);
  return {
    path,
    type,
    policy,
    immutable: false,
    bytes: bytes(`${AHEAD}\n${before}wall: () => Date.now() + ahead,${after}`),
  };
}

/**
 * Close the page and open it again, with another clock.
 *
 * @param {(now: number) => number} by how far the clock is to be ahead, given the machine's
 * @returns {Promise<number>} what the clock says then
 */
async function revisit(by) {
  const { page } = opened;
  await page.goto("about:blank");
  const now = Date.now();
  ahead.bytes = bytes(String(by(now)));
  await page.goto(playground.url);
  await isReady(page);
  return now + by(now);
}
