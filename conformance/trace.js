/** The event log as lines that can be compared: no times, no ids, and nothing that says how a target is built. */

import { EVENT_NAMES } from "../js/engine/events.js";

/**
 * @typedef {object} Entry
 * @property {number} event
 * @property {string | null} target
 * @property {any} detail the metadata, with `attempt` where it has one
 */

const OF_ATTEMPTS = new Set([10, 11, 12, 19, 20, 21]);
/** That an instance runs or waits depends on how long its guest lingers. Version and trigger are each target's own. */
const LEFT_OUT = new Set([13, 26, 29]);

/** @param {Entry[]} entries */
export function traceOf(entries) {
  return entries.filter(({ event }) => !LEFT_OUT.has(event)).map(lineOf);
}

/** @param {Entry} entry */
function lineOf({ event, target, detail }) {
  const parts = [EVENT_NAMES[event] ?? String(event)];
  if (target !== null) parts.push(target);
  if (OF_ATTEMPTS.has(event)) parts.push(`#${detail.attempt}`);
  if ((event === 5 || event === 18) && detail.config) parts.push(configText(detail.config));
  if (event === 8) parts.push(`~${detail.durationMs}`);
  if (event === 14) parts.push(String(detail.event));
  const tells = ![7, 16, 23].includes(event) || (event === 23 && detail.error?.name === "RollbackMissing");
  if (detail.error && tells) parts.push(`${detail.error.name}: ${detail.error.message.split("\n")[0]}`);
  if (event === 16) parts.push((detail.error ?? detail).name);
  if (event === 17) parts.push(`${detail.triggerError.name}: ${detail.triggerError.message.split("\n")[0]}`);
  if (detail.totalSteps !== undefined) parts.push(`${detail.completedSteps ?? ""}/${detail.totalSteps}`);
  if (detail.retryDelayMs !== undefined) parts.push(`~${detail.retryDelayMs}`);
  return parts.join(" ");
}

/** @param {any} config */
function configText({ retries, timeout, sensitive }) {
  const limit = retries.limit ?? "Infinity";
  return `${limit} ~${retries.delay ?? ""} ${retries.backoff} ~${timeout}${sensitive ? ` ${sensitive}` : ""}`;
}

/** Leave out durations, for a target that scales them. @param {string[]} lines */
export function withoutDurations(lines) {
  return lines.map((line) =>
    line
      .replace(/~\d+ (second|minute|hour|day|month|year|week)s?/g, "~")
      .replace(/~([\d.]+(ms)?|\[dynamic\])/g, "~")
      .replace(/after \d+ms/, "after ~")
      .replace(/after ~ms/, "after ~"),
  );
}
