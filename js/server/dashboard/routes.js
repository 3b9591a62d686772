/** The dashboard on a listener: its page at a fixed path, and the operations that the page asks for below it. */

/** @import { Context, Hono } from "hono" */
/** @import { Host } from "../host.js" */
/** @import { Api, Policy } from "../api/app.js" */
/** @import { Operation } from "../api/operation.js" */
/** @import { Admit } from "../api/operation.js" */

import { success } from "../api/envelope.js";
import { addRoute } from "../api/operation.js";
import { sessionOf } from "../auth/caller.js";
import { VERSION } from "../version.js";
import { dashboardOperations } from "./operations.js";
import { PAGE_POLICY, readPage } from "./page.js";

export const DASHBOARD = "/cdn-cgi/stepwell";
const FOR_EVER = "public, max-age=31536000, immutable";
const COMMON_HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": PAGE_POLICY,
};

/**
 * @param {Hono<any>} app
 * @param {object} parts
 * @param {Api} parts.api
 * @param {Operation[]} parts.operations of the REST interface
 * @param {Admit} parts.admit
 * @param {import("../requests/body.js").BodyLimits} parts.limits
 * @param {Policy} parts.policy
 */
export function addDashboard(app, { api, operations, admit, limits, policy }) {
  const prefix = `${DASHBOARD}/api/accounts/:account_id`;
  for (const operation of [...dashboardOperations(api), ...operations])
    addRoute(app, { ...operation, path: prefix + operation.path }, admit, limits);
  app.get(`${DASHBOARD}/api/session`, (context) => context.json(success(describeSession(api.host, context, policy))));
  app.get(DASHBOARD, (context) => answerWithPage(context));
  app.get(`${DASHBOARD}/v/:hash/:name`, (context) => answerWithPart(context));
  app.get("/", (context) => context.redirect(`${DASHBOARD.slice(1)}/`));
}

/** Who the page's reader is, and what that reader may do. @param {Host} host @param {Context} context @param {Policy} policy */
function describeSession(host, context, { tokenRequired, readOnly }) {
  const { account, scope } = sessionOf(context.req, { tokens: host.access.tokens, required: tokenRequired });
  return {
    account,
    scope: readOnly ? "read" : scope,
    is_read_only: readOnly === true,
    version: VERSION,
    now: host.engine.now,
  };
}

/** @param {Context} context */
async function answerWithPage(context) {
  // Addresses in the page are relative to the folder.
  if (!new URL(context.req.url).pathname.endsWith("/")) return context.redirect("stepwell/");
  const { index } = await readPage();
  return context.body(index, 200, {
    ...COMMON_HEADERS,
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-cache",
  });
}

/** @param {Context} context */
async function answerWithPart(context) {
  const { parts } = await readPage();
  const part = parts.get(`${context.req.param("hash")}/${context.req.param("name")}`);
  if (!part) return context.text("This version of the dashboard is gone. Load the page again.\n", 404);
  const packed = /\bgzip\b/.test(context.req.header("accept-encoding") ?? "");
  return context.body(/** @type {Uint8Array<ArrayBuffer>} */ (packed ? part.packed : part.bytes), 200, {
    ...COMMON_HEADERS,
    "Content-Type": part.type,
    "Cache-Control": FOR_EVER,
    Vary: "Accept-Encoding",
    ...(packed ? { "Content-Encoding": "gzip" } : {}),
  });
}
