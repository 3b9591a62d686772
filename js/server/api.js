/** The host's HTTP interface: upstream's REST paths and envelope, over the engine. */

/** @import { Engine } from "../engine/engine.js" */
/** @import { ForkOptions } from "../engine/fork.js" */
/** @import { FollowedHost } from "./subscribe.js" */
/** @import { InstanceRow, Status, WorkflowRow } from "../store/store.d.ts" */

import { Hono } from "hono";
import { encode } from "../../bridge/values.js";
import { StoppedError } from "../engine/commits.js";
import { instanceDetail } from "../engine/detail.js";
import { WorkflowError } from "../engine/errors.js";
import { TRIGGERS } from "../engine/events.js";
import { STATUSES } from "../engine/status.js";
import { stepResult } from "../engine/step_result.js";
import { subscriptionOptions } from "../engine/subscription.js";
import {
  batchDelete,
  createBatch,
  createInstance,
  deployment,
  fork,
  listQuery,
  parse,
  retentionOf,
  stepQuery,
  statusChange,
} from "./bodies.js";
import { RunFileError } from "../store/run_file.js";
import { toExactPlain } from "../engine/plain.js";
import { readJson } from "./requests/body.js";
import { RequestError } from "./requests/request_error.js";
import { chunksOf, streamOf } from "./stream_output.js";
import { subscribe } from "./subscribe.js";

const NOT_FOUND = new Set(["instance.not_found", "workflow.not_found", "deployment.not_found", "step.not_found"]);
const CONFLICT = new Set([
  "instance.cannot_restart",
  "instance.cannot_terminate",
  "instance.finished",
  "deployment.conflict",
]);
const OCTETS = { "content-type": "application/octet-stream" };

/**
 * What the interface needs of the host.
 *
 * @typedef {FollowedHost & {
 *   engine: Engine,
 *   describe(): object,
 *   stop(): Promise<void>,
 *   deploy(request: import("zod").infer<typeof deployment>): Promise<{ name: string, class_name: string }[]>,
 *   mainOf(workflow: WorkflowRow): string,
 *   exportRun(name: string, id: string, options: { withoutVars: boolean }): Promise<Buffer<ArrayBuffer>>,
 *   forkRun(name: string, path: string, options: ForkOptions): Promise<string>,
 * }} ApiHost
 */

