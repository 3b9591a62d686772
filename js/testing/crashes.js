/**
 * Crash exploration: a workflow is run with a crash at each point where one makes a difference, and has to come to the same end.
 * The twin of this file is `crashes.py`.
 */

/** @import { CrashOptions, CrashReport } from "./testing.d.ts" */
/** @import { ScriptedRun, ScriptedWorkflow } from "./scripted_workflow.js" */

import { CrashError, TestKitError } from "./errors.js";
import { began, checkSteps, givenUpSteps, objection, shownEnd, stepsThatRunOnce } from "./scripted_workflow.js";
import { numbersOf } from "./seeds.js";

const PREFIX = "crash:";
const SHOWN_PROBLEMS = 5;

/**
 * Refuse a workflow that does not survive every crash.
 *
 * @param {ScriptedWorkflow} script
 * @param {CrashOptions} options
 * @returns {Promise<CrashReport>}
 * @throws {CrashError} it names the crash and its seed
 */
export async function exploreCrashes(script, { once = [], invariant, pairs = 20, seed }) {
  if (pairs < 0) throw new TestKitError(`pairs is ${pairs}; it must be a number from 0.`);
  const only = seed === undefined ? undefined : numbersOf("crash", seed);
  const first = await script.baseline(null);
  checkSteps(first, "once", once);
  /** @type {CrashReport} */
  const report = { points: first.points, runs: 0, repeated: [], givenUp: [] };
  /** @type {string[]} */
  const problems = [];
  let firstSeed = "";
  /** @param {ScriptedRun} run @param {string} seedOfRun */
  const check = async (run, seedOfRun) => {
    const found = [
      ...repetitions(report, first, run, seedOfRun, once),
      ...((await script.endsAsUsual(run)) ? [] : otherEnd(report, first, run, seedOfRun)),
      ...(await objection(invariant, run)),
    ];
    if (found.length === 0) return;
    firstSeed ||= seedOfRun;
    const what = run.crashed.join(" and then ") || "no crash";
    problems.push([`crash ${what} (seed ${seedOfRun}):`, ...found.map((each) => `  ${each}`)].join("\n"));
  };
  await check(first, "");
  for (const crashes of only ? [only] : cases(first.points, pairs)) {
    const run = await script.run({ crashes });
    report.runs += 1;
    if (only && run.crashed.length === 0)
      throw new TestKitError(`No crash is at point ${only[0]}: the run has ${first.points}.`);
    // A second crash that comes after the end has cut nothing.
    if (run.crashed.length > 0) await check(run, PREFIX + crashes.join("+"));
  }
  if (problems.length === 0) return report;
  const shown = problems.slice(0, SHOWN_PROBLEMS).join("\n");
  throw new CrashError(
    `Workflow '${script.name}' does not survive every crash (${problems.length} of ${report.runs} runs):\n${shown}\n` +
      `Replay it with { seed: "${firstSeed}" }.`,
  );
}

/**
 * @param {number} points
 * @param {number} pairs
 * @returns {number[][]}
 */
function cases(points, pairs) {
  const single = Array.from({ length: points }, (_, i) => [i + 1]);
  // The same in each run of the test, and spread over all points: the second one by a step that has no divisor with most numbers.
  const double = Array.from({ length: pairs }, (_, i) => [1 + ((i * 7919) % points), 1 + ((i * 104_729 + 1) % points)]);
  return [...single, ...double];
}

/**
 * @param {CrashReport} report
 * @param {ScriptedRun} baseline
 * @param {ScriptedRun} run
 * @param {string} seed
 * @param {string[]} once
 */
function repetitions(report, baseline, run, seed, once) {
  const expected = began(baseline);
  const runOnce = stepsThatRunOnce(run);
  /** @type {string[]} */
  const problems = [];
  for (const [step, times] of began(run)) {
    const usual = expected.get(step) ?? 0;
    if (times <= usual) continue;
    const allowed = !runOnce.has(step) && !once.includes(step.slice(0, step.lastIndexOf("-")));
    report.repeated.push({ step, crash: run.crashed.join(" and then "), seed, allowed });
    if (!allowed) problems.push(`the callback of ${step} ran ${times} times, ${usual} without a crash`);
  }
  return problems;
}

/**
 * @param {CrashReport} report
 * @param {ScriptedRun} baseline
 * @param {ScriptedRun} run
 * @param {string} seed
 */
function otherEnd(report, baseline, run, seed) {
  const givenUp = [...givenUpSteps(run)];
  report.givenUp.push(...givenUp.map((step) => ({ step, seed })));
  if (givenUp.length > 0) return [];
  return [`it has ended as ${shownEnd(run)}`, `instead of       ${shownEnd(baseline)}`];
}
