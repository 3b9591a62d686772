/** The source of runs, and places in the editor's. */

/** @import { RunAddress } from "../../host.d.ts" */
/** @typedef {{ files: Record<string, string>, main: string }} Source */

import { fileOf } from "../../../pages/run/addresses.js";
import { goal } from "../editor/code_editor.js";
import { host } from "./connection.js";
import { pane } from "./runs.js";

/** @param {{ file: string, line: number }} place */
export function goTo(place) {
  pane.value = "code";
  goal.value = place;
}

/** The source that a run was started with; null where it is no longer kept. @param {RunAddress} address @returns {Promise<Source | null>} */
export function sourceOf(address) {
  const file = fileOf(address);
  if (file) return Promise.resolve(file);
  if ("key" in address) return Promise.resolve(null);
  return host.source(address.workflow, address.id);
}
