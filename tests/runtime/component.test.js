/** The component of sandboxed interpreters, where it is missing. */

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { componentPath } from "../../runtime/wasmtime/files.js";

/** A Python that answers the search for the component so. @param {import("node:test").TestContext} t @param {string} script */
function answerWith(t, script) {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-component-"));
  const python = join(folder, "python");
  writeFileSync(python, `#!/bin/sh\n${script}\n`);
  chmodSync(python, 0o755);
  const before = process.env.STEPWELL_HOST_PYTHON;
  process.env.STEPWELL_HOST_PYTHON = python;
  t.after(() => {
    rmSync(folder, { recursive: true });
    if (before === undefined) delete process.env.STEPWELL_HOST_PYTHON;
    else process.env.STEPWELL_HOST_PYTHON = before;
  });
}

test("a program that is not installed is the user's to install", async (t) => {
  answerWith(t, "echo 'Install it.' >&2; exit 2");
  await assert.rejects(componentPath(), { message: "Install it.", during: "import" });
});

test("a program that fails is a fault", async (t) => {
  answerWith(t, "echo 'It failed.' >&2; exit 1");
  await assert.rejects(componentPath(), (/** @type {any} */ error) => {
    assert.equal(error.message, "It failed.");
    return error.during === undefined;
  });
});
