/** Which run is meant: an instance of the state, or a run file that has been opened. */

/** @import { RunAddress } from "../run.d.ts" */

import { page } from "../page.js";

/** @param {RunAddress | null} one @param {RunAddress | null} other */
export function isSame(one, other) {
  if (!one || !other) return one === other;
  if ("key" in one || "key" in other) return "key" in one && "key" in other && one.key === other.key;
  return one.workflow === other.workflow && one.id === other.id;
}

/** An address as one text, for forms and addresses of pages. Names of workflows have no slash. @param {RunAddress} address */
export function nameOf(address) {
  return "key" in address ? `file:${address.key}` : `${address.workflow}/${address.id}`;
}

/** The instance that `nameOf` names; null where it names none. @param {string} name @returns {{ workflow: string, id: string } | null} */
export function instanceNamed(name) {
  const [, workflow, id] = /^([^/]+)\/(.+)$/s.exec(name) ?? [];
  return workflow === undefined || id === undefined ? null : { workflow, id };
}

/** The id of a fork, which says what it is a fork of. @param {string} id */
export function forkId(id) {
  return `${id.replace(/-fork-\w{4}$/, "").slice(0, 80)}-fork-${randomLetters(4)}`;
}

/** @param {number} count */
export function randomLetters(count) {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return number.toString(36).padStart(count, "0").slice(-count);
}

/** The opened file that is meant; undefined where an instance is. @param {RunAddress | null} address */
export function fileOf(address) {
  return address && "key" in address ? page.openedRuns.value.find(({ key }) => key === address.key) : undefined;
}
