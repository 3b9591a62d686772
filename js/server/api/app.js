/** The HTTP interface as Hono applications: one for the Unix socket, one for each TCP listener. */

/** @import { Context } from "hono" */
/** @import { Host } from "../host.js" */
/** @import { Caller } from "../auth/caller.js" */
/** @import { Operation } from "./operation.js" */

import { Hono } from "hono";
import { DEFAULT_ACCOUNT } from "../../engine/accounts.js";
import { authorize, authorizeLocal, refuseChanges } from "../auth/caller.js";
import { addControlRoutes } from "../control_routes.js";
import { addDashboard } from "../dashboard/routes.js";
import { explorerOperations } from "../explorer/operations.js";
import { traceOperations } from "../trace_query/operations.js";
import { checkOrigin } from "../requests/origin.js";
import { failure } from "./envelope.js";
import { openApiDocument } from "./openapi.js";
import { addRoute } from "./operation.js";
import { engineOperations } from "./operations/engines.js";
import { singleInstanceOperations } from "./operations/instance.js";
import { instanceOperations } from "./operations/instances.js";
import { listOperations } from "./operations/lists.js";
import { workflowOperations } from "./operations/workflows.js";
import { PageMemory } from "./pages.js";
import { CreationRates } from "./rates.js";
import { describeError, HttpRefusal, METHOD_NOT_ALLOWED, NO_ROUTE } from "./refusal.js";

export const REST = "/client/v4/accounts/:account_id";
export const EXPLORER = "/cdn-cgi/local/explorer/api";
/** What it was before. */
const OLD_EXPLORER = "/cdn-cgi/explorer/api";
const NOT_FOUND_IN_EXPLORER = 10501;

/** What clients in the network may send; a single value has a smaller limit of its own. */
const NETWORK_LIMITS = { maxBytes: 16 * 2 ** 20 };

/** What the operations work with. */
export class Api {
  /** @param {Host} host @param {{ creationsPerSecond?: number, now?: () => number }} [options] 0: no limit; `now` in ms */
  constructor(host, { creationsPerSecond = 0, now = () => performance.now() } = {}) {
    this.host = host;
    this.engine = host.engine;
    this.audit = host.access.audit;
    this.pages = new PageMemory(now);
    this.rates = new CreationRates(creationsPerSecond, now);
  }

  /** @returns {Operation[]} */
  operations() {
    return [
      ...workflowOperations(this),
      // Before the instances of one workflow: no workflow is called "-".
      ...listOperations(this).toReversed(),
      ...engineOperations(this),
      ...instanceOperations(this),
      ...singleInstanceOperations(this),
    ];
  }
}

/**
 * For the command line, over the Unix socket: who can open that may do everything, and may limit a request to what a token allows.
 *
 * @param {Host} host
 */
export function createApi(host) {
  const api = new Api(host);
  const app = newApp();
  addControlRoutes(app, host);
  const { tokens } = host.access;
  for (const operation of api.operations()) {
    for (const prefix of ["", REST]) {
      addRoute(app, { ...operation, path: prefix + operation.path }, (context) => {
        const account = host.access.accountOf(context.req.param("account_id") ?? DEFAULT_ACCOUNT);
        return { account, caller: authorizeLocal(context.req, { tokens, account, operation }) };
      });
    }
  }
  return app;
}

/**
 * @typedef {object} Policy
 * @property {boolean} tokenRequired
 * @property {string[] | undefined} hosts names of this server besides those of loopback; undefined: any
 * @property {string} publicUrl without a slash at its end
 * @property {number} creationsPerSecond
 * @property {boolean} [readOnly] refuse what changes anything
 * @property {() => number} [now] in ms, for rates and pages
 */

/**
 * For the network.
 *
 * @param {Host} host
 * @param {Policy} policy
 */
