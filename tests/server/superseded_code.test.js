/** Code that is replaced while it is imported, as by a second save in `stepwell dev`: its import ends. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { WorkflowError } from "../../js/engine/errors.js";
import { DeploymentLoader } from "../../js/server/deployment_loader.js";

const NEWER = new WorkflowError("deployment.superseded", "newer");
const CODE = {
  py: {
    endless: "while True: pass",
    good: "from workers import WorkerEntrypoint\nclass Default(WorkerEntrypoint):\n  pass",
  },
  mjs: {
    endless: "for (;;);",
    good: 'import { WorkerEntrypoint } from "cloudflare:workers"; export default class extends WorkerEntrypoint {}',
  },
};

for (const [suffix, code] of Object.entries(CODE))
  test(`an import without end gives way to newer code (.${suffix})`, async (context) => {
    const root = mkdtempSync(join(tmpdir(), "stepwell-"));
    const main = join(root, `entry.${suffix}`);
    const loader = new DeploymentLoader(join(root, "state.sqlite"), { print: () => {} });
    context.after(async () => {
      await loader.dispose();
      rmSync(root, { recursive: true });
    });
    const deployment = { root, main, vars: {}, bindings: null, scriptName: "w" };
    writeFileSync(main, code.good);
    const old = await loader.load(deployment);
    writeFileSync(main, code.endless);
    const newer = new AbortController();
    // All three wait for the same import, which the first has begun.
    const stale = loader.load(deployment);
    const reloading = loader.load(deployment, { signal: newer.signal });
    const called = loader.workerOf("default", "w");

    writeFileSync(main, `${code.good}\n\n`);
    newer.abort(NEWER);

    await assert.rejects(stale, NEWER);
    await assert.rejects(reloading, NEWER);
    const next = await loader.load(deployment);
    assert.notEqual(next, old);
    assert.equal(await called, next.worker);
  });
