/**
 * Which unfinished instances new code does not fit: their history is replayed in an interpreter of its own, where nothing
 * runs and nothing is written.
 */

/** @import { Replayed } from "../../engine/replay.js" */
/** @import { Histories } from "../histories.js" */
/** @import { DeployRequest } from "../registration.js" */

import { importedFiles } from "../imports.js";

/** How many instances are checked after a reload; of the others nothing is said. */
const MAX_CHECKED = 500;

/**
 * @typedef {object} Divergence
 * @property {string} workflow
 * @property {string} id
 * @property {string} step by name and count, as in the log
 * @property {string} text what differs
 * @property {string} [file] where the code goes another way
 * @property {number} [line]
 */

/**
 * @param {Histories} histories
 * @param {DeployRequest} deployment
 * @param {() => boolean} isStale whether newer code has come: the check ends
 * @returns {AsyncGenerator<Divergence>}
 */
export async function* findDivergences(histories, deployment, isStale) {
  const candidates = histories.unfinished(deployment, MAX_CHECKED);
  if (candidates.length === 0 || isStale()) return;
  const { guest, close } = await histories.openInterpreter(deployment);
  try {
    for (const { number, workflow, id } of candidates) {
      if (isStale()) return;
      const replayed = await histories.replay(number, guest);
      const difference = replayed && differenceOf(replayed);
      if (!difference) continue;
      const { at, ...rest } = difference;
      yield { workflow, id, ...rest, ...placeOf(deployment, at) };
    }
  } finally {
    await close();
  }
}

/** @param {Replayed} replayed @returns {{ step: string, text: string, at: string } | undefined} `at`: the step at whose call it shows */
function differenceOf({ same, status, error, uncalled: [missing], unrecorded: [instead], called }) {
  if (same) return undefined;
  const step = missing ?? instead ?? called.at(-1) ?? "";
  const at = instead ?? step;
  if (status === "errored") return { step, at, text: `the code raises ${error?.name}: ${error?.message}` };
  if (missing === undefined) return { step, at, text: "the code comes to its end, and the history does not" };
  const text = `the code does not call step '${missing}'`;
  return { step, at, text: instead === undefined ? text : `${text}, and calls '${instead}'` };
}

/**
 * The first line of the sources that has the step's name as a text.
 *
 * @param {DeployRequest} deployment
 * @param {string} step
 * @returns {{ file?: string, line?: number }}
 */
function placeOf({ root, main }, step) {
  const name = step.replace(/-\d+$/, "");
  const quoted = [`"${name}"`, `'${name}'`, `\`${name}\``, `def ${name}(`];
  for (const { path, encoding, content } of importedFiles({ root, main })) {
    if (encoding !== "utf8") continue;
    const line = content.split("\n").findIndex((text) => quoted.some((each) => text.includes(each)));
    if (line >= 0) return { file: path, line: line + 1 };
  }
  return {};
}
