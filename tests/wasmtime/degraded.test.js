/** The package wasmtime is another than the sandbox was written for: it does its work, with less. */

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Engine } from "../guest/engine.js";
import { openSandbox } from "./guest.js";

/** What takes names away from the package before the program of the host process runs. */
const PYTHON = `#!/bin/sh
exec ${process.env.STEPWELL_HOST_PYTHON ?? "python3"} -P -c '
import runpy, sys
from wasmtime import _bindings, _ffi
for name in ("dll", "wasmtime_config_async_stack_size_set", "wasmtime_store_epoch_deadline_callback"):
    for module in (_bindings, _ffi):
        vars(module).pop(name, None)
sys.argv[:] = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
' "$@"
`;

describe("without the names that the package wasmtime does not promise", () => {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-"));
  const python = join(folder, "python");
  writeFileSync(python, PYTHON);
  chmodSync(python, 0o755);
  const guest = openSandbox("limits.py", { python, stepCpu: 200, runCpu: 200 });
  const engine = new Engine(guest);
  /** @type {string[]} */
  const problems = [];
  guest.onproblem = (line) => problems.push(line);
  before(() => guest.load());
  after(async () => {
    await guest.dispose();
    rmSync(folder, { recursive: true });
  });

  it("says what is lost, each in a line", () => {
    const lost = problems.filter((line) => line.startsWith("The package wasmtime is another than"));
    assert.equal(lost.length, 3, problems.join("\n"));
  });

  it("steps run", async () => {
    assert.equal(await engine.run("InStep", { payload: { code: "nothing" } }), 1);
  });

  it("a step that spins is stopped, and by a limit", async () => {
    const run = engine.start("InStep", { payload: { code: "loop" } });
    await assert.rejects(run.output);
    const { error } = run.messages.find(({ type }) => type === "failed");
    assert.match(error.name, /^(CpuLimitExceeded|WallLimitExceeded)$/);
  });

  it("other passes go on", async () => {
    assert.equal(await engine.run("Innocent"), "still here");
  });
});
