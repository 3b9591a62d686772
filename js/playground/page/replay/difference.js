/** What a replay has found, in words: the first thing in which the code and the history part, and where. */

/** @import { InstanceDetail, Replayed } from "../../host.d.ts" */

/** Which of the two has a step. @typedef {{ step: string, recorded: boolean, called: boolean }} ReplayedStep `step` is `NAME-COUNT` */
/**
 * @typedef {object} Difference
 * @property {string} what a sentence
 * @property {string} [step] `NAME-COUNT`, where a step is meant
 * @property {"code" | "history"} [in] which of the two has that step
 * @property {{ label: string, value: unknown }[]} [values] side by side
 */

/**
 * The steps of both, in the order in which the code calls them; what it does not call stands where the history has it.
 *
 * @param {Replayed} replayed @param {InstanceDetail} detail
 * @returns {ReplayedStep[]}
 */
export function replayedSteps({ called, unrecorded, uncalled }, detail) {
  const recorded = recordedSteps(detail);
  const rows = called.map((step) => ({ step, recorded: !unrecorded.includes(step), called: true }));
  for (const step of uncalled) {
    const later = new Set(recorded.slice(recorded.indexOf(step) + 1));
    const at = rows.findIndex((row) => row.called && later.has(row.step));
    rows.splice(at < 0 ? rows.length : at, 0, { step, recorded: true, called: false });
  }
  return rows;
}

/**
 * @param {Replayed} replayed @param {InstanceDetail} detail
 * @returns {Difference | null} null where they are the same
 */
export function firstDifference(replayed, detail) {
  if (replayed.same) return null;
  const rows = replayedSteps(replayed, detail);
  const at = rows.findIndex((row) => !row.recorded || !row.called);
  // Code that raises an error calls nothing more: it is the error that is to be known.
  const hasRaised = replayed.status === "errored" && replayed.unrecorded.length === 0;
  return at < 0 || hasRaised ? differenceOfEnds(replayed, detail) : differenceOfSteps(rows, at);
}

/** @param {ReplayedStep[]} rows @param {number} at @returns {Difference} */
function differenceOfSteps(rows, at) {
  const { step, called } = rows[at];
  const before = rows[at - 1]?.step;
  const place = before === undefined ? "at the beginning" : `after ${before}`;
  const rest = rows.slice(at);
  const mine = rest.find((row) => row.called && !row.recorded)?.step;
  const theirs = rest.find((row) => row.recorded && !row.called)?.step;
  if (mine !== undefined && theirs !== undefined)
    return {
      what: `The code calls ${mine} ${place}, where the history has ${theirs}.`,
      step: called ? mine : theirs,
      in: called ? "code" : "history",
    };
  return called
    ? { what: `The code calls ${step} ${place}, which the history does not have.`, step, in: "code" }
    : { what: `The history has ${step} ${place}, which the code does not call.`, step, in: "history" };
}

/** @param {Replayed} replayed @param {InstanceDetail} detail @returns {Difference} */
function differenceOfEnds({ status, output, error, called }, detail) {
  const last = called.at(-1);
  const place = last === undefined ? "before any step" : `after ${last}`;
  if (status === "stopped")
    return {
      what: `The code goes no further ${place}: it waits for what is not recorded. The run went on to its end.`,
    };
  if (status === "errored") {
    const raised = `The code raises ${error?.name}: ${error?.message} (${place})`;
    if (detail.status === "complete") return { what: `${raised}, where the run came to a result.` };
    if (detail.error) return { what: `${raised}, where the run raised ${detail.error.name}: ${detail.error.message}.` };
    return { what: `${raised}, where the run had not ended.` };
  }
  if (detail.status !== "complete") {
    const theirs = detail.error
      ? `the run raised ${detail.error.name}: ${detail.error.message}`
      : "the run had not ended";
    return { what: `The code comes to a result ${place}, where ${theirs}.` };
  }
  const path = differentPath(detail.output, output);
  return {
    what: `The results differ${path === "" ? "" : ` at ${path}`}.`,
    values: [
      { label: "Recorded", value: valueAt(detail.output, path) },
      { label: "Now", value: valueAt(output, path) },
    ],
  };
}

/** Steps of the history that a replay knows of. @param {InstanceDetail} detail */
function recordedSteps({ steps }) {
  return steps.flatMap((step) => (step.type === "termination" || step.type === "rollback" ? [] : [step.name]));
}

/**
 * Where two plain values first differ, as a JSON pointer: "/items/2/price".
 *
 * @param {any} one @param {any} other
 * @returns {string} empty where they differ as a whole, or not at all
 */
function differentPath(one, other) {
  if (!isNested(one) || !isNested(other) || Array.isArray(one) !== Array.isArray(other)) return "";
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    if (JSON.stringify(one[key]) === JSON.stringify(other[key])) continue;
    return `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}${key in one && key in other ? differentPath(one[key], other[key]) : ""}`;
  }
  return "";
}

/** @param {any} value @param {string} path */
function valueAt(value, path) {
  const keys = path.split("/").slice(1);
  return keys.reduce((at, key) => at?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], value);
}

/** @param {unknown} value @returns {boolean} */
function isNested(value) {
  return typeof value === "object" && value !== null;
}
