/**
 * Accounts share an engine and see nothing of each other. A workflow's key is its name, after the account and a slash where
 * it belongs to a named account: no name has a slash, so no key of one account is a key of another.
 */

import { workflowNotFound } from "./errors.js";

const ACCOUNT = /^[a-zA-Z0-9_][a-zA-Z0-9-_]{0,63}$/;

/** The account of workflows that were deployed without one. */
export const DEFAULT_ACCOUNT = "default";

/** @param {string} account */
export function isAccountName(account) {
  return ACCOUNT.test(account);
}

/**
 * The key under which the engine and the store have a workflow.
 *
 * @param {string} account
 * @param {string} name
 * @throws {import("./errors.js").WorkflowError} no workflow can have this name
 */
export function workflowKey(account, name) {
  // It would be the key of another account's.
  if (name.includes("/")) throw workflowNotFound(name);
  return account === DEFAULT_ACCOUNT ? name : `${account}/${name}`;
}

/** @param {string} key */
export function accountOf(key) {
  const slash = key.indexOf("/");
  return slash === -1 ? DEFAULT_ACCOUNT : key.slice(0, slash);
}

/** The workflow's name as its author wrote it. @param {string} key */
export function workflowNameOf(key) {
  return key.slice(key.indexOf("/") + 1);
}