/** @param {ApiHost} host */
export function createApi(host) {
  const { engine } = host;
  const app = new Hono();
  const instance = "/workflows/:name/instances/:id";

  app.get("/host", (c) => c.json(envelope(host.describe())));
  app.post("/shutdown", (c) => {
    setImmediate(() => void host.stop());
    return c.json(envelope({}));
  });

  app.post("/deployments", async (c) =>
    c.json(envelope({ workflows: await host.deploy(parse(deployment, (await body(c)).plain)) })),
  );

  app.get("/workflows", async (c) => {
    const rows = await engine.workflows();
    return c.json(envelope(await Promise.all(rows.map((row) => workflowJson(host, row)))));
  });
  app.get("/workflows/:name", async (c) =>
    c.json(envelope(await workflowJson(host, await engine.workflow(c.req.param("name"))))),
  );

  app.get("/workflows/:name/instances", async (c) => {
    const { name: workflow } = await engine.workflow(c.req.param("name"));
    const { page, per_page, status, direction, date_start, date_end } = parse(listQuery, c.req.query());
    const { rows, total } = await engine.list({
      workflow,
      ...(status === undefined ? {} : { status }),
      ...(date_start === undefined ? {} : { createdFrom: date_start.getTime() }),
      ...(date_end === undefined ? {} : { createdTo: date_end.getTime() }),
      ascending: direction === "asc",
      limit: per_page,
      offset: (page - 1) * per_page,
    });
    const info = { count: rows.length, page, per_page, total_count: total, total_pages: Math.ceil(total / per_page) };
    return c.json({ ...envelope(rows.map(instanceJson)), result_info: info });
  });

  app.post("/workflows/:name/instances", async (c) => {
    const name = c.req.param("name");
    const { plain, exact } = await body(c);
    const id = await engine.creator.create(name, createOptions(parse(createInstance, plain), exact?.params));
    return c.json(envelope(instanceJson(await engine.get(name, id))));
  });

  app.post("/workflows/:name/instances/batch", async (c) => {
    const name = c.req.param("name");
    const { plain, exact } = await body(c);
    const options = parse(createBatch, plain).map((given, index) => createOptions(given, exact[index].params));
    const created = await engine.creator.createBatch(name, options);
    const made = /** @type {{ id: string }[]} */ (created);
    return c.json(envelope(await Promise.all(made.map(async ({ id }) => instanceJson(await engine.get(name, id))))));
  });

  app.post("/workflows/:name/instances/batch/delete", async (c) => {
    const { instances } = parse(batchDelete, (await body(c)).plain);
    return c.json(envelope(await engine.commands.deleteBatch(c.req.param("name"), instances)));
  });

  app.get(instance, async (c) => {
    const row = await engine.get(c.req.param("name"), c.req.param("id"));
    const [log, output] = await Promise.all([engine.log(row.number), engine.output(row.number)]);
    return c.json(envelope(instanceDetail(row, log, output, toExactPlain)));
  });

  app.get(`${instance}/step`, async (c) => {
    const row = await engine.get(c.req.param("name"), c.req.param("id"));
    const found = stepResult(await engine.log(row.number), parse(stepQuery, c.req.query()));
    const stream = found.value === undefined ? undefined : streamOf(found.value);
    if (stream) return new Response(chunksOf(engine, row.number, stream), { headers: OCTETS });
    const { value, ...rest } = found;
    return c.json(envelope({ ...rest, output: value === undefined ? null : toExactPlain(value) }));
  });

  app.get(`${instance}/export`, async (c) => {
    const withoutVars = c.req.query("vars") === "false";
    const bytes = await host.exportRun(c.req.param("name"), c.req.param("id"), { withoutVars });
    return new Response(bytes, { headers: { "content-type": "application/vnd.sqlite3" } });
  });

  app.post("/workflows/:name/forks", async (c) => {
    const { plain, exact } = await body(c);
    const { file, instance_id, from } = parse(fork, plain);
    const { params, results = {} } = exact;
    const name = c.req.param("name");
    const id = await host.forkRun(name, file, {
      ...(instance_id === undefined ? {} : { id: instance_id }),
      ...(params === undefined ? {} : { params: encode(params, "params") }),
      ...(from === undefined ? {} : { from }),
      results: Object.fromEntries(Object.entries(results).map(([target, value]) => [target, encode(value, target)])),
    });
    return c.json(envelope(instanceJson(await engine.get(name, id))));
  });

  app.patch(`${instance}/status`, async (c) => {
    const change = parse(statusChange, (await body(c)).plain);
    const [name, id] = [c.req.param("name"), c.req.param("id")];
    if (change.status === "restart")
      await engine.commands.restart(name, id, change.from, { force: change.force ?? false });
    else if (change.status === "terminate")
      await engine.commands.terminate(name, id, { rollback: change.rollback ?? false });
    else await engine.commands[change.status](name, id);
    const row = await engine.get(name, id);
    return c.json(envelope({ status: row.status, timestamp: iso(row.modifiedOn) }));
  });

  app.post(`${instance}/events/:type`, async (c) => {
    const [name, id, type] = [c.req.param("name"), c.req.param("id"), c.req.param("type")];
    const at = await engine.commands.sendEvent(name, id, type, encode((await body(c)).exact ?? {}, "payload"));
    return c.json(envelope({ instanceId: id, timestamp: iso(at) }));
  });

  app.get(`${instance}/subscribe`, async (c) => {
    const row = await engine.get(c.req.param("name"), c.req.param("id"));
    const filter = c.req.queries("filter");
    const options = subscriptionOptions({ cursor: Number(c.req.query("cursor") ?? 0), ...(filter ? { filter } : {}) });
    return new Response(subscribe(host, row, options), { headers: { "content-type": "application/x-ndjson" } });
  });

  app.notFound((c) => c.json(failure(10501, `No such path: ${c.req.method} ${c.req.path}`), 404));
  app.onError((error, c) => {
    const { status, ...rest } = describeError(error);
    return c.json(failure(rest.code, rest.message, rest), status);
  });
  return app;
}

