/** What a node is called where it is drawn: the same words in pictures, in Mermaid and in a terminal. */

/** @import { Duration, GraphNode } from "./graph.d.ts" */

/** @typedef {{ kind: string, name: string, note: string }} Label `kind` is a word for the type, `note` what else there is to say. */

/** @type {Record<string, string>} */
const PARALLEL = {
  all: "at the same time, wait for all",
  all_settled: "at the same time, wait for all, failed or not",
  any: "at the same time, wait for the first success",
  race: "at the same time, wait for the first",
};

/** @param {any} node @returns {Label} */
export function labelOf(node) {
  const make = LABELS[/** @type {GraphNode["type"]} */ (node.type)];
  const label = make ? make(node) : { kind: node.type, name: node.name ?? "", note: "" };
  const name = label.name === "" && NAMED.has(node.type) ? '""' : visible(label.name);
  return { ...label, name, note: visible(label.note) };
}

/** Types of nodes that have a name of their own, which may be empty. */
const NAMED = new Set([
  "step_do",
  "step_sleep",
  "step_sleep_until",
  "step_wait_for_event",
  "function_call",
  "function_def",
]);

/** @type {{ [K in GraphNode["type"]]: (node: any) => Label }} */
const LABELS = {
  step_do: (node) => ({ kind: "step", name: node.name, note: stepNote(node) }),
  step_sleep: ({ name, duration, expression }) => ({ kind: "sleep", name, note: time(duration, expression) }),
  step_sleep_until: ({ name, timestamp, expression }) => ({
    kind: "sleep until",
    name,
    note: timestamp === "unknown" ? (expression ?? "a time that is not known yet") : timestamp,
  }),
  step_wait_for_event: ({ name, options }) => ({
    kind: "wait",
    name,
    note: options ? `for event ${options.event_type}, at most ${time(options.timeout)}` : "",
  }),
  loop: () => ({ kind: "loop", name: "", note: "" }),
  parallel: ({ kind }) => ({ kind: PARALLEL[kind] ?? kind, name: "", note: "" }),
  block: () => ({ kind: "in order", name: "", note: "" }),
  try: () => ({ kind: "try", name: "", note: "" }),
  if: () => ({ kind: "if", name: "", note: "" }),
  switch: ({ discriminant }) => ({ kind: "switch", name: discriminant, note: "" }),
  function_call: ({ name, workflow, dynamic, error }) => ({
    kind: error ? "cannot be drawn" : workflow ? "starts workflow" : "call",
    name,
    note: error ? "" : dynamic ? "dynamic: which steps it runs is not known before" : "",
  }),
  function_def: ({ name }) => ({ kind: "function", name, note: "" }),
  break: ({ kind, raises }) => ({
    kind: raises === undefined ? (kind === "break" ? "leave the loop" : "return") : "fail",
    name: raises ?? "",
    note: "",
  }),
};

/** @param {any} node */
function stepNote({ config, rollback, dynamic_config: isDynamic }) {
  const { limit, delay, backoff } = config.retries;
  const isDefault = limit === 5 && delay === 1000 && backoff === "exponential";
  const parts = [];
  const kind = backoff === "exponential" ? "" : `, ${backoff}`;
  if (isDynamic) parts.push("configured when it runs");
  else if (!isDefault) parts.push(limit === 0 ? "no retries" : `${count(limit)} retries from ${time(delay)}${kind}`);
  if (config.timeout !== "10 minutes" && !isDynamic) parts.push(`timeout ${time(config.timeout)}`);
  if (rollback) parts.push("with rollback");
  return parts.join(" · ");
}

/** @param {number} limit */
function count(limit) {
  return limit === Number.MAX_SAFE_INTEGER ? "unlimited" : String(limit);
}

/** @param {Duration} duration @param {string} [expression] */
function time(duration, expression) {
  if (duration === "unknown") return expression ?? "a time that is not known yet";
  if (typeof duration === "string") return duration;
  return duration % 1000 === 0 && duration >= 1000 ? `${duration / 1000} s` : `${duration} ms`;
}

/** What a branch is called. @param {{ condition: string | null }} branch */
export function branchLabel({ condition }) {
  return condition === null ? "otherwise" : visible(condition);
}

/** Control characters as a sign of their own: no text may move a terminal's cursor or break a file. @param {string} text */
export function visible(text) {
  return text.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, "\ufffd");
}

/** A text of at most so many characters, the last one an ellipsis where something is left out. @param {string} text @param {number} length */
export function cut(text, length) {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}
