/** The HTTP interface over an engine with a fake guest, as the Unix socket has it and as a listener in the network has it. */

import { createApi, createNetworkApi } from "../../js/server/api/app.js";
import { Metrics } from "../../js/telemetry/metrics.js";
import { Access } from "../../js/server/auth/access.js";
import { maskOf } from "../../js/server/masking.js";
import { Harness } from "../engine/harness.js";

/** @import { Run } from "../engine/fake_guest.js" */
/** @import { NewWorkflow } from "../../js/store/store.d.ts" */

/** @typedef {Pick<import("../../js/server/version_graphs.js").VersionGraphs, "has" | "graphOf">} Graphs */
/** @typedef {{ status: number, headers: Headers, success: boolean, errors: any[], result: any, result_info: any }} Answer */

const POLICY = {
  tokenRequired: false,
  hosts: /** @type {string[]} */ ([]),
  publicUrl: "http://127.0.0.1:8787",
  creationsPerSecond: 0,
};
export const ACCOUNT = "/client/v4/accounts/acc";

/** Of a state whose sources are gone. @type {Graphs} */
const NO_GRAPHS = { has: () => false, graphOf: async () => null };

/** @param {Run} run @param {{ policy?: Partial<import("../../js/server/api/app.js").Policy>, settings?: Partial<NewWorkflow>, graphs?: Graphs }} [options] */
export async function served(run, { policy, settings, graphs = NO_GRAPHS } = {}) {
  const harness = new Harness(run, settings ? { settings } : {});
  await harness.settle();
  const access = new Access(harness.engine, harness.store, () => harness.clock.now());
  harness.recordChange = (change, carryOut) => access.audit.recordCode(change, carryOut);
  const host = /** @type {any} */ ({
    engine: harness.engine,
    access,
    graphs,
    metrics: new Metrics(harness.engine),
    faults: [],
    reportFault: (/** @type {unknown} */ error) => host.faults.push(error),
    maskFor: (/** @type {{ vars: string }} */ { vars }) => maskOf(vars),
    opened: 0,
    followers: { add: () => (host.opened += 1), remove: () => (host.opened -= 1) },
    // A test gives them the functions that it asks for.
    registration: {},
    copies: {},
  });
  const app = createApi(host);
  const network = createNetworkApi(host, { ...POLICY, now: () => harness.clock.now(), ...policy });
  return {
    harness,
    access,
    host,
    app,
    network,
    /** Of the workflow `flow`, over the Unix socket. @type {(path: string, method?: string, body?: unknown) => Promise<Answer>} */
    ask: (path, method = "GET", body = null) => request(app, `/workflows/flow/instances${path}`, method, body),
    /** @type {(path: string, method?: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>} */
    rest: (path, method = "GET", body = null, headers = {}) =>
      request(network, `${ACCOUNT}${path}`, method, body, headers),
    /** @type {(path: string, method?: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>} */
    explorer: (path, method = "GET", body = null, headers = {}) =>
      request(network, `/cdn-cgi/local/explorer/api${path}`, method, body, headers),
  };
}

/**
 * @param {{ request: import("hono").Hono["request"] }} app
 * @param {string} path
 * @param {string} method
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Answer>}
 */
export async function request(app, path, method, body, headers = {}) {
  const init = { method, headers: { host: "127.0.0.1:8787", ...headers } };
  const response = await app.request(
    `http://127.0.0.1:8787${path}`,
    body === null ? init : { ...init, body: typeof body === "string" ? body : JSON.stringify(body) },
  );
  return { status: response.status, headers: response.headers, ...(await response.json()) };
}

/** Of a list. @param {Answer} answer */
export function ids({ result }) {
  return result.map((/** @type {{ id: string }} */ { id }) => id);
}
