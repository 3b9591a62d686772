/** What a replay has shown, as text for people. The twin of this file is `replays.py`. */

import { decode } from "../../bridge/values.js";

/** @import { Comparison } from "../testkit/replays.js" */

/**
 * @param {Comparison[]} replays
 * @returns {string} empty where all are the same
 */
export function divergenceText(replays) {
  return replays
    .filter(({ same }) => !same)
    .map((each) => {
      const head = `Instance '${each.id}' of workflow '${each.workflow}' is not replayed as it ran:`;
      return [head, ...linesOf(each).map((line) => `  ${line}`)].join("\n");
    })
    .join("\n");
}

/** @param {Comparison} comparison */
function linesOf({ problem, recorded, replayed, unrecorded, uncalled, attempts }) {
  if (problem !== null) return [problem];
  const steps = [
    ...unrecorded.map((step) => `step '${step}' is called, and the history does not have it`),
    ...uncalled.map((step) => {
      const which = attempts[step] ? ` (attempt ${attempts[step]})` : "";
      return `step '${step}'${which} is in the history, and is not called`;
    }),
  ];
  const [before, after] = [endOf(recorded), endOf(replayed)];
  if (replayed.status === "stopped" || before === after) return steps;
  return [...steps, `it ends with ${after}, and ended with ${before}`];
}

/** @param {Comparison["recorded"]} end */
function endOf({ output, error }) {
  if (error) return `${error.name}: ${error.message}`;
  return output === null ? "no output" : JSON.stringify(decode(output));
}
