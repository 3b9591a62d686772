/** Durable Objects of a Worker in each language, over a state in a folder of its own. */

import { hash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Commits } from "../../js/engine/commits.js";
import { nodeClock } from "../../js/server/clock.js";
import { DeploymentLoader } from "../../js/server/deployment_loader.js";
import { ObjectFiles } from "../../js/server/objects/object_files.js";
import { Objects } from "../../js/server/objects/objects.js";
import { openDriver } from "../../js/store/node_driver.js";
import { SqliteStore } from "../../js/store/sqlite.js";
import { IdFactory } from "../../runtime/objects/ids.js";
import { ManualClock } from "../../conformance/manual_clock.js";

export const ROOT = fileURLToPath(new URL("workers", import.meta.url));

export const LANGUAGES = [
  { where: "in JavaScript", suffix: ".mjs", runtime: null },
  { where: "in Python", suffix: ".py", runtime: null },
  ...(process.env.STEPWELL_UPSTREAM_SDK
    ? [
        {
          where: "in Python with Cloudflare's SDK",
          suffix: ".py",
          runtime: { name: "pyodide", sdk: process.env.STEPWELL_UPSTREAM_SDK },
        },
      ]
    : []),
];

const ENV = {
  COUNTER: { kind: "host", type: "durable_object", options: { class_name: "Counter" } },
  ROOM: { kind: "host", type: "durable_object", options: { class_name: "Room" } },
  ALARMED: { kind: "host", type: "durable_object", options: { class_name: "Alarmed" } },
};

/**
 * @param {{ suffix: string, runtime: any }} language
 * @param {{ folder?: string, root?: string, name?: string, clock?: ManualClock, env?: any }} [options] `folder`: of a state that is there
 */
export async function openPlace(
  { suffix, runtime },
  { folder, root = ROOT, name = "objects", clock = new ManualClock(), env = ENV } = {},
) {
  const place = folder ?? mkdtempSync(join(tmpdir(), "stepwell-"));
  const state = join(place, "state.sqlite");
  const store = new SqliteStore(openDriver(state));
  /** @type {string[]} */
  const reports = [];
  const commits = new Commits(store, {
    defer: setImmediate,
    clock: nodeClock,
    onfailure: (error) => reports.push(String(error)),
    onwritten: () => {},
  });
  const files = new ObjectFiles(state);
  const loader = new DeploymentLoader(state, {
    print: (text) => reports.push(text),
    objectsFolder: files.folder,
    answerBinding: async ({ spec, path }) =>
      await objects.call({ account: "local", script: spec.options?.script_name }, spec.options?.class_name, path),
  });
  const objects = new Objects({
    store: store.objects,
    commits,
    clock,
    files,
    workerOf: ({ account, script }) => loader.workerOf(account, script),
    report: (line) => reports.push(line),
  });
  const deployment = {
    account: "local",
    scriptName: "w",
    root,
    main: join(root, `${name}${suffix}`),
    vars: {},
    bindings: null,
    env,
    runtime,
  };
  const { worker } = await loader.load(deployment);
  for (const each of worker.handlers.objects) await objects.openNamespace({ account: "local", script: "w" }, each);
  return {
    folder: place,
    clock,
    reports,
    store,
    files,
    objects,
    loader,
    worker,
    deployment,
    /** The stub of a name. @param {string} className @param {string} of */
    named: (className, of) => {
      const digest = (/** @type {string} */ text) => hash("sha256", text);
      const id = new IdFactory(JSON.stringify(["w", className]), digest).fromName(of);
      return {
        call: (/** @type {string} */ method, /** @type {any[]} */ ...args) =>
          objects.call({ account: "local", script: "w" }, className, [
            ["object", [String(id), of]],
            [method, args],
          ]),
      };
    },
    /** Let all objects leave memory, once the last call has settled. */
    async evictAll() {
      while (worker.objects.size > 0) {
        await worker.objects.evictIdle(0);
        await new Promise(setImmediate);
      }
    },
    async close({ keep = false } = {}) {
      objects.dispose();
      await loader.dispose();
      store.close();
      if (!keep) rmSync(place, { recursive: true, force: true });
    },
  };
}
