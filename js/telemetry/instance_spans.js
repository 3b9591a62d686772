/**
 * The spans of an instance that has ended, read off its log: one for the instance, below it one for each step, sleep and wait,
 * below a step one for each attempt. A replay and a crash leave no traces of their own in the log, so neither do they here.
 */

/** @import { InstanceRow, LogEntry, LogRow } from "../store/store.d.ts" */

import { workflowNameOf } from "../engine/accounts.js";
import * as E from "../engine/events.js";
import { parseTraceparent, spanIdOf, traceIdOf } from "./trace_ids.js";

/**
 * @typedef {object} Span times in ms since 1970
 * @property {string} traceId
 * @property {string} spanId
 * @property {string} [parentSpanId]
 * @property {string} name
 * @property {number} start
 * @property {number} end
 * @property {Record<string, string | number>} attributes
 * @property {{ name: string, at: number, attributes?: Record<string, string | number> }[]} events
 * @property {{ traceId: string, spanId: string }[]} links
 * @property {"ok" | "error" | "unset"} status
 * @property {string} [message] of the error
 */

/** What begins and ends spans of an instance, by event. @type {Record<number, { kind: string, phase: "start" | "success" | "failure" }>} */
const SPANS = {
  [E.STEP_START]: { kind: "step", phase: "start" },
  [E.STEP_SUCCESS]: { kind: "step", phase: "success" },
  [E.STEP_FAILURE]: { kind: "step", phase: "failure" },
  [E.SLEEP_START]: { kind: "sleep", phase: "start" },
  [E.SLEEP_COMPLETE]: { kind: "sleep", phase: "success" },
  [E.WAIT_START]: { kind: "wait", phase: "start" },
  [E.WAIT_COMPLETE]: { kind: "wait", phase: "success" },
  [E.WAIT_TIMED_OUT]: { kind: "wait", phase: "failure" },
  [E.ROLLBACK_STEP_START]: { kind: "rollback", phase: "start" },
  [E.ROLLBACK_STEP_SUCCESS]: { kind: "rollback", phase: "success" },
  [E.ROLLBACK_STEP_FAILURE]: { kind: "rollback", phase: "failure" },
};
/** The same of attempts; `kind` is that of the step. @type {typeof SPANS} */
const ATTEMPTS = {
  [E.ATTEMPT_START]: { kind: "step", phase: "start" },
  [E.ATTEMPT_SUCCESS]: { kind: "step", phase: "success" },
  [E.ATTEMPT_FAILURE]: { kind: "step", phase: "failure" },
  [E.ROLLBACK_ATTEMPT_START]: { kind: "rollback", phase: "start" },
  [E.ROLLBACK_ATTEMPT_SUCCESS]: { kind: "rollback", phase: "success" },
  [E.ROLLBACK_ATTEMPT_FAILURE]: { kind: "rollback", phase: "failure" },
};
/** What is told of the instance in between. @type {Record<number, string>} */
const MOMENTS = {
  [E.WORKFLOW_START]: "start",
  [E.WORKFLOW_RUNNING]: "pass",
  [E.WORKFLOW_WAITING]: "parked",
  [E.WORKFLOW_PAUSED]: "paused",
  [E.ROLLBACK_START]: "rollback",
};

/**
 * @param {InstanceRow} row of an instance that has ended
 * @param {LogRow[]} log
 * @param {(text: string) => string} mask of texts for people
 * @returns {Span[]} that of the instance is the first
 */
export function instanceSpans(row, log, mask) {
  const entries = E.entries(log);
  const created = entries.findLast(({ event, detail }) => event === E.WORKFLOW_QUEUED && trigger(detail) !== undefined);
  const spans = new InstanceSpans(row, created?.at ?? row.createdOn, mask);
  for (const entry of entries) spans.add(entry);
  return spans.ended();
}

class InstanceSpans {
  #row;
  #traceId;
  #end;
  #mask;
  /** @type {Span} */
  #root;
  /** @type {Span[]} */
  #spans = [];
  /** Steps and attempts that have not ended. @type {Map<string, Span>} */
  #open = new Map();
  /** How many attempts a step has had, by its span's key. @type {Map<string, number>} */
  #attempts = new Map();

