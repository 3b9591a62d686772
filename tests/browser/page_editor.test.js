/** The editor: files, completion, errors at their lines, examples, links, and files of the person's own machine. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { unzipSync } from "fflate";
import { Playground } from "./page.js";
import { toFragment } from "../../js/playground/page/files/share.js";
import { choose, DEMO, hasStatus, isReady, start, write } from "./seen.js";

/** @type {Playground} */
let playground;
/** @type {import("playwright-core").Page} */
let page;

before(async () => {
  playground = await Playground.start();
  page = await (await playground.context()).newPage();
  page.setDefaultTimeout(10_000);
});
after(() => playground.close());

const SOURCE = ".codepane .cm-content";

/** @param {string} name */
const fileTab = (name) => page.locator(".files").getByRole("tab", { name });

test("a first visit shows an example before Python is there, and says how far it is", async () => {
  await page.addInitScript(() => {
    const told = new Set();
    Object.assign(globalThis, { told });
    const look = () => told.add(document.querySelector(".starting")?.textContent ?? "");
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  });
  /** @type {(value?: unknown) => void} */
  let release = () => {};
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/*.snapshot", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(playground.url);
  await page.locator(SOURCE).getByText("WorkflowEntrypoint").first().waitFor();
  await page.getByRole("progressbar", { name: "Starting" }).waitFor();
  release();
  await isReady(page);

  const told = await page.evaluate(() => [.../** @type {any} */ (globalThis).told].join("\n"));
  assert.match(told, /Python, \d+(\.\d)? MB of \d+(\.\d)? MB/);
});

test("every example can be opened, and taken back", async () => {
  await choose(page, "Examples", /document_index/);
  await fileTab("texts/sonnet_18.txt").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();

  await fileTab("order.py").waitFor();
  assert.equal(await fileTab("texts/sonnet_18.txt").count(), 0);
});

test("files are added, renamed and deleted, and are there after a reload", async () => {
  await page.getByRole("button", { name: "Add a file" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("../out.py");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("cannot lead out of the project").waitFor();
  await page.getByRole("dialog").getByLabel("Name").fill("lib/helpers.py");
  await page.keyboard.press("Enter");
  await write(page, "ANSWER = 42\n");
  await fileTab("lib/helpers.py").press("F2");
  await page.getByRole("dialog").getByLabel("Name").fill("lib/tools.py");
  await page.keyboard.press("Enter");
  await fileTab("lib/tools.py").waitFor();
  await page.getByText("· Saved").waitFor();
  await page.reload();

  await fileTab("lib/tools.py").click();
  await page.locator(SOURCE).getByText("ANSWER = 42").waitFor();
  await fileTab("lib/tools.py").press("Delete");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await fileTab("lib/tools.py").waitFor({ state: "detached" });
});

test("the SDK's methods, parameters and option names are completed, with its own words", async () => {
  await isReady(page);
  await write(page, "");
  await page.keyboard.type("step.wai");
  const list = page.locator(".cm-tooltip-autocomplete .cm-completionLabel");
  await list.getByText("wait_for_event").waitFor();
  await page.locator(".sdk-info").getByText("Wait until an event of").waitFor();
  await write(page, "");
  await page.keyboard.type('@step.do("a", rollb');
  await list.getByText("rollback_config=").waitFor();
  await write(page, "");
  await page.keyboard.type('config={"retries": {"li');

  await list.getByText("limit").waitFor();
  await page.keyboard.press("Escape");
});

test("a syntax error is marked at its line, and the code is not deployed", async () => {
  await write(
    page,
    "from workers import WorkflowEntrypoint\n\n\nclass A(WorkflowEntrypoint):\n    def run(:\n        pass\n",
  );
  const problem = page.locator(".problems").getByRole("button", { name: /order\.py:5.*SyntaxError/ });
  await problem.waitFor();
  await page.locator(".cm-lint-marker-error").waitFor();
  await page.getByRole("button", { name: "Start" }).click();

  await page.getByText("Start runs this code").waitFor();
  await problem.click();
  await page.locator(".cm-lineNumbers .cm-activeLineGutter", { hasText: "5" }).waitFor();
});

test("an error at import is refused with its traceback, at its line", async () => {
  await write(
    page,
    "from workers import WorkflowEntrypoint\n\nx = missing\n\n\nclass A(WorkflowEntrypoint):\n    pass\n",
  );
  await page.getByRole("button", { name: "Deploy" }).click();

  await page
    .locator(".problems")
    .getByRole("button", { name: /order\.py:3.*NameError/ })
    .waitFor();
});

test("the traceback of a failed step is marked at its line", async () => {
  await write(page, DEMO);
  await start(page, "Fails");
  await hasStatus(page, "errored");

  await page.locator(".cm-lint-marker-error").first().waitFor();
  await page.getByRole("button", { name: "Traceback" }).click();
  const line = DEMO.split("\n").findIndex((text) => text.includes('NonRetryableError("no use")')) + 1;
  await page
    .getByRole("button", { name: new RegExp(`order\\.py", line ${line}`) })
    .first()
    .waitFor();
});

test("a link holds the project; a damaged one says so and changes nothing", async () => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByText("The link is in the clipboard").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await playground.open({ path: link });
  await other.page.locator(SOURCE).getByText("class Steps").waitFor();
  assert.equal(await other.page.evaluate(() => location.hash), "");

  await other.page.goto(link.slice(0, -40));
  await other.page.getByRole("alert").getByText("This link is damaged").waitFor();
  await other.page.locator(SOURCE).getByText("class Steps").waitFor();
  await other.page.context().close();
});

test("a link asks before it takes the place of one's own project", async () => {
  await page.goto(playground.url + (await toFragment({ files: { "other.py": "pass\n" }, main: "other.py" })));
  await page.getByRole("dialog").getByText("takes the place of your own project").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();

  await fileTab("order.py").waitFor();
});

test("files are opened from the machine and saved to it", async () => {
  const chooser = page.waitForEvent("filechooser");
  await choose(page, "File", /^Open…/);
  await (
    await chooser
  ).setFiles([
    { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("some notes") },
    { name: "picture.png", mimeType: "image/png", buffer: Buffer.from([137, 80, 78, 71, 0, 255]) },
  ]);
  await page.getByRole("alert").getByText("picture.png is no text").waitFor();
  await fileTab("notes.txt").waitFor();
  const download = page.waitForEvent("download");
  await choose(page, "File", /^Save the project/);

  const packed = unzipSync(await readFile(await (await download).path()));
  assert.deepEqual(Object.keys(packed).sort(), ["notes.txt", "order.py"]);
  assert.equal(new TextDecoder().decode(packed["notes.txt"]), "some notes");
});
