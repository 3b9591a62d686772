/** What people and other workflows do to an instance: send it events, pause, resume, end, restart and delete it. */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */
/** @import { InstanceRow } from "../store/store.d.ts" */
/** @import { EngineContext } from "./context.js" */
/** @import { Scheduler } from "./scheduler.js" */
/** @import { Step } from "./step.js" */

import { batchIds } from "./creation.js";
import { invalidEventType, terminatedError, WorkflowError } from "./errors.js";
import { targetOf } from "./events.js";
import { findNumber, findWorkflow } from "./find.js";
import { MAX_VALUE_BYTES } from "./limits.js";
import { checkValue } from "./value_check.js";
import { isLarger } from "./value_size.js";
import { isEventType } from "./names.js";
import { planRestart } from "./restart.js";
import { countRollbacks } from "./rollback.js";
import { isFinalStatus } from "./status.js";
import { isOpenWait, isResting, readSteps } from "./step.js";

/** @typedef {{ name: string, count?: number, type?: "do" | "sleep" | "waitForEvent" }} RestartFrom */

export class Commands {
  #engine;
  #scheduler;
  #onended;

  /**
   * @param {EngineContext} engine
   * @param {Scheduler} scheduler
   * @param {() => void} onended an instance has come to its end
   */
  constructor(engine, scheduler, onended) {
    this.#engine = engine;
    this.#scheduler = scheduler;
    this.#onended = onended;
  }

