/** What is done to an instance, where several scenarios do the same. */

/** @import { Run } from "./scenario.d.ts" */

/** @typedef {(run: Run) => Promise<void>} Drive */

/**
 * Something is done when it waits, and then it goes on to its end.
 *
 * @param {Drive} act
 * @param {{ finish?: boolean }} [how]
 * @returns {Drive}
 */
export function asleep(act, { finish = true } = {}) {
  return async (run) => {
    await run.create();
    await run.settle();
    await act(run);
    if (finish) await run.finish();
  };
}

/** Something is done when it has ended. @param {Drive} act @returns {Drive} */
export function ended(act) {
  return async (run) => {
    await run.create();
    await run.finish();
    await act(run);
  };
}

/** It runs to its end, and then again. @param {Run} run */
export async function twice(run) {
  await run.create();
  await run.finish();
  await run.note(run.status());
  await run.restart();
  await run.finish();
}

/** Until the instance is *status*: a step of real time is under way. @param {Run} run @param {string} status */
export async function until(run, status) {
  for (let i = 0; i < 500 && (await run.status()) !== status; i++)
    await new Promise((resolve) => void setTimeout(resolve, 20));
}

/** That it was done, or what it was refused with: the code, where there is one. @param {Promise<void>} call */
export const outcomeOf = (call) =>
  call.then(
    () => "done",
    (/** @type {Error} */ error) => /\((\w+\.\w+)\)/.exec(error.message)?.[1] ?? error.message,
  );
