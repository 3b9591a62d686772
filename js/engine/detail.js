/** What people and programs see of an instance: upstream's detail JSON and its subscription events, read off the log. */

/** @import { LogEntry, LogRow, InstanceRow, OutputRow } from "../store/store.d.ts" */

import * as E from "./events.js";
import { isFinalStatus } from "./status.js";

export const REDACTED = "[REDACTED]";

/**
 * Upstream's instance detail (GET instances/{id}), with our `error.traceback` and `logs` besides.
 *
 * @param {InstanceRow} row
 * @param {LogRow[]} rows
 * @param {OutputRow[]} output
 * @param {(text: string) => unknown} toJson a stored value as plain JSON
 */
export function instanceDetail(row, rows, output, toJson) {
  const steps = stepDetails(rows, toJson);
  const ended = isFinalStatus(row.status);
  return {
    status: row.status,
    params: toJson(row.params),
    trigger: { source: E.TRIGGERS[row.trigger] ?? "unknown" },
    versionId: row.versionId,
    queued: iso(row.createdOn),
    start: iso(row.startedOn),
    end: iso(row.endedOn),
    success: ended ? row.status === "complete" : null,
    error: row.error === null ? null : publicError(parsed(row.error)),
    output: row.output === null ? null : toJson(row.output),
    step_count: steps.filter((step) => step.type === "step").length,
    rollback: rollbackOutcome(rows),
    ...(row.schedule === null ? {} : { schedule: parsed(row.schedule) }),
    steps,
    logs: output.map(({ at, step, level, text }) => ({ timestamp: iso(at), step, level, text })),
  };
}

/**
 * Upstream's `status()`.
 *
 * @param {InstanceRow} row
 * @param {LogRow[]} rows
 * @param {(text: string) => unknown} toJson
 */
export function instanceStatus(row, rows, toJson) {
  const log = E.entries(rows);
  /** @type {Map<string, any>} */
  const configs = new Map();
  /** @type {unknown[]} */
  const outputs = [];
  for (const entry of log) {
    const target = entry.name === null ? "" : E.targetOf(/** @type {any} */ (entry));
    if (entry.event === E.STEP_START) configs.set(target, parsed(entry.detail ?? null).config);
    if (entry.event === E.STEP_SUCCESS) outputs.push(shown(entry, configs.get(target), toJson));
    if (entry.event === E.WAIT_COMPLETE) outputs.push(toJson(payloadOf(entry)));
  }
  const error = row.error === null ? undefined : parsed(row.error);
  return {
    status: row.status,
    error: error && { name: error.name, message: error.message },
    output: row.output === null ? null : toJson(row.output),
    rollback: rollbackOutcome(rows),
    __LOCAL_DEV_STEP_OUTPUTS: outputs,
  };
}

/** The event's payload as canonical text. @param {LogEntry} entry of a wait */
function payloadOf({ value }) {
  return JSON.stringify(parsed(value).payload ?? null);
}

/**
 * How the instance's rollback ended, or null where there was none or it is not over.
 *
 * @param {LogRow[]} rows
 */
export function rollbackOutcome(rows) {
  const end = rows.findLast(({ event }) => event === E.ROLLBACK_COMPLETE || event === E.ROLLBACK_FAILED);
  if (!end) return null;
  if (end.event === E.ROLLBACK_COMPLETE) return { outcome: "complete", error: null };
  const failed = E.entries(rows).findLast(({ event }) => event === E.ROLLBACK_STEP_FAILURE);
  const { stepError, error } = parsed(failed?.detail ?? null);
  return { outcome: "failed", error: publicError(stepError ?? error) };
}

/** The entries of a step and of the handler that undoes it: the same shape under two names. */
const OF_ATTEMPTED = new Map(
  Object.entries(E.ATTEMPTED).flatMap(([kind, numbers]) =>
    Object.entries(numbers).map(([what, event]) => [event, { type: kind === "do" ? "step" : kind, what }]),
  ),
);

/**
 * @param {LogRow[]} rows
 * @param {(text: string) => unknown} toJson
 */
