/** The playground in Firefox: that it works at all. What it does in detail is tested in Chromium. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { toFragment } from "../../js/playground/page/files/share.js";
import { serveSite } from "../../js/playground/server/serve.js";
import { readSite } from "../../js/playground/server/site.js";
import { Firefox } from "./firefox.js";

const FLOW = `from workers import WorkflowEntrypoint


class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("one")
        async def one():
            return 1

        await one()
        await step.sleep("nap", "6 seconds")
        return 2


class Blocks(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("blocks", config={"retries": {"limit": 0, "delay": 1}})
        async def blocks():
            from pyodide.ffi import run_sync
            import asyncio
            return run_sync(asyncio.sleep(0))

        return await blocks()
`;
const READY = '!!document.querySelector(".bar .about")';
const START = 'document.querySelector(".startform button.primary").click()';

/** @type {Firefox} */
let firefox;
before(async () => {
  const url = await serveSite(await readSite(), 0);
  firefox = await Firefox.start();
  await firefox.go(url + (await toFragment({ files: { "flow.py": FLOW }, main: "flow.py" })));
  await firefox.until(READY);
});
after(async () => {
  await firefox.close();
  // The site's server has no end of its own.
  setTimeout(() => process.exit(), 100);
});

/** @param {string} status */
const is = (status) =>
  `document.querySelector(".head .pill")?.textContent.includes(${JSON.stringify(status)}) ?? false`;

test("a workflow that sleeps goes on after a reload", async () => {
  await firefox.evaluate(START);
  await firefox.until(is("waiting"));
  await firefox.reload();
  await firefox.until(is("complete"));

  assert.equal(await firefox.evaluate('document.querySelectorAll(".instance-row").length'), 1);
});

test("the state is on the browser's file system, and memory is shared", async () => {
  assert.equal(await firefox.evaluate("crossOriginIsolated"), true);
  assert.doesNotMatch(await firefox.evaluate('document.querySelector(".banners").innerText'), /memory/);
});

test("what JSPI is needed for is told where it is missing", async (t) => {
  if (await firefox.evaluate('"Suspending" in WebAssembly')) return t.skip("this Firefox has JSPI");
  assert.match(await firefox.evaluate('document.querySelector(".banners").innerText'), /JSPI/);
  await firefox.until(READY);
  await firefox.evaluate(
    `(() => { const select = document.querySelector(".startform select"); select.value = "Blocks"; select.dispatchEvent(new Event("change", { bubbles: true })); })()`,
  );
  await firefox.until('document.querySelector(".startform select").value === "Blocks"');
  await firefox.evaluate(START);
  await firefox.until(is("errored"));
});

test("the console has no errors", () => {
  assert.deepEqual(firefox.complaints, []);
});
