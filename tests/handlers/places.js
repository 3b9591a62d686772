/** The languages in which the claims about handlers hold, and a Worker in each. */

import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "../../js/worker/worker.js";
import { answerBindingCalls } from "../../js/worker/binding_calls.js";
import { JavaScriptGuest } from "../../runtime/javascript/pool.js";
import { PyodideGuest } from "../../runtime/pyodide/pool.js";

/** @import { HandlerLog } from "../../runtime/pool/handler_pool.js" */

const ROOT = fileURLToPath(new URL("workers", import.meta.url));

/** @typedef {{ where: string, suffix: string, Guest: typeof JavaScriptGuest | typeof PyodideGuest, sdk?: string }} Language */

/** @type {Language[]} */
export const LANGUAGES = [
  { where: "in JavaScript", suffix: ".mjs", Guest: JavaScriptGuest },
  { where: "in Python", suffix: ".py", Guest: PyodideGuest },
];

/** Python with Cloudflare's own SDK, where STEPWELL_UPSTREAM_SDK says where it is. @type {Language[]} */
export const UPSTREAM = process.env.STEPWELL_UPSTREAM_SDK
  ? [
      {
        where: "in Python with Cloudflare's SDK",
        suffix: ".py",
        Guest: PyodideGuest,
        sdk: process.env.STEPWELL_UPSTREAM_SDK,
      },
    ]
  : [];

/**
 * @typedef {object} OpenOptions
 * @property {Record<string, unknown>} [vars]
 * @property {Record<string, string>} [bindings] workflows
 * @property {Record<string, any>} [env]
 * @property {Partial<import("../../js/worker/binding_calls.js").HostServices>} [services]
 * @property {number} [cpuLimit]
 * @property {number} [isolates] how many for handlers; 1 by default, for tests look at what modules keep
 */

/**
 * Load the Worker of a file in `workers/`.
 *
 * @param {Language} language
 * @param {string} name of the file, without suffix
 * @param {OpenOptions} [options]
 */
export async function openWorker(
  { suffix, Guest, sdk },
  name,
  { vars = {}, bindings, env = {}, services = {}, isolates = 1, ...limits } = {},
) {
  const main = `${ROOT}/${name}${suffix}`;
  const runtime = sdk === undefined ? null : { name: "pyodide", sdk };
  const guest = new Guest({
    deployment: { root: ROOT, main, vars, bindings: bindings ?? null, env, runtime },
    ...limits,
  });
  const { handlers, classes } = await guest.load();
  const worker = new Worker(/** @type {any} */ (handlers), () => guest.openForHandlers(), { isolates });
  guest.answer = answerBindingCalls(env, /** @type {any} */ ({ own: () => worker, ...services }));
  /** @type {HandlerLog[]} */
  const logs = [];
  worker.onlog = (log) => void logs.push(log);
  return {
    worker,
    guest,
    classes,
    logs,
    close: async () => {
      await worker.dispose();
      await guest.dispose();
    },
  };
}

/**
 * A Worker for all tests of a `describe`.
 *
 * @param {Language} language
 * @param {string} name
 * @param {OpenOptions} [options]
 */
export function useWorker(language, name, options) {
  /** @type {Awaited<ReturnType<typeof openWorker>>} */
  let opened;
  before(async () => {
    opened = await openWorker(language, name, options);
  });
  after(() => opened.close());
  return () => opened;
}

/** Settles when no call is under way. @param {Worker} worker */
export async function idle(worker) {
  while (worker.stats().inFlight > 0) await new Promise((resolve) => void setImmediate(resolve));
}

/** @param {string} path @param {RequestInit & { duplex?: "half" }} [init] */
export function request(path, init) {
  return new Request(`http://example.com${path}`, init);
}