function stepDetails(rows, toJson) {
  /** @type {any[]} */
  const steps = [];
  /** @type {Map<string, any>} */
  const open = new Map();
  for (const entry of E.entries(rows)) {
    const name = entry.name === null ? "" : E.targetOf(/** @type {any} */ (entry));
    const detail = parsed(entry.detail);
    const at = iso(entry.at);
    const begin = (/** @type {string} */ key, /** @type {object} */ step) => {
      open.set(`${key} ${name}`, step);
      steps.push(step);
    };
    const attempted = OF_ATTEMPTED.get(entry.event);
    const step = open.get(`${attempted?.type} ${name}`);
    const sleep = open.get(`sleep ${name}`);
    const wait = open.get(`wait ${name}`);
    switch (attempted?.what ?? entry.event) {
      case "start":
        begin(/** @type {string} */ (attempted?.type), {
          type: attempted?.type,
          name,
          start: at,
          end: null,
          success: null,
          output: null,
          config: detail.config,
          attempts: [],
        });
        break;
      case "attemptStart":
        step?.attempts.push({ start: at, end: null, success: null, error: null });
        break;
      case "attemptSuccess":
        Object.assign(step?.attempts.at(-1) ?? {}, { end: at, success: true, ...usageOf(detail) });
        break;
      case "attemptFailure": {
        const retry = detail.retryDelayMs === undefined ? {} : { retryDelayMs: detail.retryDelayMs };
        const error = publicError(detail.error);
        Object.assign(retry, usageOf(detail));
        if (step?.attempts.length) Object.assign(step.attempts.at(-1), { end: at, success: false, error, ...retry });
        break;
      }
      case "success":
        Object.assign(step ?? {}, { end: at, success: true, output: shown(entry, step?.config, toJson) });
        break;
      case "failure":
        // A handler that could not be found again has not begun.
        if (!step) begin("rollback", { type: "rollback", name, start: at, output: null, config: null, attempts: [] });
        Object.assign(open.get(`${attempted?.type} ${name}`), { end: at, success: false });
        break;
      case E.SLEEP_START:
        begin("sleep", { type: "sleep", name, start: at, end: iso(entry.due), finished: false, error: null });
        break;
      case E.SLEEP_COMPLETE:
        Object.assign(sleep ?? {}, { end: at, finished: true });
        break;
      case E.WAIT_START:
        begin("wait", {
          type: "waitForEvent",
          name,
          start: at,
          end: null,
          finished: false,
          error: null,
          event_type: detail.event,
          // Ours: when it gives up.
          until: iso(entry.due),
        });
        break;
      case E.WAIT_COMPLETE:
        Object.assign(wait ?? {}, { end: at, finished: true, output: toJson(entry.value ?? "null") });
        break;
      case E.WAIT_TIMED_OUT:
        Object.assign(wait ?? {}, { end: at, finished: true, error: publicError(detail.error) });
        break;
      case E.WORKFLOW_TERMINATED:
        steps.push({ type: "termination", trigger: { source: E.TRIGGERS[detail.trigger?.source] ?? "unknown" } });
        break;
    }
  }
  return steps;
}

/**
 * @param {LogEntry} entry
 * @param {{ sensitive?: string } | undefined} config
 * @param {(text: string) => unknown} toJson
 */
function shown(entry, config, toJson) {
  return config?.sensitive === "output" ? REDACTED : toJson(entry.value ?? "null");
}

/** @type {Record<number, string>} */
export const SUBSCRIPTION_TYPES = {
  [E.WORKFLOW_QUEUED]: "workflow_queued",
  [E.WORKFLOW_START]: "workflow_started",
  [E.WORKFLOW_SUCCESS]: "workflow_completed",
  [E.WORKFLOW_FAILURE]: "workflow_errored",
  [E.WORKFLOW_TERMINATED]: "workflow_terminated",
  [E.STEP_START]: "step_started",
  [E.STEP_SUCCESS]: "step_completed",
  [E.STEP_FAILURE]: "step_errored",
  [E.SLEEP_START]: "sleep_started",
  [E.SLEEP_COMPLETE]: "sleep_completed",
  [E.ATTEMPT_START]: "attempt_started",
  [E.ATTEMPT_SUCCESS]: "attempt_completed",
  [E.ATTEMPT_FAILURE]: "attempt_errored",
  [E.WAIT_START]: "wait_started",
  [E.WAIT_COMPLETE]: "wait_completed",
  [E.WAIT_TIMED_OUT]: "wait_timed_out",
  [E.ROLLBACK_START]: "rollback_started",
  [E.ROLLBACK_COMPLETE]: "rollback_completed",
  [E.ROLLBACK_FAILED]: "rollback_errored",
  [E.ROLLBACK_STEP_START]: "rollback_step_started",
  [E.ROLLBACK_STEP_SUCCESS]: "rollback_step_completed",
  [E.ROLLBACK_STEP_FAILURE]: "rollback_step_errored",
  [E.ROLLBACK_ATTEMPT_START]: "rollback_attempt_started",
  [E.ROLLBACK_ATTEMPT_SUCCESS]: "rollback_attempt_completed",
  [E.ROLLBACK_ATTEMPT_FAILURE]: "rollback_attempt_errored",
  [E.WORKFLOW_RUNNING]: "workflow_running",
  [E.WORKFLOW_PAUSED]: "workflow_paused",
  [E.WORKFLOW_WAITING_FOR_PAUSE]: "workflow_waiting_for_pause",
  [E.WORKFLOW_WAITING]: "workflow_waiting",
};

