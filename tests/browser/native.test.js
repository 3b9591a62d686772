/** A package of native code in a page: pydantic, whose core is a wheel for Pyodide's platform. The session has installed it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Playground, run } from "./page.js";

const FOLDER = process.env.STEPWELL_NATIVE_PACKAGES;
const FLOW = readFileSync(new URL("flows/native.py", import.meta.url), "utf8");

const options = FOLDER ? {} : { skip: "STEPWELL_NATIVE_PACKAGES is not set: `nox -s browser` sets it" };
test("pydantic validates in a step", options, async () => {
  await using playground = await Playground.start({ packages: FOLDER });
  const { page } = await playground.bare();
  await page.evaluate((source) => host.deploy({ "main.py": source }, "main.py"), FLOW);
  const { output } = await run(page, "OrderWorkflow", { order: '{"id": 7, "items": ["tea"]}' });

  assert.deepEqual(output, [{ id: 7, items: ["tea"] }, 1]);
});
