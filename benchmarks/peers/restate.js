/** Restate: its server as a child process, its TypeScript SDK in this one. */

import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import * as restate from "@restatedev/restate-sdk";
import { connect } from "@restatedev/restate-sdk-clients";
import { delay, drive, LETTERS, note, settings } from "./driver.js";

const HOST = "127.0.0.1";

/** @param {string} name @param {(ctx: any, input: any) => Promise<unknown>} run */
const workflow = (name, run) => restate.workflow({ name, handlers: { run } });

/** @type {Record<string, any>} */
const workflows = {
  sequential: workflow("sequential", async (ctx, input) => {
    for (let i = 0; i < input.steps; i++) {
      await ctx.run(`step-${i}`, async () => {
        note(input.id, i);
        return i;
      });
    }
    return true;
  }),
  fanOut: workflow("fanOut", async (ctx, input) => {
    const steps = Array.from({ length: input.steps }, (_, i) => ctx.run(`step-${i}`, async () => i));
    return (await restate.RestatePromise.all(steps)).length;
  }),
  sleeper: workflow("sleeper", async (ctx, input) => {
    await ctx.sleep(input.sleep);
    return await ctx.run("step", async () => 0);
  }),
  large: workflow("large", async (ctx, input) => {
    let size = 0;
    for (let i = 0; i < input.steps; i++) {
      size += (await ctx.run(`step-${i}`, async () => ({ rows: Array(98).fill(LETTERS) }))).rows.length;
    }
    return size;
  }),
};

// The server remembers where the workflows are, so a second life has to use the same ports.
const portsFile = join(settings.folder, "ports.json");
const known = existsSync(portsFile);
const ports = known
  ? JSON.parse(readFileSync(portsFile, "utf8"))
  : { ingress: await freePort(), admin: await freePort(), node: await freePort(), endpoint: await freePort() };
writeFileSync(portsFile, JSON.stringify(ports));

startServer();
await restate.serve({ services: Object.values(workflows), port: ports.endpoint });
await answered(`http://${HOST}:${ports.admin}/health`);
if (!known) {
  await answered(`http://${HOST}:${ports.admin}/deployments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uri: `http://${HOST}:${ports.endpoint}`, force: true }),
  });
}
await answered(`http://${HOST}:${ports.ingress}/restate/health`);

const connection = connect({ url: `http://${HOST}:${ports.ingress}` });
await drive({
  async start(kind, id, input) {
    const client = connection.workflowClient(workflows[kind], id);
    await client.workflowSubmit(input);
    // The client itself would be taken for a promise: it answers to any method, also to `then`.
    return { client };
  },
  async ended(handles) {
    await Promise.all(handles.map(({ client }) => client.workflowAttach()));
  },
  async resume(ids) {
    const attached = ids.map(async (id) => {
      try {
        await connection.workflowClient(workflows.sequential, id).workflowAttach();
        return 1;
      } catch (error) {
        // What had not been accepted before the kill is not known.
        if (/** @type {any} */ (error).status === 404) return 0;
        throw error;
      }
    });
    return { known: (await Promise.all(attached)).reduce((sum, one) => sum + one, 0) };
  },
});

/** In this process's group, so that it is killed with us. */
function startServer() {
  const require = createRequire(import.meta.url);
  const folder = dirname(
    require.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/package.json`),
  );
  const log = openSync(join(settings.folder, "server.log"), "a");
  const options = ["--no-logo", "--base-dir", join(settings.folder, "restate"), "--node-name", "bench"];
  spawn(join(folder, "bin", "restate-server"), options, {
    cwd: settings.folder,
    stdio: ["ignore", log, log],
    env: {
      ...process.env,
      DO_NOT_TRACK: "1",
      RESTATE_DISABLE_TELEMETRY: "true",
      RESTATE_LOG_FILTER: "warn",
      RESTATE_LISTEN_MODE: "tcp",
      RESTATE_BIND_ADDRESS: `${HOST}:${ports.node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://${HOST}:${ports.node}`,
      RESTATE_ADMIN__BIND_ADDRESS: `${HOST}:${ports.admin}`,
      RESTATE_INGRESS__BIND_ADDRESS: `${HOST}:${ports.ingress}`,
    },
  });
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, HOST, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Ask until it says yes. @param {string} url @param {RequestInit} [request] */
async function answered(url, request) {
  for (;;) {
    try {
      if ((await fetch(url, request)).ok) return;
    } catch {
      // It is not listening yet. Whoever started us limits how long this may take.
    }
    await delay(10);
  }
}
