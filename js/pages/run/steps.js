/** The steps of an instance as rows to draw: state, bars and words, read off its detail. */

/** @import { InstanceDetail, StepDetail } from "../run.d.ts" */

import { isFinalStatus } from "../../engine/status.js";
import { countdown, duration, plural } from "../format.js";

/**
 * @typedef {"ok" | "bad" | "run" | "retry" | "sleep" | "wait"} BarKind
 * @typedef {{ from: number, to: number, kind: BarKind }} Bar
 * @typedef {{
 *   key: string, name: string, count: number, kind: "do" | "sleep" | "waitForEvent" | "rollback",
 *   state: string, start: number, end: number | null, due: number | null, bars: Bar[], detail: StepDetail,
 * }} StepRow `name` is without the count; `key` tells rows apart, `detail.name` has both. `due`: when a sleep, a wait
 *   before a retry, or the wait for an event ends
 */

/** @param {InstanceDetail} detail @returns {StepRow[]} */
export function stepRows(detail) {
  const isEnded = isFinalStatus(detail.status);
  const isHeld = detail.status === "paused";
  const rows = [];
  for (const step of detail.steps) {
    if (step.type === "termination") continue;
    const row =
      step.type === "sleep" ? sleepRow(step) : step.type === "waitForEvent" ? waitRow(step) : attemptedRow(step);
    const isOpen = row.end === null;
    if (isOpen && isEnded) Object.assign(row, { state: "stopped", end: time(detail.end), due: null });
    else if (isOpen && isHeld) Object.assign(row, { state: "held", due: null });
    rows.push(row);
  }
  return rows;
}

/** The name and count that a target such as "charge card-1" stands for. @param {string} target */
export function splitTarget(target) {
  const [, name = target, count = "1"] = /^(.*)-(\d+)$/s.exec(target) ?? [];
  return { name, count: Number(count) };
}

/** @param {Extract<StepDetail, { type: "step" | "rollback" }>} step @returns {StepRow} */
function attemptedRow(step) {
  /** @type {Bar[]} */
  const bars = [];
  /** @type {number | null} */
  let due = null;
  for (const [index, attempt] of step.attempts.entries()) {
    const [from, to] = [time(attempt.start), timeOrNull(attempt.end)];
    bars.push({ from, to: to ?? Infinity, kind: attempt.success === null ? "run" : attempt.success ? "ok" : "bad" });
    const next = step.attempts[index + 1];
    if (to === null || attempt.success !== false) continue;
    if (next) bars.push({ from: to, to: time(next.start), kind: "retry" });
    else if (attempt.retryDelayMs !== undefined && step.end === null) {
      due = to + attempt.retryDelayMs;
      bars.push({ from: to, to: Infinity, kind: "retry" });
    }
  }
  const isRetrying = due !== null;
  const state =
    step.success === true ? "done" : step.success === false ? "failed" : isRetrying ? "retrying" : "running";
  return {
    ...base(step),
    kind: step.type === "rollback" ? "rollback" : "do",
    state,
    start: time(step.start),
    end: timeOrNull(step.end),
    due,
    bars,
  };
}

/** @param {Extract<StepDetail, { type: "sleep" }>} step @returns {StepRow} */
function sleepRow(step) {
  const [start, end] = [time(step.start), time(step.end)];
  const state = step.finished ? "done" : "sleeping";
  const bars = /** @type {Bar[]} */ ([{ from: start, to: step.finished ? end : Infinity, kind: "sleep" }]);
  return {
    ...base(step),
    kind: "sleep",
    state,
    start,
    end: step.finished ? end : null,
    due: step.finished ? null : end,
    bars,
  };
}

/** @param {Extract<StepDetail, { type: "waitForEvent" }>} step @returns {StepRow} */
function waitRow(step) {
  const [start, end] = [time(step.start), timeOrNull(step.end)];
  const state = !step.finished ? "waiting" : step.error ? "failed" : "done";
  const bars = /** @type {Bar[]} */ ([{ from: start, to: end ?? Infinity, kind: "wait" }]);
  const due = step.finished ? null : timeOrNull(step.until ?? null);
  return { ...base(step), kind: "waitForEvent", state, start, end, due, bars };
}

/** @param {Exclude<StepDetail, { type: "termination" }>} step */
function base(step) {
  return { key: `${step.type} ${step.name}`, ...splitTarget(step.name), detail: step };
}

/**
 * What a row says of itself.
 *
 * @param {StepRow} row
 * @param {number} now
 */
export function rowNote(row, now) {
  const { detail, state, due } = row;
  if (state === "held") return "on hold";
  if (state === "stopped") return "stopped";
  if (detail.type === "sleep")
    return state === "sleeping"
      ? `wakes in ${countdown((due ?? now) - now)}`
      : `slept ${duration((row.end ?? now) - row.start)}`;
  if (detail.type === "waitForEvent") {
    const left = due === null ? "" : ` · ${countdown(due - now)} left`;
    if (state === "waiting") return `waits for ${detail.event_type}${left}`;
    return state === "failed" ? `no ${detail.event_type} came` : `${detail.event_type} came`;
  }
  if (detail.type === "termination") return "";
  const attempts = detail.attempts.length;
  const limit = detail.config?.retries?.limit;
  const last = detail.attempts.at(-1);
  const fault = last?.error ? `${last.error.name}: ${last.error.message}` : "";
  if (state === "retrying") return `retry in ${countdown((due ?? now) - now)} · ${fault}`;
  if (state === "failed") return fault || "failed";
  const count = attempts > 1 ? `attempt ${attempts}${typeof limit === "number" ? ` of ${limit + 1}` : ""} · ` : "";
  if (state === "running") return `${count}${duration(now - time(last?.start ?? detail.start))}`;
  return `${attempts > 1 ? `${plural(attempts, "attempt")} · ` : ""}${duration((row.end ?? now) - row.start)}`;
}

/** @param {string | null} text */
function time(text) {
  return text === null ? Date.now() : Date.parse(text);
}

/** @param {string | null} text */
function timeOrNull(text) {
  return text === null ? null : Date.parse(text);
}
