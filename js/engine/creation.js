/** What creates instances: the options of one, and of a batch. */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */

import { parseDuration } from "./duration.js";
import { invalidId, WorkflowError } from "./errors.js";
import { MAX_BATCH, MAX_RETENTION_MS, MAX_VALUE_BYTES } from "./limits.js";
import { checkValue } from "./value_check.js";
import { isLarger, valueBytes } from "./value_size.js";
import { isAddressableId, isInstanceId } from "./names.js";

/**
 * @typedef {object} CreateOptions
 * @property {string} [id]
 * @property {Encoded} [params] default to `{}`
 * @property {{ successRetention?: number | string, errorRetention?: number | string }} [retention]
 * @property {string} [locationHint] there is but one place here; checked all the same
 *
 * @typedef {{ successRetention?: number | undefined, errorRetention?: number | undefined }} Retention in ms
 */

const LOCATIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "apac-ne", "apac-se", "oc", "afr", "me"];

/**
 * @param {CreateOptions & { id: string }} options
 * @returns {Retention}
 * @throws {WorkflowError} something in them is not allowed
 */
export function checkCreation({ id, params = "{}", retention, locationHint }) {
  if (!isInstanceId(id)) throw invalidId(id);
  checkValue("params", params);
  if (isLarger(params, MAX_VALUE_BYTES)) {
    throw new WorkflowError("instance.params_too_large", "The params are too large. Maximum allowed size is 1MiB.");
  }
  if (locationHint !== undefined && !LOCATIONS.includes(locationHint)) {
    const known = LOCATIONS.join(", ");
    throw new WorkflowError(
      "body.invalid",
      `locationHint must be one of ${known}, not ${JSON.stringify(locationHint)}`,
    );
  }
  return toRetention(retention);
}

/**
 * @param {CreateOptions["retention"]} retention
 * @returns {Retention}
 * @throws {WorkflowError}
 */
export function toRetention(retention = {}) {
  const { successRetention, errorRetention } = retention;
  return {
    successRetention: milliseconds("successRetention", successRetention),
    errorRetention: milliseconds("errorRetention", errorRetention),
  };
}

/** @param {string} key @param {unknown} duration */
function milliseconds(key, duration) {
  if (duration === undefined || duration === null) return undefined;
  const ms = parseDuration(duration) ?? 0;
  if (ms > 0 && ms <= MAX_RETENTION_MS) return Math.ceil(ms);
  const allowed = ms > 0 ? "at most 100 years" : 'a duration above 0, such as "7 days"';
  const found = JSON.stringify(duration).slice(0, 200);
  throw new WorkflowError("body.invalid", `retention.${key} must be ${allowed}, not ${found}`);
}

/**
 * The instances of a batch.
 *
 * @param {any} batch a list of options (upstream's deprecated form), `{ count, … }` or `{ instances: […] }`
 * @returns {CreateOptions[]}
 * @throws {WorkflowError}
 */
export function batchInstances(batch) {
  if (Array.isArray(batch)) {
    if (batch.length === 0) throw refusal("WorkflowError: batchCreate should have at least 1 instance");
    if (batch.length > MAX_BATCH)
      throw refusal(`WorkflowError: batchCreate only supports ${MAX_BATCH} instances at a time`);
    return batch;
  }
  const isObject = typeof batch === "object" && batch !== null;
  if (!isObject || "count" in batch === "instances" in batch) throw refusal("(body) Provided argument is invalid");
  const { count, instances, ...shared } = batch;
  if (instances !== undefined && !(Array.isArray(instances) && instances.length > 0)) {
    throw refusal("(body) Provided argument is invalid");
  }
  if (instances === undefined && !(Number.isInteger(count) && count > 0)) {
    throw refusal("(body) count must be a positive integer");
  }
  const size = instances?.length ?? count;
  if (size > MAX_BATCH) throw refusal(`(body) batchCreate only supports ${MAX_BATCH} instances at a time`);
  const all = instances ?? Array.from({ length: count }, () => shared);
  const total = all.reduce(
    (/** @type {number} */ sum, /** @type {CreateOptions} */ each) => sum + valueBytes(each.params ?? ""),
    0,
  );
  if (total > MAX_VALUE_BYTES) throw refusal("(body) Batch size exceeds maximum allowed");
  if (all.some((/** @type {CreateOptions} */ { id }) => id !== undefined && !isInstanceId(id))) {
    throw new WorkflowError("instance.invalid_id", "(instance.invalid_id) Instance ID is invalid");
  }
  return all;
}

/**
 * @param {unknown} ids
 * @returns {string[]}
 * @throws {WorkflowError}
 */
export function batchIds(ids) {
  if (!Array.isArray(ids) || ids.some((id) => typeof id !== "string"))
    throw refusal("(body) Provided argument is invalid");
  if (ids.length === 0) throw refusal("(body) batchDeleteInstances should have at least 1 instance");
  if (ids.length > MAX_BATCH)
    throw refusal(`(body) batchDeleteInstances only supports ${MAX_BATCH} instances at a time`);
  if (!ids.every(isAddressableId))
    throw new WorkflowError("instance.invalid_id", "(instance.invalid_id) Instance ID is invalid");
  return ids;
}

/** @param {string} message */
function refusal(message) {
  return new WorkflowError("body.invalid", message);
}
