/** Workflows and instances by their names, as callers give them. */

/** @import { InstanceRow, Store, WorkflowRow } from "../store/store.d.ts" */

import { notFound, workflowNotFound } from "./errors.js";
import { isAddressableId } from "./names.js";

/**
 * @param {Store} store
 * @param {string} name
 * @returns {WorkflowRow}
 * @throws {import("./errors.js").WorkflowError} it does not exist
 */
export function findWorkflow(store, name) {
  const workflow = store.loadWorkflow(name);
  if (!workflow) throw workflowNotFound(name);
  return workflow;
}

/**
 * @param {Store} store
 * @param {string} workflow
 * @param {string} id
 * @returns {InstanceRow}
 * @throws {import("./errors.js").WorkflowError} it does not exist
 */
export function findInstance(store, workflow, id) {
  const row = isAddressableId(id) ? store.loadInstance(workflow, id) : undefined;
  if (row) return row;
  throw store.loadWorkflow(workflow) ? notFound(id) : workflowNotFound(workflow);
}

/**
 * The number of an instance, which one has whose row is damaged.
 *
 * @param {Store} store
 * @param {string} workflow
 * @param {string} id
 * @returns {number}
 * @throws {import("./errors.js").WorkflowError} it does not exist
 */
export function findNumber(store, workflow, id) {
  const number = isAddressableId(id) ? store.numberOf(workflow, id) : undefined;
  if (number !== undefined) return number;
  throw store.loadWorkflow(workflow) ? notFound(id) : workflowNotFound(workflow);
}
