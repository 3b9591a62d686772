/** Whether everybody can use the page: axe's rules in every view, keyboard alone, a narrow screen, reduced motion. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { Playground } from "./page.js";
import { choose, hasStatus, openSeen, start, step, view } from "./seen.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 360, height: 740 };

/** @type {Playground} */
let playground;
/** @type {import("playwright-core").Page} */
let page;

before(async () => {
  playground = await Playground.start();
  ({ page } = await openSeen(playground));
  await page.evaluate(AXE);
  await page.emulateMedia({ reducedMotion: "reduce" });
});
after(() => playground.close());

/**
 * What axe finds by all its rules, in light and in dark, in words.
 *
 * @param {string} view
 * @param {string} [place] what is looked at; all of the page takes long
 */
async function violations(view, place = ".instance") {
  /** @type {string[]} */
  const found = [];
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(
      (selector) => /** @type {any} */ (globalThis).axe.run(selector, { resultTypes: ["violations"] }),
      place,
    );
    for (const { id, nodes } of violations)
      for (const { target, failureSummary } of nodes)
        found.push(`${view}, ${colorScheme}, ${id}: ${target} ${failureSummary}`);
  }
  return found;
}

/** @param {string} name */
async function pane(name) {
  const button = page.locator(".paneswitch").getByRole("button", { name: new RegExp(`^${name}`) });
  if (await button.isVisible()) await button.click();
}

for (const [device, size] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
  test(`no view of the page breaks a rule of axe: ${device}`, async () => {
    const found = [];
    await page.setViewportSize(DESKTOP);
    await start(page, "Steps");
    await hasStatus(page, "complete");
    await page.setViewportSize(size);
    await pane("Code");
    found.push(...(await violations("code", "body")));
    await pane("Instances");
    found.push(...(await violations("instances", ".runspane")));
    await pane("Details");
    await view(page, "Timeline");
    await step(page, "flaky").click();
    found.push(...(await violations("timeline")));
    for (const name of ["Graph", "Result", "Logs", "Events"]) {
      await view(page, name);
      found.push(...(await violations(name)));
    }
    await page.setViewportSize(DESKTOP);
    await start(page, "Fails");
    await hasStatus(page, "errored");
    await page.setViewportSize(size);
    await pane("Details");
    found.push(...(await violations("failed")));
    await view(page, "Replay");
    await page.locator(".replay").getByLabel("the code in the editor").check();
    await page.locator(".replay").getByRole("button", { name: "Replay" }).click();
    await page.locator(".verdict").waitFor();
    found.push(...(await violations("replay")));
    await view(page, "Compare");
    await page.getByRole("table").waitFor();
    found.push(...(await violations("compare")));

    assert.deepEqual(found, []);
  });
}

test("dialogs and menus break no rule of axe", async () => {
  const found = [];
  await page.setViewportSize(DESKTOP);
  await page.getByRole("button", { name: "More", exact: true }).click();
  found.push(...(await violations("menu", ".menu:popover-open")));
  await page.getByRole("menuitem", { name: /^Tables/ }).click();
  await page.getByRole("dialog").getByRole("cell").first().waitFor();
  found.push(...(await violations("tables", ".dialog")));
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  found.push(...(await violations("shortcuts", ".dialog")));
  await page.keyboard.press("Escape");
  await choose(page, "More actions", /^Fork…/);
  found.push(...(await violations("fork", ".dialog")));
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Schedule…" }).click();
  found.push(...(await violations("schedule", ".dialog")));
  await page.getByRole("dialog").getByLabel("Cron expression, in UTC").fill("0 0 1 1 *");
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await page.getByRole("list", { name: /^Schedules/ }).waitFor();
  found.push(...(await violations("schedules", ".runspane")));

  assert.deepEqual(found, []);
});

test("at 360 pixels nothing is wider than the screen, and every pane can be reached", async () => {
  await page.setViewportSize(PHONE);
  for (const name of ["Code", "Instances", "Details"]) {
    await pane(name);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width, name);
    const outside = await page.evaluate(
      () =>
        [...document.querySelectorAll("header.bar button, .head button, .paneswitch button")].filter(
          (each) => each.getBoundingClientRect().right > innerWidth + 1,
        ).length,
    );
    assert.equal(outside, 0, name);
  }
});