/**
 * @param {import("zod").infer<typeof createInstance>} given
 * @param {unknown} params with numbers as they were written
 */
function createOptions({ instance_id, instance_retention, location_hint }, params) {
  return {
    ...(instance_id === undefined ? {} : { id: instance_id }),
    params: encode(params ?? {}, "params"),
    retention: retentionOf(instance_retention),
    ...(location_hint === undefined ? {} : { locationHint: location_hint }),
  };
}

/** @param {import("hono").Context} c */
function body(c) {
  return readJson(c.req.raw);
}

/**
 * @param {any} error
 * @returns {{ status: 400 | 403 | 404 | 408 | 409 | 413 | 421 | 500, code: number, message: string, reason?: string, traceback?: string }}
 */
function describeError(error) {
  if (error instanceof WorkflowError) {
    const { code, reason, message } = error;
    const traceback = /** @type {any} */ (error).traceback;
    return { status: NOT_FOUND.has(reason) ? 404 : CONFLICT.has(reason) ? 409 : 400, code, reason, message, traceback };
  }
  if (error instanceof RequestError)
    return { status: error.status, code: 10001, reason: error.reason, message: error.message };
  if (error?.name === "NotSerializableError")
    return { status: 400, code: 10001, reason: "value.not_serializable", message: error.message };
  if (error instanceof RunFileError) return { status: 400, code: 10001, reason: error.code, message: error.message };
  if (error instanceof StoppedError)
    return { status: 500, code: 10001, reason: "state.stopped", message: error.message };
  return {
    status: 500,
    code: 10001,
    reason: "internal",
    message: String(error?.message ?? error),
    traceback: error?.stack,
  };
}

/** @param {unknown} result */
function envelope(result) {
  return { success: true, errors: [], messages: [], result };
}

/**
 * @param {number} code
 * @param {string} message
 * @param {{ reason?: string, traceback?: string }} [more]
 */
function failure(code, message, { reason, traceback } = {}) {
  return { success: false, errors: [{ code, message, reason, traceback }], messages: [], result: null };
}

/** @param {ApiHost} host @param {WorkflowRow} row */
async function workflowJson(host, row) {
  const counts = await host.engine.countByStatus(row.name);
  const schedules = await host.engine.schedules(row.name);
  return {
    id: row.name,
    name: row.name,
    class_name: row.className,
    script_name: host.mainOf(row),
    created_on: iso(row.createdOn),
    modified_on: iso(row.modifiedOn),
    triggered_on: iso(await host.engine.triggeredOn(row.name)),
    instances: Object.fromEntries(STATUSES.map((status) => [status, counts[status] ?? 0])),
    schedules: schedules.map(({ cron, next }) => ({ cron, next_instance: iso(next) })),
  };
}

/** @param {InstanceRow} row */
function instanceJson(row) {
  return {
    id: row.id,
    status: row.status,
    created_on: iso(row.createdOn),
    modified_on: iso(row.modifiedOn),
    started_on: iso(row.startedOn),
    ended_on: iso(row.endedOn),
    version_id: row.versionId,
    workflow_id: row.workflow,
    trigger_source: TRIGGERS[row.trigger] ?? "unknown",
  };
}

/** @param {number | null} time */
function iso(time) {
  return time === null ? null : new Date(time).toISOString();
}
