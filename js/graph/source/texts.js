/** Names, durations and configurations, from what the source says to what the graph has. */

/** @import { StepConfig } from "../graph.d.ts" */
/** @import { Text, Value } from "./values.js" */

import { HOLE } from "../node_of_step.js";
import { textOf } from "./values.js";

const UNKNOWN_DURATION = "unknown";
const DEFAULT_LIMIT = 5;
const DEFAULT_DELAY_MS = 1000;
const DEFAULT_BACKOFF = "exponential";
const DEFAULT_TIMEOUT = "10 minutes";
export const DEFAULT_WAIT = "24 hours";
const BACKOFFS = new Set(["constant", "linear", "exponential"]);

/** A part of a text: a hole where only a run knows it. @param {Value} value @returns {Text} */
export function asText(value) {
  if (value.kind === "text") return value;
  return value.kind === "constant" ? textOf(String(value.value)) : textOf(HOLE, true);
}

/** The texts one after the other. Holes side by side are one. @param {Text[]} parts @returns {Text} */
export function join(parts) {
  let text = parts.map((part) => part.text).join("");
  while (text.includes(HOLE + HOLE)) text = text.replace(HOLE + HOLE, () => HOLE);
  return textOf(
    text,
    parts.some(({ isDynamic }) => isDynamic),
  );
}

/** @param {Value | undefined} value @param {number | string} [otherwise] where nothing is given @returns {number | string} */
export function duration(value, otherwise = UNKNOWN_DURATION) {
  if (!value) return otherwise;
  if (value.kind === "text") return value.text;
  return value.kind === "constant" && typeof value.value === "number" && Number.isFinite(value.value)
    ? value.value
    : UNKNOWN_DURATION;
}

/** A step's configuration with defaults, and whether it has what only a run knows. @param {Value | undefined} value @returns {{ config: StepConfig, isDynamic: boolean }} */
export function configOf(value) {
  const table = value?.kind === "table" ? value.entries : new Map();
  const given = table.get("retries");
  const retries = given?.kind === "table" ? given.entries : new Map();
  const [limit, delay, backoff] = ["limit", "delay", "backoff"].map((key) => retries.get(key));
  const timeout = table.get("timeout");
  const isOpen = (value && value.kind !== "table" && value.kind !== "constant") || (given && given.kind !== "table");
  const parts = [limit, delay, backoff, timeout].filter((part) => part !== undefined);
  return {
    config: {
      retries: {
        limit: limitOf(limit),
        delay: duration(delay, DEFAULT_DELAY_MS),
        backoff: backoff?.kind === "text" && BACKOFFS.has(backoff.text) ? backoff.text : DEFAULT_BACKOFF,
      },
      timeout: duration(timeout, DEFAULT_TIMEOUT),
    },
    isDynamic: Boolean(isOpen) || parts.some(({ kind }) => !["text", "constant", "library"].includes(kind)),
  };
}

/** JSON has no infinity. @param {Value | undefined} value */
function limitOf(value) {
  if (value?.kind === "library" && value.name === "Infinity") return Number.MAX_SAFE_INTEGER;
  return value?.kind === "constant" && typeof value.value === "number" ? value.value : DEFAULT_LIMIT;
}