test("all views of an instance are in sight at 360 pixels", async () => {
  await page.setViewportSize(PHONE);
  await pane("Details");
  const tabs = await page.locator(".instance [role=tab]").evaluateAll((all) =>
    all.map((each) => {
      const { left, right } = each.getBoundingClientRect();
      return left >= 0 && right <= innerWidth;
    }),
  );

  assert.deepEqual(
    tabs,
    Array.from({ length: 7 }, () => true),
  );
});

test("a comparison is not wider than its pane", async () => {
  await page.setViewportSize(DESKTOP);
  await view(page, "Compare");
  await page.getByRole("table").waitFor();
  for (const size of [DESKTOP, { width: 1280, height: 800 }, PHONE]) {
    await page.setViewportSize(size);
    const { table, place } = await page.evaluate(() => ({
      table: document.querySelector(".compare table")?.getBoundingClientRect().width ?? 0,
      place: document.querySelector(".compare")?.getBoundingClientRect().width ?? 0,
    }));
    assert.ok(table <= place, `${size.width}: ${table} of ${place}`);
  }
  await page.setViewportSize(DESKTOP);
});

test("shortcuts go by the place of the key, so that Option on a Mac has them too", async () => {
  await page.setViewportSize(DESKTOP);
  const press = (/** @type {string} */ key, /** @type {string} */ code) =>
    page.evaluate(
      ([name, place]) =>
        document.body.dispatchEvent(
          new KeyboardEvent("keydown", { key: name, code: place, altKey: true, bubbles: true, cancelable: true }),
        ),
      [key, code],
    );
  await press("™", "Digit2");
  await page.locator(".startform select:focus").waitFor();
  await start(page, "Sleeper");
  await hasStatus(page, "waiting");
  await press("π", "KeyP");

  await hasStatus(page, "paused");
});

/** More tab stops than one view has between two of its parts. */
const MAX_TABS = 12;

/** Press Tab until an element has the focus. @param {import("playwright-core").Page} on @param {string} selector */
async function tabTo(on, selector) {
  for (let tabs = 0; tabs < MAX_TABS; tabs++) {
    await on.keyboard.press("Tab");
    if (await on.evaluate((each) => document.activeElement?.matches(each), selector)) return;
  }
  assert.fail(`${selector} is not reached with ${MAX_TABS} times Tab.`);
}

test("the code is folded away and brought back by keyboard, and the page keeps that", async () => {
  await page.setViewportSize(DESKTOP);
  const width = async () => (await page.locator(".pane.instance").boundingBox())?.width ?? 0;
  const before = await width();
  await page.getByRole("separator", { name: "Width of the code" }).focus();
  await page.keyboard.press("Enter");
  await page.locator(".codepane").waitFor({ state: "hidden" });
  assert.ok((await width()) > before + 200);
  assert.equal(await page.evaluate(() => localStorage.getItem("stepwell.split")), "0");
  await page.keyboard.press("Enter");

  await page.locator(".codepane").waitFor({ state: "visible" });
});

test("an instance is started, looked at and paused by keyboard alone", async () => {
  await page.setViewportSize(DESKTOP);
  await page.keyboard.press("Alt+2");
  await page.locator(".startform select:focus").waitFor();
  await page.keyboard.type("Sleeper");
  await page.keyboard.press("Control+Enter");
  await hasStatus(page, "waiting");
  await page.keyboard.press("Alt+3");
  await page.keyboard.press("Home");
  await page.locator(".instance [role=tab]:focus", { hasText: "Timeline" }).waitFor();
  await tabTo(page, ".timeline [role=listbox]");
  await page.keyboard.press("End");
  await page.getByRole("region", { name: "Step nap-1" }).waitFor();
  await page.keyboard.press("Alt+p");

  await hasStatus(page, "paused");
});

test("with reduced motion nothing is animated", async () => {
  const moving = await page.evaluate(() => document.getAnimations().length);

  assert.equal(moving, 0);
});

test("the theme can be chosen against the system's, and stays", async () => {
  await page.emulateMedia({ colorScheme: "light" });
  await choose(page, "Theme", "Dark");
  const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.reload();
  await page.locator(".codepane .cm-content").waitFor();

  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), dark);
  assert.notEqual(dark, "rgb(244, 246, 245)");
});
