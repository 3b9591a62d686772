/** What `stepwell dev` and `stepwell serve` ask for, over the Unix socket. */

/** @import { Hono } from "hono" */
/** @import { Host } from "./host.js" */

import { encode } from "../../bridge/values.js";
import { WorkflowError } from "../engine/errors.js";
import { success } from "./api/envelope.js";
import { parse } from "./api/operation.js";
import * as S from "./control_schemas.js";
import { readJson } from "./requests/body.js";
import { EventQueue } from "./serving/event_queue.js";
import { Serving } from "./serving/serving.js";

/** How many instances are looked at for one that sleeps. */
const MAX_SLEEPERS_LOOKED_AT = 100;

/** @param {Hono<any>} app @param {Host} host */
export function addServingRoutes(app, host) {
  // What is served is served as long as the answer is read. Its first line says where.
  app.post("/servings", async (c) => {
    const { plain, exact } = await readJson(c.req.raw);
    const { workers, listener, development, time_limit_ms: timeLimitMs } = parse(S.serving, plain);
    const queue = new EventQueue();
    const request = { workers: withExactVars(workers, exact), listener: optionsOf(listener), development, timeLimitMs };
    const serving = new Serving(host, request, (event) => queue.push(event));
    const opened = await host.serve(serving, { development });
    const body = queue.stream({ type: "ready", id: opened.id, ...opened.ready }, () => opened.close());
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
  });
  app.post("/servings/:id/reload", async (c) => {
    const { plain, exact } = await readJson(c.req.raw);
    const { workers, turn } = parse(S.reload, plain);
    const serving = host.servings.get(c.req.param("id"));
    return c.json(success(await serving.reload(withExactVars(workers, exact), turn)));
  });
  app.post("/servings/:id/cron", async (c) => {
    const { cron } = parse(S.fire, (await readJson(c.req.raw)).plain);
    const { outcome, noRetry } = await host.servings.get(c.req.param("id")).fire(cron, Date.now());
    return c.json(success({ outcome, no_retry: noRetry }));
  });
  app.post("/servings/:id/drain", async (c) => {
    const { grace_ms: graceMs } = parse(S.drain, (await readJson(c.req.raw)).plain);
    await host.servings.get(c.req.param("id")).drain(graceMs);
    return c.json(success({}));
  });
  // Attempts of instances are not cut, where the host is about to end.
  app.post("/drain", async (c) => {
    const { grace_ms: graceMs } = parse(S.drain, (await readJson(c.req.raw)).plain);
    return c.json(success({ running: await host.engine.drain(graceMs) }));
  });
  app.post("/skip-next-sleep", async (c) => c.json(success(await skipNextSleep(host))));
}

/** End the sleep that would end first. @param {Host} host */
async function skipNextSleep({ engine }) {
  for (const { workflow, id } of engine.unfinished(MAX_SLEEPERS_LOOKED_AT)) {
    try {
      await engine.commands.skipSleep(workflow.name, id);
      return { workflow: workflow.name, id };
    } catch (error) {
      // It runs, or waits for an event.
      if (!(error instanceof WorkflowError) || error.reason !== "instance.not_sleeping") throw error;
    }
  }
  return { workflow: null, id: null };
}

/** @param {import("zod").infer<typeof S.serving>["listener"]} listener */
function optionsOf(listener) {
  return (
    listener && {
      ip: listener.ip,
      port: listener.port,
      publicUrl: listener.public_url,
      tokenRequired: listener.token_required,
      creationsPerSecond: listener.creations_per_second,
    }
  );
}

/**
 * @param {import("zod").infer<typeof S.serving>["workers"]} workers
 * @param {any} exact the request, with numbers as they were written
 */
function withExactVars(workers, exact) {
  return workers.map(({ deployment, crons, assets, queue_consumers: queueConsumers }, index) => {
    const vars = exact.workers[index].deployment.vars ?? {};
    return { deployment: { ...deployment, varsText: encode(vars, "vars") }, crons, assets, queueConsumers };
  });
}
