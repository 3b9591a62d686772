/** What may be done to an instance, from every status that it can have. */

/** @import { Drive } from "../drives.js" */
/** @import { Scenario } from "../scenario.d.ts" */

import { asleep, ended, outcomeOf, until } from "../drives.js";
import { NO_ROLLBACK, SAYS_RUNNING, WAITS_FOR_PAUSE } from "../reasons.js";

const REFUSED = "instance.cannot_terminate";

/** A step that never ends. */
const WORKS = {
  python: `
      @step.do("work")
      async def work():
          await asyncio.Event().wait()
      await work()`,
  javascript: `await step.do("work", () => new Promise(() => {}));`,
  hangs: true,
  notFor: { cloudflare: "its runtime ends code that waits for what cannot come" },
};

const SLEEPS = {
  python: `await step.sleep("nap", "3 days")`,
  javascript: `await step.sleep("nap", "3 days");`,
};

const UNDOES = {
  python: `
      @step.do("work", rollback=lambda: asyncio.Event().wait())
      async def work():
          return 1
      await work()
      fails("no")`,
  javascript: `
      await step.do("work", async () => 1, { rollback: () => new Promise(() => {}) });
      fails("no");`,
  hangs: true,
  notFor: { ...WORKS.notFor, "python-upstream-sdk": NO_ROLLBACK },
  logVaries: "whether the handler has begun is a race",
};

/**
 * How an instance comes to a status, and what becomes of it by each of what may be done.
 *
 * @type {Record<string, { flow: Partial<Scenario>, drive: (act: Drive) => Drive, after: Record<string, string> }>}
 */
const STATUSES = {
  running: {
    flow: WORKS,
    drive: working,
    after: { pause: "waitingForPause", resume: "running", terminate: "terminated", restart: "running" },
  },
  waiting: {
    flow: SLEEPS,
    drive: (act) => asleep(act, { finish: false }),
    after: { pause: "paused", resume: "waiting", terminate: "terminated", restart: "waiting" },
  },
  paused: {
    flow: SLEEPS,
    drive: (act) =>
      asleep(
        after((run) => run.pause(), "paused", act),
        { finish: false },
      ),
    after: { pause: "paused", resume: "waiting", terminate: "terminated", restart: "waiting" },
  },
  waitingForPause: {
    flow: WORKS,
    drive: (act) => working(after((run) => run.pause(), "waitingForPause", act)),
    after: { pause: "waitingForPause", resume: "running", terminate: "terminated", restart: "running" },
  },
  rollingBack: {
    flow: UNDOES,
    drive: (act) => after((run) => run.create(), "rollingBack", act),
    after: { pause: "rollingBack", resume: "rollingBack", terminate: "terminated", restart: "rollingBack" },
  },
  complete: {
    flow: { python: "return 1", javascript: "return 1;" },
    drive: ended,
    after: { pause: "complete", resume: "complete", terminate: REFUSED, restart: "complete" },
  },
  errored: {
    flow: { python: `fails("no")`, javascript: `fails("no");` },
    drive: ended,
    after: { pause: "errored", resume: "errored", terminate: REFUSED, restart: "errored" },
  },
  terminated: {
    flow: SLEEPS,
    drive: (act) =>
      asleep(
        after((run) => run.terminate(), "terminated", act),
        { finish: false },
      ),
    after: { pause: "terminated", resume: "terminated", terminate: REFUSED, restart: "waiting" },
  },
};

/** @param {Drive} act @returns {Drive} */
function working(act) {
  return async (run) => {
    await run.create();
    await run.started("work");
    await act(run);
  };
}

/** @param {Drive} first @param {string} status to which that leads @param {Drive} act @returns {Drive} */
function after(first, status, act) {
  return async (run) => {
    await first(run);
    await until(run, status);
    await act(run);
  };
}

/** @param {string} status @param {string} last @returns {Record<string, string>} */
function onCloudflare(status, last) {
  if (status === "waiting" || last === "waiting") return { cloudflare: SAYS_RUNNING };
  return status === "paused" && last !== "deleted" ? { cloudflare: WAITS_FOR_PAUSE } : {};
}

const ACTS = /** @type {const} */ (["pause", "resume", "terminate", "restart", "delete"]);

/** @type {Scenario[]} */
export default Object.entries(STATUSES).flatMap(([status, { flow, drive, after: becomes }]) =>
  ACTS.map((act) => {
    const last = act === "delete" ? "deleted" : becomes[act] === REFUSED ? status : becomes[act];
    return {
      name: `statuses: ${act} what is ${status}`,
      ...flow,
      drive: drive(async (run) => {
        await run.note(run.status());
        await run.note(outcomeOf(run[act]()));
        await run.settle();
      }),
      expect: {
        status: last,
        notes: [status, becomes[act] === REFUSED ? REFUSED : "done"],
        ...(last === "errored" ? { error: { name: "TypeError", message: "no" } } : {}),
      },
      differs: onCloudflare(status, last),
    };
  }),
);
