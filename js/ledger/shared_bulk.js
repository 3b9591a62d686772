/**
 * The jobs of a state that several engines share. A workflow has a home, which is a part like that of an instance: the engine that
 * holds it does the workflow's job. It finds instances in the ledger, and has the engines that run them change them. Whoever
 * takes the part over continues the job.
 */

/** @import { BulkReach } from "../engine/bulk_jobs.js" */
/** @import { Clock } from "../engine/clock.d.ts" */
/** @import { Ledger } from "./ledger.d.ts" */
/** @import { Routing } from "./routing.js" */

import { StoppedError } from "../engine/commits.js";
import { WorkflowError } from "../engine/errors.js";
import { LedgerError } from "./ledger_error.js";

/** How many instances are looked at at once. */
const PORTION = 500;
/** How soon something is tried again for which another engine or the database has not answered, in ms. */
const AGAIN_MS = 500;
/** The id that stands for a workflow itself: no instance has it. */
export const HOME = "";

/**
 * @param {object} options
 * @param {() => Routing} options.routing it is made after the engine
 * @param {Pick<Ledger, "readNumbered">} options.ledger
 * @param {Clock} options.clock
 * @param {() => Promise<void>} options.committed
 * @param {(workflow: string, action: string, ids: string[]) => Promise<string[]>} options.applyHere
 * @param {() => boolean} options.isEnded
 * @returns {BulkReach}
 */
export function sharedInstances({ routing, ledger, clock, committed, applyHere, isEnded }) {
  /** @template T @param {() => Promise<T | undefined>} attempt undefined: it is to be made again @returns {Promise<T>} */
  const untilDone = async (attempt) => {
    for (;;) {
      if (isEnded()) throw new StoppedError();
      const done = await attempt().catch((error) => {
        const passes = error instanceof WorkflowError || (error instanceof LedgerError && error.kind === "unavailable");
        if (!passes) throw error;
        return undefined;
      });
      if (done !== undefined) return done;
      await new Promise((resolve) => clock.at(clock.now() + AGAIN_MS, () => resolve(undefined)));
    }
  };
  return {
    carriesOut: (workflow) => routing().holds(workflow, HOME),
    async deletionsSeen() {
      await untilDone(async () => (await routing().commonSeen()) || undefined);
    },
    read: (workflow, after, upTo) =>
      untilDone(async () => {
        await committed();
        const rows = await ledger.readNumbered(workflow, { after, upTo, limit: PORTION });
        return { rows, last: rows.length < PORTION ? upTo : rows[rows.length - 1].number };
      }),
    async apply(workflow, action, ids) {
      let left = ids;
      await untilDone(async () => {
        left = await routing().byHolder(workflow, left, "applyBulk", [workflow, action], (mine) =>
          applyHere(workflow, action, mine),
        );
        return left.length === 0 || undefined;
      });
    },
  };
}
