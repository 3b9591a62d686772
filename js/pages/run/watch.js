/** Watching a run again: the log up to an event, as the timeline had it then. */

/** @import { AttemptDetail, InstanceDetail, InstanceEvent, StepDetail } from "../run.d.ts" */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../parts/icon.js";
import { timeOfDay } from "../format.js";

const STEP_MS = 350;
const ENDS = { workflow_completed: "complete", workflow_errored: "errored", workflow_terminated: "terminated" };

/**
 * The instance as it stood after its first *count* events. What is not in events by themselves, such as configurations
 * and outputs, is taken of the finished detail.
 *
 * @param {InstanceDetail} detail @param {InstanceEvent[]} events @param {number} count
 * @returns {InstanceDetail}
 */
export function detailAfter(detail, events, count) {
  const last = events[count - 1];
  if (count >= events.length || !last) return detail;
  const until = last.timestamp;
  const seen = new Set(
    events
      .slice(0, count)
      .filter(({ type }) => type.endsWith("_started"))
      .map(keyOf),
  );
  const over = new Set(
    events
      .slice(0, count)
      .filter(({ type }) => /(_completed|_errored|_timed_out)$/.test(type))
      .map(keyOf),
  );
  const steps = detail.steps.flatMap((step) => {
    if (step.type === "termination") return [];
    const key = `${GROUPS[step.type]} ${step.name}`;
    if (!seen.has(key)) return [];
    return [over.has(key) ? step : reopened(step, events.slice(0, count))];
  });
  const ended = ENDS[/** @type {keyof typeof ENDS} */ (last.type)];
  return {
    ...detail,
    status: /** @type {any} */ (ended ?? "running"),
    end: ended ? detail.end : null,
    output: null,
    error: null,
    steps,
    logs: detail.logs.filter(({ timestamp }) => Date.parse(timestamp) <= until),
  };
}

const GROUPS = { step: "step", rollback: "rollback_step", sleep: "sleep", waitForEvent: "wait" };

/** @param {InstanceEvent} event */
function keyOf({ type, stepName }) {
  return `${type.replace(/_(started|completed|errored|timed_out)$/, "")} ${stepName}`;
}

/** @param {Exclude<StepDetail, { type: "termination" }>} step @param {InstanceEvent[]} before @returns {StepDetail} */
function reopened(step, before) {
  if (step.type === "sleep") return { ...step, finished: false };
  if (step.type === "waitForEvent") return { ...step, finished: false, end: null, error: null };
  const group = step.type === "rollback" ? "rollback_attempt" : "attempt";
  const mine = before.filter(({ stepName, type }) => stepName === step.name && type.startsWith(group));
  const begun = mine.filter(({ type }) => type.endsWith("_started")).length;
  const ended = mine.length - begun;
  const attempts = step.attempts
    .slice(0, begun)
    .map((attempt, index) => (index < ended ? attempt : reopenedAttempt(attempt)));
  return { ...step, end: null, success: null, output: null, attempts };
}

/** @param {AttemptDetail} attempt @returns {AttemptDetail} */
function reopenedAttempt(attempt) {
  return { ...attempt, end: null, success: null, error: null };
}

/** @param {{ events: InstanceEvent[], at: number, onChange: (count: number) => void, onClose: () => void }} props */
export function WatchBar({ events, at, onChange, onClose }) {
  const [isPlaying, setPlaying] = useState(true);
  useEffect(() => {
    if (!isPlaying) return undefined;
    if (at >= events.length) return setPlaying(false);
    const timer = setTimeout(() => onChange(at + 1), STEP_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, at, events.length]);
  const event = events[at - 1];
  const toggle = () => {
    if (!isPlaying && at >= events.length) onChange(1);
    setPlaying(!isPlaying);
  };
  return html`<div class="watch">
    <button type="button" class="button small icon" aria-label=${isPlaying ? "Hold" : "Play"} onClick=${toggle}>
      <${Icon} name=${isPlaying ? "pause" : "play"} />
    </button>
    <input
      type="range"
      min="1"
      max=${events.length}
      value=${at}
      aria-label="Event of the log"
      aria-valuetext=${event ? `${at} of ${events.length}: ${event.type} ${event.stepName ?? ""}` : ""}
      onInput=${(/** @type {any} */ { target }) => {
        setPlaying(false);
        onChange(Number(target.value));
      }}
    />
    <span class="num cut"
      >${`${at} of ${events.length}${event ? ` · ${timeOfDay(event.timestamp, true)} · ${event.type} ${event.stepName ?? ""}` : ""}`}</span
    >
    <button type="button" class="button quiet small" onClick=${onClose}>Back to the present</button>
  </div>`;
}
