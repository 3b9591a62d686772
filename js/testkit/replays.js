/**
 * Replays of instances that have ended: their code is run against their history, many side by side, in virtual time.
 */

/** @import { DatabaseSync } from "node:sqlite" */
/** @import { WireError } from "../../bridge/protocol.d.ts" */
/** @import { Replayed } from "../engine/replay.js" */
/** @import { Deployment } from "../server/deployment.js" */
/** @import { DeploymentLoader } from "../server/deployment_loader.js" */
/** @import { Store } from "../store/store.d.ts" */
/** @import { SharedGuest } from "./shared_guest.js" */
/** @import { Timed } from "./timekeeper.js" */

import { WorkflowError } from "../engine/errors.js";
import { targetOf } from "../engine/events.js";
import { replay } from "../engine/replay.js";
import { isFinalStatus } from "../engine/status.js";
import { readSteps } from "../engine/step.js";
import { openRunFile } from "../server/run_files.js";
import { returnDatabase, takeDatabase } from "./memory_database.js";
import { sharedGuestOf } from "./shared_guest.js";
import { Timekeeper } from "./timekeeper.js";
import { VirtualClock } from "./virtual_clock.js";

/** How many run side by side. */
const WIDTH = 20;

/**
 * What a replay has shown.
 *
 * @typedef {object} Comparison
 * @property {string} workflow
 * @property {string} id
 * @property {boolean} same
 * @property {string | null} problem why it cannot be replayed
 * @property {{ status: string, output: string | null, error: WireError | null }} recorded
 * @property {{ status: string, output: string | null, error: WireError | null }} replayed
 * @property {string[]} unrecorded steps that the code calls and the history does not have
 * @property {string[]} uncalled steps that the history has and the code has not called
 * @property {Record<string, number>} attempts of the steps that have any, by NAME-COUNT
 */

/** @typedef {{ store: Store, number: number, guest: SharedGuest }} Run */

/** Time as all replays have it. @implements {Timed} */
class ReplayTime {
  isBusy = false;
  openCalls = 0;
  #guests;

  /** @param {VirtualClock} clock @param {SharedGuest[]} guests */
  constructor(clock, guests) {
    this.clock = clock;
    this.#guests = [...new Set(guests)];
  }

  get activity() {
    return this.#guests.reduce((sum, { activity }) => sum + activity, 0);
  }

  async rest() {
    return (await Promise.all(this.#guests.map((guest) => guest.rest()))).flat();
  }

  ring() {
    for (const guest of this.#guests) guest.ring();
  }
}

/**
 * Replay runs side by side.
 *
 * @param {Run[]} runs
 * @param {SharedArrayBuffer} memory of the clock
 * @returns {Promise<Comparison[]>} in the order of the runs
 */
export async function replayAll(runs, memory) {
  /** @type {Comparison[]} */
  const comparisons = [];
  for (let first = 0; first < runs.length; first += WIDTH) {
    const portion = runs.slice(first, first + WIDTH);
    const clock = new VirtualClock(memory);
    const time = new Timekeeper(
      new ReplayTime(
        clock,
        portion.map(({ guest }) => guest),
      ),
    );
    let left = portion.length;
    const replayed = portion.map(async ({ store, number, guest }) => {
      const view = guest.view();
      try {
        return compared(store, number, await replay({ store, number, guest: view, clock }));
      } finally {
        view.leave();
        left -= 1;
      }
    });
    const all = Promise.all(replayed);
    all.catch(() => {});
    await time.until(() => left === 0);
    comparisons.push(...(await all));
  }
  return comparisons;
}

/** @param {Store} store @param {number} number @param {Replayed} replayed @returns {Comparison} */
function compared(store, number, { same, status, output, error, unrecorded, uncalled }) {
  const row = /** @type {import("../store/store.d.ts").InstanceRow} */ (store.loadInstanceByNumber(number));
  return {
    workflow: row.workflow,
    id: row.id,
    same,
    problem: null,
    recorded: { status: row.status, output: row.output, error: row.error === null ? null : JSON.parse(row.error) },
    replayed: { status, output: output ?? null, error: error ?? null },
    unrecorded,
    uncalled,
    attempts: attemptsOf(store, number),
  };
}

/** @param {Store} store @param {number} number @returns {Record<string, number>} */
function attemptsOf(store, number) {
  const steps = [...readSteps(store.loadLog(number)).values()].filter(({ kind }) => kind === "do");
  return Object.fromEntries(steps.map((step) => [targetOf(step), step.attempts]));
}

/**
 * Replay a run file with the code of a deployment.
 *
 * @param {string[]} paths
 * @param {{ deployment: Deployment, deployments: DeploymentLoader, memory: SharedArrayBuffer }} place
 * @returns {Promise<(Comparison & { path: string })[]>}
 */
export async function replayFiles(paths, { deployment, deployments, memory }) {
  const { guest, classes } = await deployments.load(deployment);
  /** @type {(Comparison & { path: string })[]} */
  const comparisons = [];
  for (let first = 0; first < paths.length; first += WIDTH) {
    const opened = paths.slice(first, first + WIDTH).map((path) => ({ path, ...openNamed(path) }));
    try {
      const known = opened.filter(({ run, store }) => classes.includes(classOf(store, run.workflow)));
      const runs = known.map(({ run, store }) => ({ store, number: run.number, guest: sharedGuestOf(guest) }));
      const found = await replayAll(runs, memory);
      const byPath = new Map(known.map(({ path }, i) => [path, found[i]]));
      for (const { path, run, store } of opened)
        comparisons.push({ path, ...(byPath.get(path) ?? missing(store, run, classes, deployment.main)) });
    } finally {
      for (const { db } of opened) returnDatabase(/** @type {DatabaseSync} */ (db));
    }
  }
  return comparisons;
}

/** @param {string} path @throws {WorkflowError} it is not a run file */
function openNamed(path) {
  try {
    return openRunFile(path, takeDatabase);
  } catch (error) {
    throw new WorkflowError("run.unreadable", `${path} cannot be replayed: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {Store} store @param {string} workflow */
function classOf(store, workflow) {
  return store.loadWorkflow(workflow)?.className ?? "";
}

/**
 * @param {Store} store
 * @param {{ workflow: string, number: number }} run
 * @param {string[]} classes
 * @param {string} main
 * @returns {Comparison}
 */
function missing(store, { workflow, number }, classes, main) {
  const problem = `${main} has no class ${classOf(store, workflow)}. Found: ${classes.join(", ") || "none"}.`;
  const nothing = /** @type {Replayed} */ ({
    same: false,
    status: "stopped",
    called: [],
    unrecorded: [],
    uncalled: [],
  });
  return { ...compared(store, number, nothing), problem };
}

/** Whether an instance can be replayed: it has come to an end by itself. @param {{ status: string }} row */
export function isReplayable({ status }) {
  return isFinalStatus(status) && status !== "terminated";
}
