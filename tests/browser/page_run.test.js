/** Running workflows by hand: what the page offers, and that it is what happens. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { opened, page } from "./page_fixture.js";
import { choose, hasStatus, isReady, start, step, view, writeJson } from "./seen.js";

test("an instance runs to its end: result, output and event log are there", async () => {
  await start(page, "Steps", { n: 7 });
  await hasStatus(page, "complete");

  await view(page, "Result");
  assert.match(await page.getByRole("region", { name: "Output" }).innerText(), /7,\s+"at last"/);
  assert.match(await page.getByRole("region", { name: "Parameters" }).innerText(), /"n": 7/);
  await view(page, "Logs");
  await page.getByRole("list", { name: "Logs" }).getByText("in first").waitFor();
  await view(page, "Events");
  await page.getByText("workflow_completed").waitFor();
});

test("a step that was tried again shows its attempts, with the reasons and the place in the source", async () => {
  await start(page, "Steps");
  await hasStatus(page, "complete");
  await view(page, "Timeline");
  await step(page, "flaky").click();

  const inspector = page.getByRole("region", { name: "Step flaky-1" });
  await inspector.getByText("attempt 2 fails").first().waitFor();
  assert.equal(await inspector.getByRole("listitem").count(), 3);
  await inspector
    .getByRole("button", { name: /demo\.py.*line 1\d/ })
    .first()
    .click();
  await page.locator(".codepane .cm-focused").waitFor();
});

test("parameters that are no JSON are told of at their place, and start nothing", async () => {
  const before = await page.locator(".instance-row").count();
  await writeJson(page, ".startform .cm-content", '{"n": }');
  await page.locator(".startform .cm-lintPoint-error").waitFor({ state: "attached" });
  await page.locator(".startform").getByRole("button", { name: "Start" }).click();

  await page.locator(".startform").getByRole("alert").getByText("The parameters are not JSON").waitFor();
  assert.equal(await page.locator(".instance-row").count(), before);
});

test("a sleep counts down, survives a reload, and can be skipped", async () => {
  await start(page, "Sleeper", {}, "sleepy");
  await hasStatus(page, "waiting");
  await view(page, "Timeline");
  await step(page, /nap.*wakes in/s).waitFor();
  await page.reload();

  await page.getByRole("heading", { name: "sleepy" }).waitFor();
  await step(page, /nap.*wakes in 59:/s).waitFor();
  await isReady(page);
  await page.getByRole("button", { name: "Skip sleep" }).click();
  await hasStatus(page, "complete");
  await step(page, /nap.*slept/s).waitFor();
});

test("the form for an event offers the type that is waited for", async () => {
  await start(page, "Waiter");
  await hasStatus(page, "waiting");
  await page.getByRole("button", { name: "Send event" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "approval" }).waitFor();
  assert.equal(await dialog.getByLabel("Type").inputValue(), "approval");
  await writeJson(page, ".dialog .cm-content", '{"yes": true}');
  await dialog.getByRole("button", { name: "Send" }).click();

  await hasStatus(page, "complete");
  await view(page, "Result");
  assert.match(await page.getByRole("region", { name: "Output" }).innerText(), /"yes": true/);
});

test("an example of a payload is told from a value: what is sent empty comes empty", async () => {
  await start(page, "Waiter");
  await hasStatus(page, "waiting");
  await page.getByRole("button", { name: "Send event" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "approval" }).waitFor();
  await dialog.getByText('for example {"approved": true}').waitFor();
  await dialog.getByText("Empty: {} is used.").waitFor();
  await page.locator(".dialog .cm-content").click();
  await page.keyboard.press("Control+Enter");

  await hasStatus(page, "complete");
  await view(page, "Result");
  assert.equal(await page.getByRole("region", { name: "Output" }).innerText(), "{}");
});

test("an id that is taken is refused at the form, without a code", async () => {
  await start(page, "Steps", {}, "taken");
  await hasStatus(page, "complete");
  await page.getByLabel("Id", { exact: true }).fill("taken");
  await page.locator(".startform").getByRole("button", { name: "Start" }).click();

  const refusal = await page.locator(".startform").getByRole("alert").innerText();
  assert.match(refusal, /^Workflow instance with id "taken" already exists/);
  await page.getByLabel("Id", { exact: true }).fill("");
});

test("a restart asks first, and says what it clears", async () => {
  await start(page, "Steps");
  await hasStatus(page, "complete");
  await page.getByRole("button", { name: "Restart…" }).click();
  await page.getByRole("dialog").getByText("is cleared").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();

  await hasStatus(page, "complete");
});

test("a run that is watched again keeps the status that it has", async () => {
  await start(page, "Steps");
  await hasStatus(page, "complete");
  await choose(page, "More actions", /^Watch again/);
  await page.getByText(/^\d+ of \d+ · /).waitFor();

  await hasStatus(page, "complete");
  await view(page, "Compare");
  assert.equal(await page.locator(".watch").count(), 0);
  await view(page, "Timeline");
  await page.getByRole("button", { name: "Back to the present" }).click();
});

test("an instance is paused, resumed and terminated", async () => {
  await start(page, "Sleeper");
  await hasStatus(page, "waiting");
  await page.getByRole("button", { name: "Pause" }).click();
  await hasStatus(page, "paused");
  await page.getByRole("button", { name: "Resume" }).click();
  await hasStatus(page, "waiting");
  await choose(page, "More actions", /^Terminate…/);
  await page.getByRole("dialog").getByRole("button", { name: "Terminate" }).click();

  await hasStatus(page, "terminated");
});

test("a restart from a step keeps what came before it", async () => {
  await start(page, "Steps");
  await hasStatus(page, "complete");
  await view(page, "Timeline");
  await step(page, "sum").click();
  await page.getByRole("button", { name: "Restart from here…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
  await view(page, "Events");

  await page.getByText("step_started").first().waitFor();
  await hasStatus(page, "complete");
  await view(page, "Logs");
  assert.equal(await page.getByRole("list", { name: "Logs" }).getByText("in first").count(), 1);
});

test("Python is ended in the middle of a step, which is run again by another", async () => {
  // Long enough for the crash to come first on a slow machine.
  await start(page, "Slow", { seconds: 6 });
  await view(page, "Timeline");
  await step(page, /slow.*running/s).waitFor();
  await view(page, "Logs");
  await page.getByText("slow begins").waitFor();
  await choose(page, "Crash", /^Simulate a crash/);
  await hasStatus(page, "complete");

  const begins = page.getByRole("list", { name: "Logs" }).getByText("slow begins");
  await begins.nth(1).waitFor();
  assert.equal(await begins.count(), 2);
});

test("the engine is ended in the middle of a step, and the instance goes on by itself", async () => {
  await start(page, "Slow");
  await view(page, "Timeline");
  await step(page, /slow.*running/s).waitFor();
  await choose(page, "Crash", /^Simulate a power cut/);

  await hasStatus(page, "complete");
  await step(page, /slow.*2 attempts/s).waitFor();
});

test("Ctrl+Enter in the code starts an instance, and inserts nothing", async () => {
  const id = await start(page, "Steps");
  await hasStatus(page, "complete");
  await page.locator(".codepane .cm-content").click();
  await page.keyboard.press("Control+End");
  const lastLine = page.locator(".codepane .cm-lineNumbers .cm-gutterElement").last();
  const before = await lastLine.innerText();
  await page.keyboard.press("Control+Enter");

  await page.getByRole("heading", { name: /^steps-\w{5}$/ }).waitFor();
  await hasStatus(page, "complete");
  assert.notEqual(await page.locator(".head h2").innerText(), id);
  assert.equal(await lastLine.innerText(), before);
});

test("nothing of all this has left the page's origin", () => {
  assert.deepEqual(opened.foreign, []);
});
