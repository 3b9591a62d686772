/** What only the command line may ask for, over the Unix socket: it names files of this machine, or secrets. */

/** @import { Hono } from "hono" */
/** @import { Host } from "./host.js" */
/** @import { TokenRow } from "../store/access_rows.d.ts" */

import { encode } from "../../bridge/values.js";
import { DEFAULT_ACCOUNT, workflowKey } from "../engine/accounts.js";
import { success } from "./api/envelope.js";
import { iso } from "../engine/detail.js";
import { instanceJson } from "./api/json.js";
import { parse } from "./api/operation.js";
import { authorizeLocal, LOCAL_USER } from "./auth/caller.js";
import * as S from "./control_schemas.js";
import { DASHBOARD } from "./dashboard/routes.js";
import { readJson } from "./requests/body.js";
import { addServingRoutes } from "./serving_routes.js";

/** @param {Hono<any>} app @param {Host} host */
export function addControlRoutes(app, host) {
  addHostRoutes(app, host);
  addRunFileRoutes(app, host);
  addTokenRoutes(app, host);
  addServingRoutes(app, host);
}

/** @param {Hono<any>} app @param {Host} host */
function addHostRoutes(app, host) {
  app.get("/host", (c) => c.json(success(host.describe())));
  app.post("/shutdown", (c) => {
    setImmediate(() => void host.stop());
    return c.json(success({}));
  });
  app.post("/deployments", async (c) => {
    const { plain, exact } = await readJson(c.req.raw);
    const varsText = encode(exact?.vars ?? {}, "vars");
    return c.json(success({ workflows: await host.registration.deploy({ ...parse(S.deployment, plain), varsText }) }));
  });
  app.post("/state/backup", async (c) => {
    await host.backUp(parse(S.backup, (await readJson(c.req.raw)).plain).target);
    return c.json(success({}));
  });
  app.post("/state/vacuum", async (c) => c.json(success(await host.vacuum())));
  // A host that runs nothing ends with its command: the command waits.
  app.post("/bulk-jobs/wait", async (c) => {
    await host.engine.bulkJobsDone();
    return c.json(success({}));
  });
  // A listener that shows the state and changes nothing. It is open as long as the answer is read.
  app.post("/dashboards", async (c) => {
    const { port } = parse(S.dashboard, (await readJson(c.req.raw)).plain);
    const listener = await host.listen({ ip: "127.0.0.1", port, readOnly: true });
    const line = new TextEncoder().encode(`${JSON.stringify({ url: `${listener.url}${DASHBOARD}/` })}\n`);
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(line),
      cancel: () => listener.close(),
    });
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
  });
}

/** What a run file has of variables, by the query. @type {Record<string, "whole" | "none">} */
const VARS = { true: "whole", false: "none" };

/** @param {Hono<any>} app @param {Host} host */
function addRunFileRoutes(app, host) {
  const { engine } = host;
  /** @param {import("hono").Context} c @param {{ id: string, scope: "read" | "write" }} operation @returns {string} the workflow's key */
  const admit = (c, operation) => {
    const account = c.req.query("account") ?? DEFAULT_ACCOUNT;
    authorizeLocal(c.req, { tokens: host.access.tokens, account, operation });
    return workflowKey(account, c.req.param("name") ?? "");
  };
  app.get("/workflows/:name/instances/:id{.+}/export", async (c) => {
    // A run file may have the variables of its code, which may be secrets.
    const key = admit(c, { id: "exportInstance", scope: "write" });
    const bytes = await host.copies.export(key, c.req.param("id"), {
      vars: VARS[c.req.query("vars") ?? ""] ?? "masked",
    });
    return new Response(bytes, { headers: { "content-type": "application/vnd.sqlite3" } });
  });
  app.post("/workflows/:name/forks", async (c) => {
    const key = admit(c, { id: "forkInstance", scope: "write" });
    const { plain, exact } = await readJson(c.req.raw);
    const { file, instance_id, from } = parse(S.fork, plain);
    const { params, results = {} } = exact;
    const id = await host.copies.forkFile(key, file, {
      ...(instance_id === undefined ? {} : { id: instance_id }),
      ...(params === undefined ? {} : { params: encode(params, "params") }),
      ...(from === undefined ? {} : { from }),
      results: Object.fromEntries(Object.entries(results).map(([target, value]) => [target, encode(value, target)])),
    });
    return c.json(success(instanceJson(await engine.get(key, id))));
  });
}

/** @param {Hono<any>} app @param {Host} host */
function addTokenRoutes(app, host) {
  const { tokens, audit } = host.access;
  const caller = LOCAL_USER;
  app.post("/tokens", async (c) => {
    const { name, scope, account, expires_on } = parse(S.token, (await readJson(c.req.raw)).plain);
    const request = { name, scope, account, expiresOn: expires_on };
    const detail = { name, scope, account };
    const { row, secret } = await audit.record(caller, { action: "token.create", detail }, () =>
      tokens.create(request),
    );
    host.access.addAccount(account);
    return c.json(success({ ...tokenJson(row), secret }));
  });
  // The secret is in the body: paths are printed where a response is malformed.
  app.post("/tokens/find", async (c) => {
    const row = tokens.find(parse(S.tokenSecret, (await readJson(c.req.raw)).plain).secret);
    return c.json(success({ token: row ? tokenJson(row) : null }));
  });
  app.get("/tokens", (c) => c.json(success(tokens.list().map(tokenJson))));
  app.delete("/tokens/:id", async (c) => {
    const id = c.req.param("id");
    const row = await audit.record(caller, { action: "token.revoke", detail: { id } }, () => tokens.revoke(id));
    return c.json(success(tokenJson(row)));
  });
  app.get("/audit", async (c) => {
    const { limit, before } = parse(S.auditQuery, c.req.query());
    const rows = await host.access.loadAudit({ limit, before });
    const entries = rows.map(({ at, detail, ...rest }) => ({
      at: iso(at),
      ...rest,
      detail: detail && JSON.parse(detail),
    }));
    return c.json(success(entries));
  });
}

/** @param {TokenRow} row without its hash */
function tokenJson({ id, name, scope, account, createdOn, expiresOn, revokedOn }) {
  return {
    id,
    name,
    scope,
    account,
    created_on: iso(createdOn),
    expires_on: iso(expiresOn),
    revoked_on: iso(revokedOn),
  };
}
