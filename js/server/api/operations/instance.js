/** One instance: its details, the output of its steps, its events, and what is done to it. */

/** @import { Operation } from "../operation.js" */
/** @import { Api } from "../app.js" */

import { encode } from "../../../../bridge/values.js";
import { workflowKey } from "../../../engine/accounts.js";
import { instanceDetail } from "../../../engine/detail.js";
import { toExactPlain } from "../../../engine/plain.js";
import { WorkflowError } from "../../../engine/errors.js";
import { isFinalStatus } from "../../../engine/status.js";
import { stepResult } from "../../../engine/step_result.js";
import { subscriptionOptions } from "../../../engine/subscription.js";
import { iso } from "../../../engine/detail.js";
import * as S from "../schemas.js";
import { chunksOf, streamOf } from "../stream_output.js";
import { masked } from "../../masking.js";
import { answerWithEvents, lastEventOf } from "../subscribe.js";

/** Cron ids have slashes, and wrangler does not encode them. */
const INSTANCE = "/workflows/:workflow_name/instances/:instance_id{.+}";
/** Of a value with more characters than the first, `values=short` shows as many as the second says. */
const LONGEST_SHORT = 1000;
const SHOWN_OF_LONG = 300;
const OCTETS = { "content-type": "application/octet-stream" };

/** A value, or what a long one begins with. @param {string} text canonical text */
function beginningOf(text) {
  return text.length > LONGEST_SHORT ? text.slice(0, SHOWN_OF_LONG) : toExactPlain(text);
}

/** @param {Api} api @returns {Operation[]} */
export function singleInstanceOperations(api) {
  const { engine, host, audit } = api;
  /** @param {import("../operation.js").Call} call @returns {[string, string]} */
  const addressed = ({ account, params }) => [workflowKey(account, params.workflow_name), params.instance_id];
  return [
    {
      id: "getStepOutput",
      method: "get",
      path: `${INSTANCE}/step`,
      summary: "The whole output of a step; a byte stream as octets.",
      scope: "read",
      query: S.stepQuery,
      result: S.stepOutputResult,
      run: async (call) => {
        const row = await engine.get(...addressed(call));
        const found = findStep(await engine.log(row.number), call.query);
        const stream = found.value === undefined ? undefined : streamOf(found.value);
        if (stream) return new Response(chunksOf(engine, row.number, stream), { headers: OCTETS });
        const { value, ...rest } = found;
        return { ...rest, output: value === undefined ? null : toExactPlain(value) };
      },
    },
    {
      id: "subscribe",
      method: "get",
      path: `${INSTANCE}/subscribe`,
      summary: "Events of the instance after a cursor, and those to come, as server-sent events.",
      scope: "read",
      query: S.subscribeQuery,
      result: S.successResult,
      media: "text/event-stream",
      run: async (call) => {
        const { context, query } = call;
        const row = await engine.get(...addressed(call));
        const filter = query.filter === undefined ? {} : { filter: [query.filter].flat() };
        const last = lastEventOf(context);
        const cursor = query.cursor ?? last.cursor;
        // A browser that connects again asks with the address of the first time, and says in a header what it has.
        const progress = query.progress === undefined ? {} : { progress: last.progress ?? query.progress };
        const mask = host.maskFor(await engine.workflow(row.workflow));
        const options = subscriptionOptions({ cursor, ...filter, ...progress });
        const plain = query.values === "short" ? beginningOf : toExactPlain;
        return answerWithEvents(host, row, options, { context, mask, plain });
      },
    },
    {
      id: "changeStatus",
      method: "patch",
      path: `${INSTANCE}/status`,
      summary: "Pause, resume, terminate or restart an instance.",
      scope: "write",
      body: S.statusChange,
      result: S.statusResult,
      run: async (call) => changeStatus(api, addressed(call), call),
    },
    {
      id: "skipSleep",
      method: "post",
      path: `${INSTANCE}/skip-sleep`,
      summary: "End a sleep, or the delay before a retry, now.",
      scope: "write",
      body: S.skipSleep,
      result: S.statusResult,
      run: async (call) => {
        const [key, id] = addressed(call);
        const entry = { action: "instance.skip_sleep", workflow: key, instance: id, detail: call.body };
        await audit.record(call.caller, entry, () => engine.commands.skipSleep(key, id, call.body.step));
        const row = await engine.get(key, id);
        return { status: row.status, timestamp: iso(row.modifiedOn) };
      },
    },
    {
      id: "sendEvent",
      method: "post",
      path: `${INSTANCE}/events/:event_type`,
      summary: "Send an event to an instance. One that no step waits for yet is kept.",
      scope: "write",
      body: S.event,
      result: S.eventResult,
      run: async (call) => {
        const [key, id] = addressed(call);
        const at = await engine.commands.sendEvent(
          key,
          id,
          call.params.event_type,
          encode(call.exact ?? {}, "payload"),
        );
        return { instanceId: id, timestamp: iso(at) };
      },
    },
    {
      id: "getInstance",
      method: "get",
      path: INSTANCE,
      summary: "Describe an instance with its steps.",
      scope: "read",
      query: S.detailQuery,
      result: S.detailResult,
      run: async (call) => {
        const { order, simple } = call.query;
        const row = await engine.get(...addressed(call));
        const log = await engine.log(row.number);
        const mask = host.maskFor(await engine.workflow(row.workflow));
        const detail = masked(instanceDetail(row, log, await engine.output(row.number), toExactPlain), mask);
        if (order === "desc") detail.steps.reverse();
        return simple === "true" ? { ...detail, steps: [], logs: [] } : detail;
      },
    },
  ];
}

/**
 * @param {Api} api
 * @param {[string, string]} address
 * @param {import("../operation.js").Call} call
 */
export async function changeStatus({ engine, audit, rates }, [key, id], { account, body, caller }) {
  const { status: action, ...detail } = body;
  // A restarted instance takes the place of a new one.
  if (action === "restart") rates.take(account, 1);
  const changes = {
    pause: () => engine.commands.pause(key, id),
    resume: () => engine.commands.resume(key, id),
    terminate: () => engine.commands.terminate(key, id, { rollback: body.rollback ?? false }),
    restart: () => engine.commands.restart(key, id, body.from, { force: body.force ?? false }),
  };
  await refuseIfEnded(engine, key, id, action);
  const entry = { action: `instance.${action}`, workflow: key, instance: id, detail };
  await audit.record(caller, entry, changes[/** @type {keyof typeof changes} */ (action)]);
  const row = await engine.get(key, id);
  return { status: row.status, timestamp: iso(row.modifiedOn) };
}

/**
 * Nothing is left to pause or to resume of an instance that has ended. Bindings say nothing of it, as upstream's.
 *
 * @param {Api["engine"]} engine
 * @param {string} key
 * @param {string} id
 * @param {string} action
 */
async function refuseIfEnded(engine, key, id, action) {
  if (action !== "pause" && action !== "resume") return;
  const { status } = await engine.get(key, id);
  if (isFinalStatus(status))
    throw new WorkflowError(
      `instance.cannot_${action}`,
      `(instance.cannot_${action}) Instance '${id}' is already ${status}; there is nothing to ${action}.`,
    );
}

/**
 * The step of that name and count; a name alone means the first of that name.
 *
 * @param {import("../../../store/store.d.ts").LogRow[]} log
 * @param {import("zod").infer<typeof S.stepQuery>} query
 */
function findStep(log, query) {
  try {
    return stepResult(log, query);
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error;
    try {
      return stepResult(log, { ...query, name: `${query.name}-1` });
    } catch {
      throw error;
    }
  }
}
