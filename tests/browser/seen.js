/** What tests of the page share: a project that is opened by its link, and the words by which things are found. */

/** @import { BrowserContext, Page } from "playwright-core" */
/** @import { Playground } from "./page.js" */

import { toFragment } from "../../js/playground/page/files/share.js";

/** Steps of every kind, short enough to be waited for. */
export const DEMO = `import asyncio
from workers import WorkflowEntrypoint
from workers.workflows import NonRetryableError

QUICK = {"retries": {"limit": 3, "delay": 30, "backoff": "constant"}, "timeout": "20 seconds"}


class Steps(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("first")
        async def first():
            print("in first")
            return {"got": event["payload"].get("n", 1)}

        @step.do("flaky", config=QUICK)
        async def flaky(ctx):
            if ctx["attempt"] < 3:
                raise ValueError(f"attempt {ctx['attempt']} fails")
            return "at last"

        @step.do("sum", depends=[first, flaky])
        async def total(first, flaky):
            return [first["got"], flaky]

        return await total()


class Sleeper(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("before")
        async def before():
            return 1

        await before()
        await step.sleep("nap", event["payload"].get("nap", "1 hour"))
        return "awake"


class Waiter(WorkflowEntrypoint):
    async def run(self, event, step):
        got = await step.wait_for_event("the approval", "approval", timeout="1 hour")
        return got["payload"]


class Slow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("slow")
        async def slow(ctx):
            print("slow begins")
            if ctx["attempt"] == 1:
                await asyncio.sleep(event["payload"].get("seconds", 30))
            return ctx["attempt"]

        return await slow()


class Fails(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("broken")
        async def broken():
            raise NonRetryableError("no use")

        await broken()


class Floods(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.wait_for_event("wait for the page", "go", timeout="1 hour")

        @step.do("flood")
        async def flood():
            for number in range(20000):
                print("line", number)

        await flood()


class Many(WorkflowEntrypoint):
    async def run(self, event, step):
        for number in range(event["payload"].get("n", 100)):

            @step.do("part")
            async def part():
                return number

            await part()
        if event["payload"].get("extra"):
            await step.sleep("extra", 10)

        @step.do("end")
        async def end():
            return 1

        await end()


class Spins(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("spin", config={"retries": {"limit": 0, "delay": 1}, "timeout": "2 seconds"})
        async def spin():
            while True:
                pass

        await spin()
`;

const PATIENCE_MS = 60_000;

/**
 * Open the page with a project, and wait until Python is there.
 *
 * @param {Playground} playground
 * @param {{ files?: Record<string, string>, main?: string, context?: BrowserContext, init?: () => void }} [options]
 */
export async function openSeen(playground, { files = { "demo.py": DEMO }, main = "demo.py", ...options } = {}) {
  const opened = await playground.open({ path: await toFragment({ files, main }), ...options });
  opened.page.setDefaultTimeout(PATIENCE_MS);
  await Promise.race([isReady(opened.page), opened.failed]);
  return opened;
}

/** Wait until the page says that Python is ready. @param {Page} page */
export async function isReady(page) {
  await page.locator(".bar .about").waitFor();
}

let started = 0;

/**
 * Start an instance by the form, and wait until it is shown.
 *
 * @param {Page} page
 * @param {string} workflow
 * @param {object} [params]
 * @param {string} [id]
 * @returns {Promise<string>} its id
 */
export async function start(page, workflow, params, id = `${workflow.toLowerCase()}-${++started}`) {
  await page.getByLabel("Workflow").selectOption(workflow);
  await writeJson(page, ".startform .cm-content", params === undefined ? "" : JSON.stringify(params));
  await page.getByLabel("Id", { exact: true }).fill(id);
  await page.locator(".startform").getByRole("button", { name: "Start" }).click();
  await page.getByRole("heading", { name: id }).waitFor();
  return id;
}

/** Replace what a JSON field has. @param {Page} page @param {string} field @param {string} text */
export async function writeJson(page, field, text) {
  await page.locator(field).click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  // Typed in one go: the editor would close brackets after single keys.
  if (text !== "") await page.keyboard.insertText(text);
}

/** Replace the text of the file that the editor shows. @param {Page} page @param {string} text */
export async function write(page, text) {
  await page.locator(".codepane .cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  if (text === "") await page.keyboard.press("Delete");
  else await page.keyboard.insertText(text);
}

/** Wait until the instance that is shown has this status. @param {Page} page @param {string} status */
export async function hasStatus(page, status) {
  await page.locator(".head .pill", { hasText: new RegExp(`^${status}$`) }).waitFor({ timeout: 20_000 });
}

/** @param {Page} page @param {string} name */
export async function view(page, name) {
  await page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();
}

/** A row of the timeline. @param {Page} page @param {string | RegExp} name */
export function step(page, name) {
  return page.getByRole("option").filter({ hasText: name });
}

/** Choose from a menu. @param {Page} page @param {string} menu @param {string | RegExp} entry */
export async function choose(page, menu, entry) {
  await page.getByRole("button", { name: menu, exact: true }).click();
  await page.getByRole("menuitem", { name: entry }).click();
}
