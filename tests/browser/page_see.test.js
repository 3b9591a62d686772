/** What is to be seen of an instance: timeline, graph, logs, tables, run files; and that floods do not stop the page. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { page } from "./page_fixture.js";
import { choose, DEMO, hasStatus, start, step, view, write, writeJson } from "./seen.js";

const RESULTS = '.dialog .cm-content[aria-label^="Changed results"]';
const PARAMETERS = '.dialog .cm-content[aria-label^="Parameters"]';

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

async function replay() {
  await page.locator(".replay").getByRole("button", { name: "Replay" }).click();
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

test("the graph has the steps with their states, joined in their order", async () => {
  await start(page, "Steps", { n: 3 }, "graphed");
  await hasStatus(page, "complete");
  await view(page, "Graph");

  await page.getByRole("button", { name: /^sum .*\(done, depends on first, flaky/ }).waitFor();
  await page.getByRole("button", { name: /^flaky 3 attempts/ }).click();
  await page.getByRole("region", { name: "Step flaky-1" }).waitFor();
  // From the start to the first step, and from each to the next.
  assert.equal(await page.locator(".edge").count(), 3);
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
  await writeJson(page, RESULTS, '{"nothing-1": 1}');
  await page.getByRole("dialog").getByRole("button", { name: "Fork" }).click();
  await page.getByRole("dialog").getByText('"nothing-1" is no step of this run').waitFor();
  await writeJson(page, RESULTS, '{"first-1": {"got": 99}}');
  await page.getByRole("dialog").getByRole("button", { name: "Fork" }).click();
  await page.getByText("from mine.run.sqlite").waitFor({ state: "detached" });
  await hasStatus(page, "complete");
  await view(page, "Result");
  assert.match(await page.getByRole("region", { name: "Output" }).innerText(), /99,/);

  await view(page, "Compare");
  await page.getByRole("row", { name: /sum.*output/s }).waitFor();
  await page.getByRole("row", { name: /^flaky(?!.*(output|only))/s }).waitFor();
});

test("a run is forked with other parameters: everything runs again", async () => {
  await start(page, "Steps", { n: 5 });
  await hasStatus(page, "complete");
  await choose(page, "More actions", /^Fork/);
  await page.getByRole("dialog").getByLabel("Parameters (JSON)").getByText('"n": 5').waitFor();
  await writeJson(page, PARAMETERS, '{"n": 6}');
  await page.getByRole("dialog").getByRole("button", { name: "Fork" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await hasStatus(page, "complete");
  await view(page, "Result");

  assert.match(await page.getByRole("region", { name: "Output" }).innerText(), /6,\s+"at last"/);
  assert.match(await page.getByRole("region", { name: "Parameters" }).innerText(), /"n": 6/);
});

test("a replay comes to the same end with the run's own code, and by keyboard", async () => {
  await start(page, "Steps", { n: 8 });
  await hasStatus(page, "complete");
  await view(page, "Timeline");
  await page.getByRole("tab", { name: "Timeline" }).focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("tab", { name: "Replay", selected: true }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");

  await page.getByRole("status").getByText("The same. The code calls the 3 recorded steps").waitFor();
  assert.equal(await page.getByRole("row", { name: /recorded called$/ }).count(), 3);
});

test("a replay with changed code says what differs first, and leads to the line", async () => {
  await write(page, DEMO.replace('step.do("flaky"', 'step.do("renamed"'));
  await page.getByLabel("the code in the editor").check();
  await replay();
  await page.getByText("The code calls renamed-1 after first-1, where the history has flaky-1.").waitFor();
  await page.getByRole("row", { name: "renamed-1 not there called" }).waitFor();
  await page.getByRole("row", { name: "flaky-1 recorded not called" }).waitFor();
  await page.getByRole("button", { name: "demo.py, line 15" }).click();
  await page.locator(".codepane .cm-activeLineGutter", { hasText: "15" }).waitFor();

  await write(
    page,
    DEMO.replace('[first["got"], flaky]', "0").replace("return await total()", "return [await total()][0][:1]"),
  );
  await replay();
  await page.getByText("Different. The results differ at /1.").waitFor();
  assert.match(await page.getByRole("region", { name: "Recorded" }).innerText(), /"at last"/);
  assert.match(await page.getByRole("region", { name: "Now" }).innerText(), /null/);
});

test("a replay of code that raises, or cannot be imported, says so with the traceback", async () => {
  await write(page, DEMO.replace("return await total()", 'raise LookupError("not today")'));
  await replay();
  await page.getByText("The code raises LookupError: not today (before any step)").waitFor();
  await page.getByRole("region", { name: "Traceback: the replay" }).waitFor();

  await write(page, `import nowhere\n${DEMO}`);
  await replay();
  await page.getByRole("alert").getByText("The code cannot be replayed: ModuleNotFoundError").waitFor();
});

test("a run is forked from a step with the code in the editor, which is refused where it cannot be imported", async () => {
  await view(page, "Timeline");
  await step(page, "sum").click();
  await page.getByRole("button", { name: "Fork from here" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("with the code in the editor").check();
  await dialog.getByRole("button", { name: "Fork" }).click();
  await dialog.getByText("The code in the editor cannot be deployed: ModuleNotFoundError").waitFor();
  await page.keyboard.press("Escape");
  await write(page, DEMO.replace('[first["got"], flaky]', '["changed", first["got"], flaky]'));
  await page.getByRole("button", { name: "Fork from here" }).click();
  await dialog.getByLabel("with the code in the editor").check();
  await dialog.getByRole("button", { name: "Fork" }).click();
  await dialog.waitFor({ state: "detached" });
  await hasStatus(page, "complete");
  await view(page, "Result");

  assert.match(await page.getByRole("region", { name: "Output" }).innerText(), /"changed",\s+8,\s+"at last"/);
  await view(page, "Logs");
  assert.equal(await page.getByRole("list", { name: "Logs" }).getByText("in first").count(), 0);
});

test("a file that is no run file is refused with a sentence", async () => {
  await drop("broken.run.sqlite", Buffer.from("this is no database"));

  await page.getByRole("alert").getByText("broken.run.sqlite: The file cannot be opened").waitFor();
  await page.getByRole("button", { name: "Close the message" }).first().click();
});

test("a flood of output leaves the page responsive, and only what is in view exists", async () => {
  await start(page, "Floods");
  await hasStatus(page, "waiting");
  await view(page, "Logs");
  const drawing = page.evaluate(async () => {
    const isComplete = () => document.querySelector(".head .pill")?.textContent.trim() === "complete";
    let count = 0;
    for (; !isComplete(); await new Promise((resolve) => requestAnimationFrame(resolve)))
      if (document.querySelector(".virtual-row")) count += 1;
    return count;
  });
  await page.getByRole("button", { name: "Send event" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Type").fill("go");
  await dialog.getByRole("button", { name: "Send" }).click();

  assert.ok((await drawing) > 0, "lines are seen while more of them come");
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

test("the graph of a run with many steps keeps its arrows, and says what did not run", async () => {
  await start(page, "Many", { n: 100 }, "many");
  await hasStatus(page, "complete");
  await view(page, "Graph");

  await page.getByRole("button", { name: /^part 100 times \(done, in a loop/ }).waitFor();
  await page.getByRole("button", { name: /^extra sleep · did not run \(did not run, if / }).waitFor();
  await page.getByRole("button", { name: /^end .*\(done/ }).waitFor();
  assert.equal(await page.getByRole("button", { name: /not yet/ }).count(), 0);
  assert.ok((await page.locator(".edge").count()) >= 4);
});
