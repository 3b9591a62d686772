/** What code in an interpreter does not find, although it runs in a thread of the host. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { JavaScriptGuest } from "../../../runtime/javascript/pool.js";
import { PyodideGuest } from "../../../runtime/pyodide/pool.js";
import { threadRights } from "../../../runtime/pyodide/thread_rights.js";
import { Engine } from "../engine.js";

const FLOW = fileURLToPath(new URL("../flows/looking.py", import.meta.url));
process.env.STEPWELL_TEST_TOKEN = "a secret of the host";

describe("an interpreter in Pyodide", () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "stepwell-")));
  const outside = realpathSync(mkdtempSync(join(tmpdir(), "stepwell-")));
  for (const folder of [".stepwell", "shown"]) mkdirSync(join(root, folder));
  for (const name of [".dev.vars", ".stepwell/state.sqlite", "shown/.hidden"])
    writeFileSync(join(root, name), "secret");
  for (const name of ["data.txt", "shown/data.txt"]) writeFileSync(join(root, name), "data");
  symlinkSync(".dev.vars", join(root, "vars.txt"));
  writeFileSync(join(root, "own.mjs"), "export default 'own';");
  writeFileSync(join(root, ".hidden.mjs"), "export default 'hidden';");
  writeFileSync(join(outside, "other.mjs"), "export default 'other';");
  copyFileSync(FLOW, join(root, "looking.py"));
  const guest = new PyodideGuest({ deployment: { root, main: join(root, "looking.py"), vars: {} }, isolates: 1 });
  const engine = new Engine(guest);
  before(() => guest.load());
  after(async () => {
    await guest.dispose();
    for (const folder of [root, outside]) rmSync(folder, { recursive: true });
  });

  for (const [script, expected] of /** @type {[string, RegExp][]} */ ([
    ["typeof process", /^undefined$/],
    ["typeof require", /^undefined$/],
    ["typeof globalThis.process", /^undefined$/],
    ["typeof globalThis.global", /^undefined$/],
    ["String(Object.keys(console))", /^debug,log,info,warn,error,trace$/],
    ["String(Function('return console')()._stdout)", /^undefined$/],
    ["Function('return typeof process')()", /^undefined$/],
    ["(() => {}).constructor('return typeof require')()", /^undefined$/],
    ["import('node:fs')", /a module of the host/],
    ["import('fs')", /a module of the host/],
    ["import('node:child_process')", /a module of the host/],
    ["import('node:worker_threads')", /a module of the host/],
    ["Function('return import(\"node:fs\")')()", /a module of the host/],
    [`import(${JSON.stringify(join(outside, "other.mjs"))})`, /not a file of the deployment/],
    [`import(${JSON.stringify(join(root, ".hidden.mjs"))})`, /not a file of the deployment/],
    [`import(${JSON.stringify(join(root, "own.mjs"))}).then((own) => own.default)`, /^own$/],
    ["fetch('data:text/plain,still here').then((response) => response.text())", /^still here$/],
  ])) {
    test(`evaluates ${script.replace(root, "").replace(outside, "")}`, async () => {
      const found = await engine.run("Looking", { payload: { scripts: [script] } });

      assert.match(found[script], expected);
    });
  }

  test("finds no process from Python", async () => {
    assert.deepEqual(await engine.run("Ways"), {
      "js.eval": "undefined",
      "js.Function": "undefined",
      "a function's constructor": "undefined",
      "an async function's constructor": "undefined",
      run_js: "undefined",
      "js.process": "AttributeError",
      "os.system": -1,
      "os.getuid": 0,
    });
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
    assert.deepEqual(listed, ["data.txt", "looking.py", "own.mjs", "shown", "vars.txt"]);
    assert.ok(!environment.includes("STEPWELL_TEST_TOKEN"));
  });

  test("mounts no more of the machine", async () => {
    const [mounted, hasNode] = await engine.run("Mounts");

    assert.match(String(mounted), /Error|Exception/);
    assert.equal(hasNode, false);
  });
});

describe("the thread of an interpreter", () => {
  const TRY = `
    const { parentPort } = require("node:worker_threads");
    const attempts = {
      write: () => require("node:fs").writeFileSync(require("node:os").tmpdir() + "/stepwell-write", ""),
      spawn: () => require("node:child_process").spawnSync("true"),
      thread: () => new (require("node:worker_threads").Worker)("", { eval: true }),
      read: () => require("node:fs").readdirSync("/"),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      let outcome = "allowed";
      try { attempt(); } catch ({ code }) { outcome = code; }
      attempts[name] = outcome;
    }
    parentPort.postMessage(attempts);`;

  test("may read files, and neither write them nor start anything", async () => {
    const worker = new Worker(TRY, { eval: true, execArgv: threadRights() });

    const [outcomes] = await once(worker, "message");

    const denied = "ERR_ACCESS_DENIED";
    assert.deepEqual(outcomes, { write: denied, spawn: denied, thread: denied, read: "allowed" });
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
