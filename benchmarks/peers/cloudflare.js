/** Cloudflare's local engine: miniflare starts workerd, in which the workflows run. */

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, Response } from "miniflare";
import { drive, note, settings } from "./driver.js";

const PATIENCE = 5000;

const folder = join(settings.folder, "workflows");
mkdirSync(folder, { recursive: true });
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    name: "bench",
    modules: true,
    script: readFileSync(new URL("cloudflare_worker.js", import.meta.url), "utf8"),
    compatibilityDate: "2026-06-01",
    cf: false,
    host: "127.0.0.1",
    workflows: { WORKFLOW: { name: "bench", className: "Bench", scriptName: "bench", stepLimit: 5000 } },
    resourcePersistencePath: folder,
    serviceBindings: {
      LEDGER: (/** @type {{ url: string }} */ request) => {
        const [id, step] = new URL(request.url).pathname.slice(1).split("/");
        note(id, Number(step));
        return new Response("");
      },
    },
  }),
);

/** @param {object} body @returns {Promise<any>} */
async function ask(body) {
  const response = await miniflare.dispatchFetch("http://bench/", { method: "POST", body: JSON.stringify(body) });
  const { result, error } = /** @type {any} */ (await response.json());
  if (error) throw new Error(error);
  return result;
}

/** @param {string[]} ids @param {number} poll */
async function ended(ids, poll) {
  while (ids.length > 0) ids = await ask({ request: "ended", ids, poll, patience: PATIENCE });
}

await drive({
  async start(kind, id, input) {
    await ask({ request: "create", input: { ...input, kind, ledger: settings.ledger !== undefined } });
    return id;
  },
  ended,
  async resume(ids) {
    const left = await ask({ request: "ended", ids, poll: 0, patience: -1 });
    await ask({ request: "wake", ids: left });
    await ended(left, 20);
  },
});
