/** Code that loads and is refused, such as code without a class that the configuration names: it takes no other's place. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DeploymentLoader } from "../../js/server/deployment_loader.js";

/** @import { TestContext } from "node:test" */
/** @import { Loaded } from "../../js/server/guests.js" */

/** @param {TestContext} context @param {{ keepsOldCode: boolean }} options */
function opened(context, { keepsOldCode }) {
  const root = mkdtempSync(join(tmpdir(), "stepwell-"));
  const main = join(root, "flow.mjs");
  const loader = new DeploymentLoader(join(root, "state.sqlite"), { print: () => {} });
  loader.keepsOldCode = keepsOldCode;
  context.after(async () => {
    await loader.dispose();
    rmSync(root, { recursive: true });
  });
  /** @param {string} name of the class */
  const write = (name) =>
    writeFileSync(
      main,
      `import { WorkflowEntrypoint } from "cloudflare:workers"; export class ${name} extends WorkflowEntrypoint {}`,
    );
  /** @param {Loaded} loaded */
  const check = async ({ classes }) => assert.ok(classes.includes("Flow"), "refused");
  return { loader, deployment: { root, main, vars: {}, bindings: null, scriptName: null }, write, check };
}

test("in development the old code goes on, for passes too, until there is code that is not refused", async (context) => {
  const { loader, deployment, write, check } = opened(context, { keepsOldCode: true });
  write("Flow");
  const old = await loader.load(deployment, { check });
  write("Renamed");

  await assert.rejects(loader.load(deployment, { check }), /refused/);
  assert.equal(await loader.load(deployment, { unchanged: "fail" }), old);
  assert.equal(loader.isSuperseded(old.guest), false);

  write("Flow");
  const next = await loader.load(deployment, { check });
  assert.deepEqual(next.classes, ["Flow"]);
});

test("otherwise the code that was refused stays refused until it changes", async (context) => {
  const { loader, deployment, write, check } = opened(context, { keepsOldCode: false });
  write("Renamed");

  await assert.rejects(loader.load(deployment, { check }), /refused/);
  await assert.rejects(loader.load(deployment, { unchanged: "fail" }), /refused/);
  write("Flow");
  assert.deepEqual((await loader.load(deployment, { check })).classes, ["Flow"]);
});