  /** @param {InstanceRow} row @param {number} queuedAt @param {(text: string) => string} mask */
  constructor(row, queuedAt, mask) {
    this.#row = row;
    this.#mask = mask;
    this.#traceId = traceIdOf(row, queuedAt);
    this.#end = row.endedOn ?? row.modifiedOn;
    this.#root = this.#span([], `workflow ${workflowNameOf(row.workflow)}`, queuedAt);
    Object.assign(this.#root.attributes, {
      "workflow.trigger": E.TRIGGERS[row.trigger] ?? "unknown",
      "workflow.version": row.versionId,
      "workflow.status": row.status,
    });
  }

  /** @param {LogEntry} entry */
  add(entry) {
    const { event, at } = entry;
    if (event === E.WORKFLOW_QUEUED) this.#addParent(entry);
    const moment = MOMENTS[event];
    if (moment !== undefined) this.#root.events.push({ name: moment, at });
    if (event === E.WORKFLOW_FAILURE) this.#fail(this.#root, entry);
    if (entry.name === null || entry.count === null) return;
    const [step, attempt] = [SPANS[event], ATTEMPTS[event]];
    if (step) this.#addStep(step, entry, [step.kind, entry.name, entry.count]);
    if (attempt) this.#addAttempt(attempt, entry, [attempt.kind, entry.name, entry.count]);
  }

  /** The instance is a trace of its own: what has created it is a link. @param {LogEntry} entry */
  #addParent({ detail }) {
    const parent = parseTraceparent(parsed(detail).traceparent);
    if (parent) this.#root.links.push(parent);
  }

  /** What is open ends with the instance. */
  ended() {
    for (const span of this.#open.values()) this.#close(span, this.#end, "unfinished");
    this.#root.end = this.#end;
    if (this.#row.status === "complete") this.#root.status = "ok";
    return [this.#root, ...this.#spans];
  }

  /** @param {typeof SPANS[number]} what @param {LogEntry} entry @param {(string | number)[]} path */
  #addStep({ kind, phase }, entry, path) {
    const key = JSON.stringify(path);
    if (phase === "start") {
      const span = this.#span(path, /** @type {string} */ (entry.name), entry.at, this.#root);
      Object.assign(span.attributes, { "workflow.step.kind": kind, "workflow.step.count": Number(entry.count) });
      this.#spans.push(span);
      this.#open.set(key, span);
      return;
    }
    const span = this.#open.get(key);
    if (!span) return;
    this.#open.delete(key);
    this.#close(span, entry.at, phase);
    if (phase === "failure") this.#fail(span, entry);
  }

  /** @param {typeof SPANS[number]} what @param {LogEntry} entry @param {(string | number)[]} path of its step */
  #addAttempt({ phase }, entry, path) {
    const step = this.#open.get(JSON.stringify(path));
    const openKey = JSON.stringify([...path, "attempt"]);
    const open = this.#open.get(openKey);
    if (phase === "start") {
      // It has no end in the log: the process has died, or its interpreter.
      if (open) this.#close(open, entry.at, "cut");
      const number = (this.#attempts.get(openKey) ?? 0) + 1;
      this.#attempts.set(openKey, number);
      const span = this.#span([...path, number], `${entry.name} attempt ${number}`, entry.at, step ?? this.#root);
      Object.assign(span.attributes, { "workflow.step.name": String(entry.name), "workflow.step.attempt": number });
      this.#spans.push(span);
      this.#open.set(openKey, span);
      return;
    }
    if (!open) return;
    this.#open.delete(openKey);
    this.#close(open, entry.at, phase);
    if (phase === "failure") this.#fail(open, entry);
  }

  /** @param {Span} span @param {LogEntry} entry */
  #fail(span, { detail, at }) {
    const { error, stepError } = parsed(detail);
    const { name = "Error", message = "", traceback } = stepError ?? error ?? {};
    span.status = "error";
    span.message = this.#mask(String(message));
    span.events.push({
      name: "exception",
      at,
      attributes: {
        "exception.type": String(name),
        "exception.message": span.message,
        ...(traceback === undefined ? {} : { "exception.stacktrace": this.#mask(String(traceback)) }),
      },
    });
  }

  /** @param {Span} span @param {number} end @param {"success" | "failure" | "cut" | "unfinished"} outcome */
  #close(span, end, outcome) {
    span.end = Math.max(span.start, end);
    span.attributes["workflow.step.outcome"] = outcome;
    if (outcome === "success") span.status = "ok";
  }

  /** @param {(string | number)[]} path @param {string} name @param {number} start @param {Span} [parent] @returns {Span} */
  #span(path, name, start, parent) {
    return {
      traceId: this.#traceId,
      spanId: spanIdOf(this.#traceId, path),
      ...(parent ? { parentSpanId: parent.spanId } : {}),
      name,
      start,
      end: start,
      attributes: {
        "workflow.name": workflowNameOf(this.#row.workflow),
        "workflow.instance.id": this.#row.id,
        "cloudflare.workflow.name": workflowNameOf(this.#row.workflow),
        "cloudflare.workflow.instance_id": this.#row.id,
      },
      events: [],
      links: [],
      status: "unset",
    };
  }
}

/** What has asked for the run; undefined in entries that only say that it goes on. @param {string | null} detail */
function trigger(detail) {
  return parsed(detail).trigger;
}

/** @param {string | null} text @returns {any} nothing where that is damaged */
function parsed(text) {
  try {
    return JSON.parse(text ?? "{}") ?? {};
  } catch {
    return {};
  }
}