export const LAST_EVENTS = new Set(["workflow_completed", "workflow_errored", "workflow_terminated"]);

/**
 * Upstream's subscription event of a log entry.
 *
 * @param {Pick<InstanceRow, "id" | "params" | "output">} row as it stands now: the output is kept there, not in the log
 * @param {LogEntry} entry
 * @param {(text: string) => unknown} toJson
 * @param {(entry: LogEntry) => boolean} isSensitive whether the step's output is to be hidden
 */
export function subscriptionEvent(row, entry, toJson, isSensitive) {
  const detail = parsed(entry.detail);
  const step = entry.name === null ? {} : { stepName: E.targetOf(/** @type {any} */ (entry)) };
  const base = {
    type: SUBSCRIPTION_TYPES[entry.event],
    instanceId: row.id,
    eventId: entry.eventId,
    timestamp: entry.at,
    ...step,
  };
  switch (entry.event) {
    case E.WORKFLOW_QUEUED:
      // Ours: after a pause the steps before it still count, after a restart they do not.
      return detail.versionId === undefined ? { ...base, resumed: true } : base;
    case E.WORKFLOW_START:
      return { ...base, params: toJson(row.params) };
    case E.WORKFLOW_SUCCESS:
      return { ...base, output: toJson(row.output ?? "null") };
    case E.WORKFLOW_FAILURE:
      return { ...base, error: publicError(detail.error) };
    case E.STEP_START:
    case E.ROLLBACK_STEP_START:
      return { ...base, config: detail.config };
    case E.ROLLBACK_STEP_FAILURE:
      return { ...base, error: publicError(detail.stepError ?? detail.error) };
    case E.STEP_SUCCESS:
      return { ...base, output: isSensitive(entry) ? REDACTED : toJson(entry.value ?? "null") };
    case E.ATTEMPT_START:
    case E.ATTEMPT_SUCCESS:
    case E.ROLLBACK_ATTEMPT_START:
    case E.ROLLBACK_ATTEMPT_SUCCESS:
      return { ...base, attempt: entry.attempt };
    case E.ATTEMPT_FAILURE:
    case E.ROLLBACK_ATTEMPT_FAILURE: {
      const retry = detail.retryDelayMs === undefined ? {} : { retryDelayMs: detail.retryDelayMs };
      return { ...base, attempt: entry.attempt, error: publicError(detail.error), ...retry };
    }
    case E.SLEEP_START:
      return { ...base, durationMs: detail.durationMs };
    case E.WAIT_START:
      return { ...base, eventType: detail.event, timeoutMs: detail.timeoutMs };
    default:
      return base;
  }
}

/**
 * The event of an entry for those who follow all instances: without params and outputs, which may be large.
 *
 * @param {string} id of the instance
 * @param {LogEntry} entry
 */
export function briefEvent(id, entry) {
  const row = { id, params: "null", output: null };
  const {
    params: _params,
    output: _output,
    ...event
  } = /** @type {Record<string, unknown>} */ (
    subscriptionEvent(
      row,
      entry,
      () => null,
      () => false,
    )
  );
  return event;
}

/** What the runtime says that an attempt has used, where it counts that. @param {any} detail */
function usageOf({ cpuMs, memoryBytes }) {
  return { ...(cpuMs === undefined ? {} : { cpuMs }), ...(memoryBytes === undefined ? {} : { memoryBytes }) };
}

/**
 * An error as people are shown it. The traceback is ours; upstream has name and message.
 *
 * @param {import("../../bridge/protocol.d.ts").WireError} error
 */
export function publicError({ name, message, traceback }) {
  return traceback === undefined ? { name, message } : { name, message, traceback };
}

/** The last time that a Date can hold, in ms since 1970. */
const LAST_TIME_MS = 8.64e15;

/** ISO 8601; null for a time that no Date can hold, as damage may leave one. @param {number | null} time in ms since 1970 */
export function iso(time) {
  return time === null || Math.abs(time) > LAST_TIME_MS ? null : new Date(time).toISOString();
}

/** What an entry carries as JSON; nothing where that is damaged. @param {string | null} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
}