export function createNetworkApi(host, policy) {
  const api = new Api(host, policy);
  const app = newApp(new URL(policy.publicUrl).pathname.replace(/\/$/, ""), (error) => host.reportFault(error));
  app.use((context, next) => checkSite(context, next, policy));
  /** @param {Context} context @param {Operation} operation */
  const admitOperation = (context, operation) => {
    if (policy.readOnly && operation.scope !== "read") refuseChanges();
    const account = host.access.accountOf(context.req.param("account_id") ?? DEFAULT_ACCOUNT);
    return { account, caller: admit(context, { host, policy, account, operation }) };
  };
  addMetrics(app, host, policy);
  const operations = api.operations();
  for (const operation of operations)
    addRoute(app, { ...operation, path: REST + operation.path }, admitOperation, NETWORK_LIMITS);
  const local = [...explorerOperations(api, operations), ...traceOperations(api)];
  for (const prefix of [EXPLORER, OLD_EXPLORER])
    for (const operation of local)
      addRoute(app, { ...operation, path: prefix + operation.path }, admitOperation, NETWORK_LIMITS);
  const rest = openApiDocument({ operations, prefix: REST, publicUrl: policy.publicUrl });
  const explorer = openApiDocument({ operations: local, prefix: EXPLORER, publicUrl: policy.publicUrl });
  addDashboard(app, { api, operations, admit: admitOperation, limits: NETWORK_LIMITS, policy });
  app.get("/client/v4/openapi.json", (context) => context.json(rest));
  for (const prefix of [EXPLORER, OLD_EXPLORER]) app.get(prefix, (context) => context.json(explorer));
  return app;
}

/**
 * What Prometheus scrapes: of the default account, or of the one that it asks for.
 *
 * @param {Hono<any>} app
 * @param {Host} host
 * @param {Policy} policy
 */
function addMetrics(app, host, policy) {
  const { metrics } = host;
  app.get("/metrics", async (context) => {
    const account = host.access.accountOf(context.req.query("account") ?? DEFAULT_ACCOUNT);
    admit(context, { host, policy, account, operation: { id: "metrics", scope: "read" } });
    return context.body(await metrics.text(account), 200, { "content-type": metrics.contentType });
  });
}

/**
 * @param {Context} context
 * @param {{ host: Host, policy: Policy, account: string, operation: Pick<Operation, "id" | "scope"> }} request
 * @returns {Caller}
 */
function admit(context, { host, policy, account, operation }) {
  const address = context.env?.incoming?.socket?.remoteAddress ?? "";
  const options = { tokens: host.access.tokens, required: policy.tokenRequired, address, account, operation };
  return authorize(context.req, options);
}

/**
 * @param {string} [basePath] of requests that a proxy passes on with it
 * @param {(error: unknown) => void} [onfault] takes faults, whose traces clients are then not shown
 */
function newApp(basePath = "", onfault) {
  const app = new Hono({
    getPath: (request) => {
      // As it was sent: an escaped slash is part of a name.
      const [, path] = /^[^:]+:\/\/[^/?#]*([^?#]*)/.exec(request.url) ?? ["", "/"];
      const inside = basePath !== "" && path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
      return inside.length > 1 ? inside.replace(/\/+$/, "") || "/" : inside || "/";
    },
  });
  app.notFound((context) => answerNoRoute(app, context));
  app.onError((error, context) => {
    const { status, ...rest } = describeError(error);
    const headers = error instanceof HttpRefusal ? error.headers : {};
    if (status < 500 || !onfault) return context.json(failure(rest), status, headers);
    onfault(error);
    return context.json(failure({ ...rest, traceback: undefined }), status, headers);
  });
  return app;
}

/** @param {Hono<any>} app @param {Context} context */
function answerNoRoute(app, context) {
  const { method } = context.req;
  const path = new URL(context.req.url).pathname;
  const allowed = ["GET", "POST", "PUT", "PATCH", "DELETE"].filter(
    (other) => other !== method && app.router.match(other, context.req.path)[0].some(([handler]) => isRoute(handler)),
  );
  if (allowed.length > 0) {
    const error = { code: METHOD_NOT_ALLOWED, message: `Method ${method} not available for that URI.` };
    return context.json(failure(error), 405, { allow: allowed.join(", ") });
  }
  const code = path.includes("/explorer/api") ? NOT_FOUND_IN_EXPLORER : NO_ROUTE;
  return context.json(failure({ code, message: `No such path: ${method} ${path}` }), 404);
}

/** Unlike middleware, which is registered for every method. @param {any} handler */
function isRoute([, route]) {
  return route.method !== "ALL";
}

/**
 * A listener that other machines reach does not know by which names they call it; tokens are required there.
 *
 * @param {Context} context
 * @param {() => Promise<void>} next
 * @param {Policy} policy
 */
async function checkSite(context, next, { hosts }) {
  const named = context.req.header("host")?.toLowerCase().replace(/:\d+$/, "") ?? "";
  checkOrigin(context.req.raw, { hosts: hosts ?? [named] });
  await next();
}
