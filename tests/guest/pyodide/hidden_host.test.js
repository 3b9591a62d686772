/** What code in an interpreter does not find, although it runs in a thread of the host. */

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { JavaScriptGuest } from "../../../runtime/javascript/pool.js";
import { PyodideGuest } from "../../../runtime/pyodide/pool.js";
import { Engine } from "../engine.js";

const FLOW = fileURLToPath(new URL("../flows/looking.py", import.meta.url));
process.env.STEPWELL_TEST_TOKEN = "a secret of the host";

describe("an interpreter in Pyodide", () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "stepwell-")));
  for (const folder of [".stepwell", "shown"]) mkdirSync(join(root, folder));
  for (const name of [".dev.vars", ".stepwell/state.sqlite", "shown/.hidden"])
    writeFileSync(join(root, name), "secret");
  for (const name of ["data.txt", "shown/data.txt"]) writeFileSync(join(root, name), "data");
  symlinkSync(".dev.vars", join(root, "vars.txt"));
  copyFileSync(FLOW, join(root, "looking.py"));
  const guest = new PyodideGuest({ deployment: { root, main: join(root, "looking.py"), vars: {} }, isolates: 1 });
  const engine = new Engine(guest);
  before(() => guest.load());
  after(async () => {
    await guest.dispose();
    rmSync(root, { recursive: true });
  });

  test("sees the files of the deployment, without those that are hidden", async () => {
    const [found, listed, environment] = await engine.run("Files", { payload: root });

    assert.deepEqual(found, {
      ".dev.vars": "FileNotFoundError",
      ".stepwell/state.sqlite": "FileNotFoundError",
      "vars.txt": "FileNotFoundError",
      "shown/.hidden": "FileNotFoundError",
      "data.txt": "data",
      "shown/data.txt": "data",
    });
    assert.deepEqual(listed, ["data.txt", "looking.py", "shown", "vars.txt"]);
    assert.ok(!environment.includes("STEPWELL_TEST_TOKEN"));
  });

  test("mounts no more of the machine", async () => {
    const [mounted, hasNode] = await engine.run("Mounts");

    assert.match(String(mounted), /Error|Exception/);
    assert.equal(hasNode, false);
  });
});

test("a workflow in JavaScript has no environment of the host's", async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "stepwell-")));
  writeFileSync(
    join(root, "flow.mjs"),
    `import { WorkflowEntrypoint } from "cloudflare:workers";
export class Environment extends WorkflowEntrypoint {
  async run() {
    return Object.keys(process.env).filter((name) => name !== "NODE_V8_COVERAGE");
  }
}`,
  );
  const guest = new JavaScriptGuest({ deployment: { root, main: join(root, "flow.mjs"), vars: {} } });
  try {
    await guest.load();

    assert.deepEqual(await new Engine(guest).run("Environment"), []);
  } finally {
    await guest.dispose();
    rmSync(root, { recursive: true });
  }
});
