/** What is to be seen of an instance: timeline, graph, logs, tables, run files; and that floods do not stop the page. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { Playground } from "./page.js";
import { choose, hasStatus, openSeen, start, step, view, writeJson } from "./seen.js";

/** @type {Playground} */
let playground;
/** @type {import("playwright-core").Page} */
let page;

before(async () => {
  playground = await Playground.start();
  ({ page } = await openSeen(playground));
});
after(() => playground.close());

/** @param {string} name @param {Buffer} bytes */
async function drop(name, bytes) {
  const data = await page.evaluateHandle(
    ([file, text]) => {
      const transfer = new DataTransfer();
      const content = Uint8Array.from(atob(text), (char) => char.codePointAt(0) ?? 0);
      transfer.items.add(new File([content], file));
      return transfer;
    },
    [name, bytes.toString("base64")],
  );
  await page.dispatchEvent("body", "drop", { dataTransfer: data });
}

test("the timeline moves while a step runs", async () => {
  await start(page, "Slow");
  const note = step(page, "slow").locator(".note");
  await note.getByText(/\d s/).waitFor();
  const first = await note.innerText();

  await page.waitForFunction((text) => document.querySelector(".step .note")?.textContent !== text, first);
  await choose(page, "More actions", /^Terminate…/);
  await page.getByRole("dialog").getByRole("button", { name: "Terminate" }).click();
  await hasStatus(page, "terminated");
});

test("the graph has the steps with their states, joined by what they depend on", async () => {
  await start(page, "Steps", { n: 3 }, "graphed");
  await hasStatus(page, "complete");
  await view(page, "Graph");

  await page.getByRole("button", { name: /^sum .*\(done, after first, flaky/ }).waitFor();
  await page.getByRole("button", { name: /^flaky 3 attempts/ }).click();
  await page.getByRole("region", { name: "Step flaky-1" }).waitFor();
  assert.equal(await page.locator(".edge.depends").count(), 2);
});

test("the tables show what is on the disk", async () => {
  await choose(page, "More", /^Tables/);
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Table").selectOption(await dialog.getByRole("option", { name: /^instances/ }).innerText());
  await dialog.getByRole("cell", { name: "graphed" }).waitFor();
  await page.keyboard.press("Escape");

  await dialog.waitFor({ state: "detached" });
});

test("a finished run is watched again, event by event", async () => {
  await choose(page, "More actions", /^Watch again/);
  await page.getByRole("button", { name: "Hold" }).click();
  const place = page.getByRole("slider");
  await place.fill("5");
  await step(page, /first/).waitFor();
  assert.equal(await step(page, /sum/).count(), 0);
  await page.getByRole("button", { name: "Back to the present" }).click();

  await step(page, /sum/).waitFor();
});

test("a run file is exported, dropped on the page, forked with a changed result, and compared", async () => {
  const download = page.waitForEvent("download");
  await choose(page, "More actions", /^Export/);
  const saved = await download;
  assert.match(saved.suggestedFilename(), /\.run\.sqlite$/);
  await drop("mine.run.sqlite", await readFile(await saved.path()));
  await page.getByText("from mine.run.sqlite").waitFor();
  await step(page, /flaky.*3 attempts/s).waitFor();
  await step(page, "sum").click();
  await page.getByRole("button", { name: "Fork from here" }).click();
  await writeJson(page, ".dialog .cm-content", '{"first-1": {"got": 99}}');
  await page.getByRole("dialog").getByRole("button", { name: "Fork" }).click();
  await page.getByText("from mine.run.sqlite").waitFor({ state: "detached" });
  await hasStatus(page, "complete");
  await view(page, "Result");
  assert.match(await page.getByRole("region", { name: "Output" }).innerText(), /99,/);

  await view(page, "Compare");
  await page.getByRole("row", { name: /sum-1.*output/s }).waitFor();
  await page.getByRole("row", { name: /flaky-1.*nothing/s }).waitFor();
});

test("a file that is no run file is refused with a sentence", async () => {
  await drop("broken.run.sqlite", Buffer.from("this is no database"));

  await page.getByRole("alert").getByText("broken.run.sqlite cannot be opened").waitFor();
  await page.getByRole("button", { name: "Close the message" }).first().click();
});

test("a flood of output leaves the page responsive, and only what is in view exists", async () => {
  await start(page, "Floods");
  await view(page, "Output");
  const longest = await page.evaluate(async () => {
    let [longest, last] = [0, performance.now()];
    const end = last + 2500;
    while (last < end) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
    return longest;
  });
  await hasStatus(page, "complete");

  assert.ok(longest < 1000, `a frame took ${longest} ms`);
  assert.ok((await page.locator(".virtual-row").count()) < 200);
});

test("code that spins leaves the page usable, and is ended by its timeout", async () => {
  await start(page, "Spins");
  await view(page, "Timeline");
  await step(page, /spin.*running/s).waitFor();
  await view(page, "Events");
  await page.getByText("attempt_started").waitFor();

  await hasStatus(page, "errored");
  await page.getByRole("alert").getByText("WorkflowTimeoutError").waitFor();
});
