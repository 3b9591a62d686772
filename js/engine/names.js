/** Which names of workflows, ids and event types are allowed: upstream's rules. That of steps' names is in calls.js. */

import { MAX_EVENT_TYPE_LENGTH, MAX_ID_LENGTH, MAX_NAME_LENGTH } from "./limits.js";

const WORD = /^[a-zA-Z0-9_][a-zA-Z0-9-_]*$/;
/** Wider than WORD, so that ids of cron-made instances ("<cron>-<ms>") can be addressed. */
const ADDRESS = /^[a-zA-Z0-9, */#_-]{1,271}$/;
const RESERVED = /^(batch|terminate|terminateAll|cf_[0-9a-f]{64})$/;

/** @param {unknown} name */
export function isWorkflowName(name) {
  return typeof name === "string" && name.length <= MAX_NAME_LENGTH && WORD.test(name);
}

/** Why a text is not a workflow's name, as the rest of a sentence that begins with "Workflow name". @param {string} name */
export function workflowNameProblem(name) {
  if (isWorkflowName(name)) return undefined;
  if (name === "") return "is empty";
  if (name.length > MAX_NAME_LENGTH) return `is ${name.length} characters long; the limit is ${MAX_NAME_LENGTH}`;
  return `is '${name}'; letters, digits, '_' and '-' are allowed, and no '-' at the start`;
}

/** @param {unknown} id */
export function isInstanceId(id) {
  return typeof id === "string" && id.length <= MAX_ID_LENGTH && WORD.test(id) && !RESERVED.test(id);
}

/** @param {unknown} id */
export function isAddressableId(id) {
  return typeof id === "string" && ADDRESS.test(id);
}

/** @param {unknown} type */
export function isEventType(type) {
  return typeof type === "string" && type.length <= MAX_EVENT_TYPE_LENGTH && WORD.test(type);
}
