/**
 * The HTTP interface before whose every request all is there that the tests of cloudflare-typescript ask for: they are
 * written for a mock that knows no state. `node prepared_server.js` says where it listens.
 */

import { createServer } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { served } from "../server/served.js";

const VERSION = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e";
const ROW = {
  className: "x",
  root: ".",
  main: "x.js",
  vars: "{}",
  versionId: VERSION,
  stepLimit: null,
  scriptName: "x",
};

const on = await served(async (_event, step) => {
  await step.do("x", {}, async () => "x");
  return step.waitForEvent("x-1", { type: "x", timeout: "1 hour" });
});
on.host.registration.updateWorkflow = async (
  /** @type {string} */ _account,
  /** @type {string} */ name,
  /** @type {any} */ settings,
) => {
  const schedules = settings.schedules?.map((/** @type {{ cron: string }} */ { cron }) => cron) ?? [];
  await on.harness.engine.saveWorkflow({ ...ROW, name, schedules });
  return on.harness.engine.workflow(name);
};

async function prepare() {
  const { engine } = on.harness;
  await engine.saveWorkflow({ ...ROW, name: "x" });
  for (const id of ["x", "instance_id", "generated"]) await engine.commands.delete("x", id).catch(() => {});
  await engine.creator.create("x", { id: "x" });
  await on.harness.settle();
}

const server = createAdaptorServer({
  fetch: async (request, env) => {
    await prepare();
    return on.network.fetch(request, env);
  },
  createServer,
});
server.listen(0, "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  process.stdout.write(`http://127.0.0.1:${port}/client/v4\n`);
});
