/**
 * Order exploration: outcomes of steps that run side by side become known in every order, or in many that are drawn.
 * The twin of this file is `orders.py`.
 */

/** @import { OrderOptions, OrderReport } from "./testing.d.ts" */
/** @import { ScriptedRun, ScriptedWorkflow } from "./scripted_workflow.js" */

import { OrderError, TestKitError } from "./errors.js";
import { checkSteps, objection, shownEnd } from "./scripted_workflow.js";
import { numbersOf } from "./seeds.js";

const PREFIX = "order:";

/**
 * Refuse a workflow that depends on the order in which its steps end.
 *
 * @param {ScriptedWorkflow} script
 * @param {OrderOptions} options
 * @returns {Promise<OrderReport>}
 * @throws {OrderError} it names the smallest such order and its seed
 */
export async function exploreOrders(script, { once = [], invariant, same = true, runs = 100, seed }) {
  if (runs < 1) throw new TestKitError(`runs is ${runs}; it must be a number from 1.`);
  const only = seed === undefined ? undefined : numbersOf("order", seed);
  const first = await script.baseline([]);
  checkSteps(first, "once", once);
  /** @param {ScriptedRun} run */
  const problemsOf = async (run) => [
    ...(same && !(await script.endsAsUsual(run)) ? [`it has ended as ${shownEnd(run)}`] : []),
    ...repetitions(run, once),
    ...(await objection(invariant, run)),
  ];
  /** @type {OrderReport} */
  const report = { runs: 0, complete: false };
  /** @param {number[]} order */
  const attempt = async (order) => {
    const run = await script.run({ order });
    report.runs += 1;
    if ((await problemsOf(run)).length > 0) await fail(script, order, run, problemsOf);
    return run;
  };
  if (only) {
    await attempt(only);
    return report;
  }
  /** @type {number[] | undefined} */
  let order = [];
  /** @type {ScriptedRun | undefined} */
  let last;
  for (let i = 0; i < Math.ceil(runs / 2) && order; i++) {
    last = await attempt(order);
    order = nextOrder(last);
  }
  report.complete = order === undefined;
  if (report.complete || !last) return report;
  // There are more: some are drawn, the same in each run of the test.
  for (let i = 0; i < Math.floor(runs / 2); i++)
    last = await attempt(last.choices.map(({ among }, place) => ((i + 1) * 7919 + place * 104_729) % among.length));
  return report;
}

/** The order that follows, where the last choice differs first; undefined after the last one. @param {ScriptedRun} run */
function nextOrder({ choices }) {
  const taken = choices.map((each) => each.taken);
  while (taken.length > 0 && taken[taken.length - 1] + 1 >= choices[taken.length - 1].among.length) taken.pop();
  const last = taken.pop();
  return last === undefined ? undefined : [...taken, last + 1];
}

/** Callbacks that ran again, of the steps named. @param {ScriptedRun} run @param {string[]} once */
function repetitions({ callbacks }, once) {
  const names = callbacks.map(({ step }) => step.slice(0, step.lastIndexOf("-")));
  return once.flatMap((name) => {
    const times = names.filter((each) => each === name).length;
    return times > 1 ? [`the callback of step '${name}' has run ${times} times`] : [];
  });
}

/**
 * @param {ScriptedWorkflow} script
 * @param {number[]} order
 * @param {ScriptedRun} run
 * @param {(run: ScriptedRun) => Promise<string[]>} problemsOf
 * @returns {Promise<never>}
 */
async function fail(script, order, run, problemsOf) {
  const smallest = await shrunk(script, order, run, problemsOf);
  const pairs = smallest.run.choices.filter(({ taken }) => taken > 0);
  const lines = pairs.map(({ among, taken }) => `  ${among[taken]} ends before ${among.slice(0, taken).join(", ")}`);
  const seed = PREFIX + (smallest.order.join(".") || "0");
  throw new OrderError(
    [
      `Workflow '${script.name}' depends on the order in which its steps end (seed ${seed}):`,
      ...(lines.length > 0 ? lines : ["  in any order"]),
      ...(await problemsOf(smallest.run)),
      `Replay it with { seed: "${seed}" }.`,
    ].join("\n"),
  );
}

/**
 * The smallest order with problems that can be reached by leaving choices out.
 *
 * @param {ScriptedWorkflow} script
 * @param {number[]} order
 * @param {ScriptedRun} run
 * @param {(run: ScriptedRun) => Promise<string[]>} problemsOf
 */
async function shrunk(script, order, run, problemsOf) {
  let best = { order, run };
  for (;;) {
    const before = best;
    for (const candidate of smaller(before.order)) {
      const found = await script.run({ order: candidate });
      if ((await problemsOf(found)).length === 0) continue;
      best = { order: candidate, run: found };
      break;
    }
    if (best === before) return best;
  }
}

/** @param {number[]} order @returns {number[][]} */
function smaller(order) {
  return order.flatMap((taken, i) => (taken > 0 ? [withoutEnd(order.with(i, 0))] : []));
}

/** Zeros at the end say nothing. @param {number[]} order */
function withoutEnd(order) {
  return order.slice(0, order.findLastIndex((taken) => taken > 0) + 1);
}
