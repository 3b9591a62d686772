/** Packages in a page: those that the site brings, and what is said of others. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { Playground, run } from "./page.js";
import { openSeen } from "./seen.js";

const FLOW = `from workers import WorkflowEntrypoint
import greeting


class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("greet")
        async def greet():
            from greeting.words import hello

            return hello()

        return await greet()


class Late(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("late", config={"retries": {"limit": 0, "delay": 1}})
        async def late():
            import nowhere

        await late()
`;

const FILES = {
  "greeting/__init__.py": "",
  "greeting/words.py":
    "from importlib.resources import files\n\n\ndef hello():\n    return files('greeting').joinpath('data/hello.txt').read_text()\n",
  "greeting/data/hello.txt": "hello",
  "greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
};

/** @type {string} */
let folder;
/** @type {Playground} */
let playground;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "stepwell-modules-"));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  playground = await Playground.start({ packages: folder });
});
after(async () => {
  await playground.close();
  rmSync(folder, { recursive: true });
});

test("a workflow imports the packages of the project that the playground was started in", async () => {
  const { page } = await playground.bare();
  await page.evaluate((source) => host.deploy({ "main.py": source }, "main.py"), FLOW);

  assert.equal((await run(page, "Flow")).output, "hello");
  // Interpreters that take the place of others have them, too.
  await page.evaluate(() => host.crash("engine"));
  await page.evaluate(() => host.ready());
  assert.equal((await run(page, "Flow")).output, "hello");
});

test("an import of a package that is not there is answered with what is possible", async () => {
  const { page } = await openSeen(playground, { files: { "main.py": FLOW }, main: "main.py" });
  await page.getByLabel("Workflow").selectOption("Late");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.getByRole("alert").getByText("No module named 'nowhere'").waitFor();
  await page.getByRole("button", { name: "Traceback" }).click();
  await page
    .locator(".instance")
    .getByText(/^'nowhere' is neither in Python's standard library/)
    .waitFor();

  await page.locator(".codepane .cm-content").click();
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.insertText("import numpy\n");
  await page.getByRole("button", { name: "Deploy" }).click();
  await page
    .getByRole("alert", { name: "Problems" })
    .getByText(/'numpy' is neither in Python's standard library/)
    .waitFor();
});
