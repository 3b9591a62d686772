/** A step's configuration: the defaults, and the door through which the user's goes. */

/** @import { ShownConfig, StepConfig } from "../../bridge/protocol.d.ts" */

import { nearest } from "../../bridge/nearest.js";
import { parseDuration } from "./duration.js";
import { MAX_DURATION_MS, MAX_PROGRESS_KEPT, MAX_RETRIES } from "./limits.js";

/** Stands for a delay function, which cannot be stored. */
export const DYNAMIC = "[dynamic]";

/** @type {StepConfig} */
export const DEFAULT_CONFIG = Object.freeze({
  retries: Object.freeze({ limit: 5, delay: 1000, backoff: "exponential" }),
  timeout: "10 minutes",
});

const KEYS = ["retries", "timeout", "sensitive", "progress"];
const ROLLBACK_KEYS = ["retries", "timeout"];
const RETRY_KEYS = ["limit", "delay", "backoff"];
const BACKOFFS = ["constant", "linear", "exponential"];

/**
 * What is wrong with *config*, as "key, what is allowed, what it is"; undefined where nothing is.
 *
 * @param {any} config
 * @param {{ rollback?: boolean }} [options] whether it is a rollback handler's
 * @returns {string | undefined}
 */
export function configProblem(config, { rollback = false } = {}) {
  if (!isObject(config) || isKind(config)) return `config must be an object, not ${show(config)}`;
  const unknown = unknownKey(config, rollback ? ROLLBACK_KEYS : KEYS, "");
  if (unknown) return unknown;
  if (config.retries !== undefined) {
    const problem = retriesProblem(config.retries);
    if (problem) return problem;
  }
  const timeout = parseDuration(config.timeout) ?? 0;
  if (config.timeout !== undefined && !(timeout > 0)) {
    return `timeout must be a duration above 0, such as 5000 (ms) or "5 minutes", not ${show(config.timeout)}`;
  }
  if (timeout > MAX_DURATION_MS) return `timeout must be at most 365 days, not ${show(config.timeout)}`;
  if (config.sensitive !== undefined && config.sensitive !== "output") {
    return `sensitive must be "output", not ${show(config.sensitive)}`;
  }
  const { progress = 0 } = config;
  if (!(Number.isInteger(progress) && progress >= 0 && progress <= MAX_PROGRESS_KEPT)) {
    return `progress must be a whole number of items to keep, from 0 to ${MAX_PROGRESS_KEPT}, not ${show(progress)}`;
  }
  return undefined;
}

/** @param {any} retries */
function retriesProblem(retries) {
  if (!isObject(retries) || isKind(retries)) return `retries must be an object, not ${show(retries)}`;
  const unknown = unknownKey(retries, RETRY_KEYS, "retries.");
  if (unknown) return unknown;
  for (const key of ["limit", "delay"]) {
    if (retries[key] === undefined) return `retries.${key} is missing; limit and delay go together`;
  }
  const { limit, delay, backoff } = retries;
  if (limit !== "Infinity" && !(typeof limit === "number" && limit >= 0 && limit <= MAX_RETRIES)) {
    return `retries.limit must be a number from 0 to ${MAX_RETRIES}, or Infinity, not ${show(limit)}`;
  }
  if (limit !== "Infinity" && !Number.isInteger(limit)) {
    return `retries.limit must be a whole number, not ${show(limit)}`;
  }
  const ms = delay === DYNAMIC ? 0 : (parseDuration(delay) ?? -1);
  if (!(ms >= 0)) return `retries.delay must be a duration, such as 1000 (ms) or "10 seconds", not ${show(delay)}`;
  if (ms > MAX_DURATION_MS) return `retries.delay must be at most 365 days, not ${show(delay)}`;
  if (backoff !== undefined && !BACKOFFS.includes(backoff)) {
    return `retries.backoff must be one of ${BACKOFFS.join(", ")}, not ${show(backoff)}`;
  }
  return undefined;
}

/**
 * @param {Record<string, unknown>} object
 * @param {string[]} known
 * @param {string} path
 */
function unknownKey(object, known, path) {
  const key = Object.keys(object).find((name) => !known.includes(name));
  if (key === undefined) return undefined;
  const near = nearest(key, known);
  const hint = near === undefined ? `known are ${known.join(", ")}` : `did you mean ${near}?`;
  return `${path}${key} is not known; ${hint}`;
}

/**
 * *config* with the defaults filled in. Takes only what `configProblem` passes.
 *
 * @param {Partial<StepConfig> | undefined} config
 * @returns {StepConfig}
 */
export function resolveConfig(config) {
  if (config === undefined) return DEFAULT_CONFIG;
  return { ...DEFAULT_CONFIG, ...config, retries: { ...DEFAULT_CONFIG.retries, ...config.retries } };
}

/**
 * *config* as a callback's context shows it.
 *
 * @param {StepConfig} config
 * @returns {ShownConfig}
 */
export function shownConfig(config) {
  if (config.retries.delay !== DYNAMIC) return config;
  const { delay: _, ...retries } = config.retries;
  return { ...config, retries };
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether *value* stands for what cannot cross, as what it is: `{ $: "a function" }`.
 *
 * @param {any} value
 */
function isKind(value) {
  return isObject(value) && typeof value.$ === "string";
}

/** @param {any} value */
function show(value) {
  if (isKind(value)) return value.$;
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}