  /**
   * @param {string} workflow
   * @param {string} id
   * @param {string} type
   * @param {Encoded} payload
   * @returns {Promise<number>} when it was received
   */
  sendEvent(workflow, id, type, payload) {
    return this.#engine.own(workflow, id, (row, store) => {
      if (!isEventType(type)) {
        throw invalidEventType(type);
      }
      checkValue("payload", payload);
      if (isLarger(payload, MAX_VALUE_BYTES)) {
        throw new WorkflowError(
          "event.payload_too_large",
          "The event's payload is too large. Maximum allowed size is 1MiB.",
        );
      }
      if (isFinalStatus(row.status)) {
        throw new WorkflowError(
          "instance.finished",
          `Cannot send an event to instance '${id}': it is already ${row.status}.`,
        );
      }
      const { now } = this.#engine;
      const event = { number: store.nextEventNumber(row.number), type, at: now, payload };
      this.#engine.commits.write(() => store.eventReceived(row.number, event));
      const instance = this.#scheduler.live(row.number);
      if (instance) instance.eventReceived(event);
      else if (row.status === "waiting") this.#engine.commits.write(() => store.instanceDue(row.number, now));
      this.#scheduler.schedule();
      return now;
    });
  }

  /** @param {string} workflow @param {string} id */
  pause(workflow, id) {
    return this.#engine.own(workflow, id, (row, store) => {
      const instance = this.#scheduler.live(row.number);
      if (row.status === "rollingBack") return;
      if (instance && !instance.pausing) instance.pause();
      else if (!instance && (row.status === "running" || row.status === "waiting")) {
        const { now } = this.#engine;
        this.#engine.commits.writeInstance(row.number, () => store.instancePaused(store.loadCursor(row.number), now));
      }
    });
  }

  /** @param {string} workflow @param {string} id */
  resume(workflow, id) {
    return this.#engine.own(workflow, id, (row, store) => {
      const instance = this.#scheduler.live(row.number);
      if (instance?.pausing) instance.unpause();
      else if (row.status === "paused") {
        const { now } = this.#engine;
        const pausedFor = now - (row.pausedOn ?? now);
        const { number } = row;
        this.#engine.commits.writeInstance(number, () =>
          store.instanceResumed(store.loadCursor(number), now, pausedFor),
        );
        this.#scheduler.schedule();
      }
    });
  }

  /**
   * End the instance; with *rollback*, once the handlers of its steps have run. Settles when that is certain, not when it
   * has come to its end.
   *
   * @param {string} workflow
   * @param {string} id
   * @param {{ rollback?: boolean, trigger?: number }} [options]
   */
  terminate(workflow, id, { rollback = false, trigger = 0 } = {}) {
    return this.#engine.own(workflow, id, (row, store) => {
      if (isFinalStatus(row.status)) {
        throw new WorkflowError(
          "instance.cannot_terminate",
          "(instance.cannot_terminate) Cannot terminate instance since its on a finite state",
        );
      }
      const { number } = row;
      const { now } = this.#engine;
      const totalSteps = rollback ? countRollbacks(readSteps(store.loadLog(number))) : 0;
      const instance = this.#scheduler.live(number);
      if (totalSteps > 0) this.#rollBack(row, totalSteps, trigger);
      else if (instance) instance.terminate(trigger);
      else
        this.#engine.commits.writeInstance(number, () =>
          store.instanceTerminated(store.loadCursor(number), now, trigger),
        );
      this.#onended();
    });
  }

  /** @param {InstanceRow} row @param {number} totalSteps @param {number} trigger */
  #rollBack({ number, status }, totalSteps, trigger) {
    if (status === "rollingBack") return;
    this.#scheduler.discard(number);
    const { now } = this.#engine;
    const start = { triggerError: terminatedError(), totalSteps, trigger: { source: trigger } };
    this.#engine.commits.writeInstance(number, (store) => store.rollbackStarted(store.loadCursor(number), now, start));
    this.#scheduler.schedule();
  }

  /**
   * Run the instance again, from its beginning or from a step on; what comes before that step keeps its results.
   *
   * A step that started before *from* may still run, in another branch. The restart waits until its attempt has ended, and
   * meanwhile nothing else begins. With *force* the attempt is cut: it begins again and is not charged, but a step with retry
   * limit 0 fails.
   *
   * @param {string} workflow
   * @param {string} id
   * @param {RestartFrom} [from]
   * @param {{ force?: boolean }} [options]
   */
  async restart(workflow, id, from, { force = false } = {}) {
    if (from && !force) await this.#othersEnded(workflow, id, from);
    return await this.#engine.own(workflow, id, (row, store) => {
      const wipe = from && planRestart(store.loadLog(row.number), from);
      const cut = this.#scheduler.discard(row.number);
      if (wipe)
        this.#scheduler.beginUncharged(
          row.number,
          cut.filter((key) => !wipe.keys.has(key)),
        );
      const { now } = this.#engine;
      this.#engine.commits.writeInstance(row.number, () => {
        if (wipe) store.instanceRestartedFrom(row, now, wipe);
        else store.instanceRestarted(row, now);
      });
      this.#scheduler.schedule();
    });
  }

  /** @param {string} workflow @param {string} id @param {RestartFrom} from */
  async #othersEnded(workflow, id, from) {
    for (let waited = false; ; waited = true) {
      const ended = await this.#engine.own(workflow, id, (row, store) => {
        if (waited && isFinalStatus(row.status)) {
          const text = `(instance.cannot_restart) Instance '${id}' was ${row.status} while its running steps were awaited`;
          throw new WorkflowError("instance.cannot_restart", text);
        }
        const { keys } = planRestart(store.loadLog(row.number), from);
        // A restart forgets all rollback handlers.
        const isKept = (/** @type {Step} */ step) => step.kind !== "rollback" && !keys.has(step.key);
        // In an object: the promise is not to be awaited before the transaction is committed.
        return { others: this.#scheduler.live(row.number)?.attemptsEnded(isKept) };
      });
      if (!ended.others) return;
      await ended.others;
    }
  }

  /**
   * End a sleep, or the wait before a retry, now.
   *
   * @param {string} workflow
   * @param {string} id
   * @param {string} [target] the step as `NAME-COUNT`; absent: all that the instance has
   */
  skipSleep(workflow, id, target) {
    const rests = (/** @type {Step} */ step) => isResting(step) && (target === undefined || targetOf(step) === target);
    const what = target === undefined ? "nothing" : `no step "${target}"`;
    const problem = `Instance '${id}' has ${what} that sleeps or waits for a retry.`;
    return this.#letFallDue(workflow, id, rests, problem);
  }

  /**
   * Let a wait for an event time out now.
   *
   * @param {string} workflow
   * @param {string} id
   * @param {string} target the wait as `NAME-COUNT`
   */
  expireWait(workflow, id, target) {
    const isMeant = (/** @type {Step} */ step) => isOpenWait(step) && targetOf(step) === target;
    return this.#letFallDue(workflow, id, isMeant, `Instance '${id}' has no wait "${target}" for an event.`);
  }

  /**
   * @param {string} workflow
   * @param {string} id
   * @param {(step: Step) => boolean} isMeant
   * @param {string} problem where there is no such step
   */
  #letFallDue(workflow, id, isMeant, problem) {
    return this.#engine.own(workflow, id, (row, store) => {
      const { number } = row;
      const { now } = this.#engine;
      const steps = isFinalStatus(row.status) ? [] : [...readSteps(store.loadLog(number)).values()].filter(isMeant);
      if (steps.length === 0) throw new WorkflowError("instance.not_sleeping", problem);
      this.#engine.commits.writeInstance(number, () => {
        for (const step of steps) store.dueMoved(number, step, now);
        if (row.status === "waiting") store.instanceDue(number, now);
      });
      this.#scheduler.live(number)?.fallDue(steps.map(({ key }) => key));
      this.#scheduler.schedule();
    });
  }

  /** @param {string} workflow @param {string} id */
  delete(workflow, id) {
    return this.#engine.transact((store) => {
      const number = findNumber(store, workflow, id);
      this.#scheduler.discard(number);
      this.#engine.commits.writeInstance(number, () => store.instanceDeleted(number));
    });
  }

  /**
   * Delete up to 100 instances. One that is named twice is reported twice.
   *
   * @param {string} workflow
   * @param {unknown} ids
   */
  async deleteBatch(workflow, ids) {
    const all = await this.#engine.readDurable((store) => {
      findWorkflow(store, workflow);
      return batchIds(ids);
    });
    const outcomes = new Map(
      await Promise.all(
        [...new Set(all)].map(async (id) => /** @type {const} */ ([id, await this.#deleted(workflow, id)])),
      ),
    );
    /** @type {{ deleted: { id: string }[], errors: { id: string, code: number, message: string }[] }} */
    const result = { deleted: [], errors: [] };
    for (const id of all) {
      const error = outcomes.get(id);
      if (error === undefined) result.deleted.push({ id });
      else result.errors.push({ id, code: error.code, message: `workflows.api.error.${error.reason}` });
    }
    return result;
  }

  /** @param {string} workflow @param {string} id @returns {Promise<WorkflowError | undefined>} why it is not deleted */
  async #deleted(workflow, id) {
    try {
      await this.delete(workflow, id);
      return undefined;
    } catch (error) {
      if (error instanceof WorkflowError) return error;
      throw error;
    }
  }
}
