/** What people and other workflows do to an instance: send it events, pause, resume, end, restart and delete it. */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */
/** @import { InstanceRow, Store } from "../store/store.d.ts" */
/** @import { Scheduler } from "./scheduler.js" */
/** @import { State } from "./state.js" */

import { batchIds } from "./creation.js";
import { invalidEventType, notFound, terminatedError, WorkflowError, workflowNotFound } from "./errors.js";
import { targetOf } from "./events.js";
import { isLonger, MAX_VALUE } from "./limits.js";
import { isAddressableId, isEventType } from "./names.js";
import { planRestart } from "./restart.js";
import { countRollbacks } from "./rollback.js";
import { isFiniteStatus } from "./status.js";
import { isResting, readSteps } from "./step.js";

export class Commands {
  #state;
  #scheduler;
  #onended;

  /**
   * @param {State} state
   * @param {Scheduler} scheduler
   * @param {() => void} onended an instance has come to its end
   */
  constructor(state, scheduler, onended) {
    this.#state = state;
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
    return this.#state.carryOut((store) => {
      const row = findInstance(store, workflow, id);
      if (!isEventType(type)) {
        throw invalidEventType(type);
      }
      if (isLonger(payload, MAX_VALUE)) {
        throw new WorkflowError(
          "event.payload_too_large",
          "The event's payload is too large. Maximum allowed size is 1MiB.",
        );
      }
      if (isFiniteStatus(row.status)) {
        throw new WorkflowError(
          "instance.finished",
          `Cannot send an event to instance '${id}': it is already ${row.status}.`,
        );
      }
      const { now } = this.#state;
      const event = this.#state.write(() => store.eventReceived(row.number, type, now, payload));
      const instance = this.#scheduler.live(row.number);
      if (instance) instance.eventReceived(event);
      else if (row.status === "waiting") this.#state.write(() => store.instanceDue(row.number, now));
      this.#scheduler.schedule();
      return now;
    });
  }

  /** @param {string} workflow @param {string} id */
  pause(workflow, id) {
    return this.#state.carryOut((store) => {
      const row = findInstance(store, workflow, id);
      const instance = this.#scheduler.live(row.number);
      if (row.status === "rollingBack") return;
      if (instance && !instance.pausing) instance.pause();
      else if (!instance && (row.status === "running" || row.status === "waiting")) {
        const { now } = this.#state;
        this.#state.writeOf(row.number, () => store.instancePaused(store.loadCursor(row.number), now));
      }
    });
  }

  /** @param {string} workflow @param {string} id */
  resume(workflow, id) {
    return this.#state.carryOut((store) => {
      const row = findInstance(store, workflow, id);
      const instance = this.#scheduler.live(row.number);
      if (instance?.pausing) instance.unpause();
      else if (row.status === "paused") {
        const { now } = this.#state;
        const pausedFor = now - (row.pausedOn ?? now);
        const { number } = row;
        this.#state.writeOf(number, () => store.instanceResumed(store.loadCursor(number), now, pausedFor));
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
    return this.#state.carryOut((store) => {
      const row = findInstance(store, workflow, id);
      if (isFiniteStatus(row.status)) {
        throw new WorkflowError(
          "instance.cannot_terminate",
          "(instance.cannot_terminate) Cannot terminate instance since its on a finite state",
        );
      }
      const { number } = row;
      const { now } = this.#state;
      const totalSteps = rollback ? countRollbacks(readSteps(store.loadLog(number))) : 0;
      const instance = this.#scheduler.live(number);
      if (totalSteps > 0) this.#rollBack(row, totalSteps, trigger);
      else if (instance) instance.terminate(trigger);
      else this.#state.writeOf(number, () => store.instanceTerminated(store.loadCursor(number), now, trigger));
      this.#onended();
    });
  }

  /** @param {InstanceRow} row @param {number} totalSteps @param {number} trigger */
  #rollBack({ number, status }, totalSteps, trigger) {
    if (status === "rollingBack") return;
    this.#scheduler.discard(number);
    const { now } = this.#state;
    const start = { triggerError: terminatedError(), totalSteps, trigger: { source: trigger } };
    this.#state.writeOf(number, (store) => store.rollbackStarted(store.loadCursor(number), now, start));
    this.#scheduler.schedule();
  }

  /**
   * Run the instance again, from its beginning or from a step on; what comes before that step keeps its results.
   *
   * @param {string} workflow
   * @param {string} id
   * @param {{ name: string, count?: number, type?: "do" | "sleep" | "waitForEvent" }} [from]
   */
  restart(workflow, id, from) {
    return this.#state.carryOut((store) => {
      const row = findInstance(store, workflow, id);
      const wipe = from && planRestart(store.loadLog(row.number), from);
      this.#scheduler.discard(row.number);
      const { now } = this.#state;
      this.#state.writeOf(row.number, () => {
        if (wipe) store.instanceRestartedFrom(row, now, wipe);
        else store.instanceRestarted(row, now);
      });
      this.#scheduler.schedule();
    });
  }

  /**
   * End a sleep, or the wait before a retry, now.
   *
   * @param {string} workflow
   * @param {string} id
   * @param {string} [target] the step as `NAME-COUNT`; absent: all that the instance has
   */
  skipSleep(workflow, id, target) {
    return this.#state.carryOut((store) => {
      const row = findInstance(store, workflow, id);
      const { number } = row;
      const { now } = this.#state;
      const rests = (/** @type {import("./step.js").Step} */ step) =>
        isResting(step) && (target === undefined || targetOf(step) === target);
      const steps = isFiniteStatus(row.status) ? [] : [...readSteps(store.loadLog(number)).values()].filter(rests);
      if (steps.length === 0) {
        const what = target === undefined ? "nothing" : `no step "${target}"`;
        throw new WorkflowError(
          "instance.not_sleeping",
          `Instance '${id}' has ${what} that sleeps or waits for a retry.`,
        );
      }
      this.#state.writeOf(number, () => {
        for (const step of steps) store.dueMoved(number, step, now);
        if (row.status === "waiting") store.instanceDue(number, now);
      });
      this.#scheduler.live(number)?.hasten(steps.map(({ key }) => key));
      this.#scheduler.schedule();
    });
  }

  /** @param {string} workflow @param {string} id */
  delete(workflow, id) {
    return this.#state.carryOut((store) => this.#delete(store, workflow, id));
  }

  /**
   * Delete up to 100 instances. One that is named twice is reported twice.
   *
   * @param {string} workflow
   * @param {unknown} ids
   */
  deleteBatch(workflow, ids) {
    return this.#state.carryOut((store) => {
      /** @type {{ deleted: { id: string }[], errors: { id: string, code: number, message: string }[] }} */
      const result = { deleted: [], errors: [] };
      if (!store.loadWorkflow(workflow)) throw workflowNotFound(workflow);
      const gone = new Set();
      for (const id of batchIds(ids)) {
        try {
          if (!gone.has(id)) this.#delete(store, workflow, id);
          gone.add(id);
          result.deleted.push({ id });
        } catch (error) {
          if (!(error instanceof WorkflowError)) throw error;
          result.errors.push({ id, code: error.code, message: `workflows.api.error.${error.reason}` });
        }
      }
      return result;
    });
  }

  /** @param {Store} store @param {string} workflow @param {string} id */
  #delete(store, workflow, id) {
    const { number } = findInstance(store, workflow, id);
    this.#scheduler.discard(number);
    this.#state.writeOf(number, () => store.instanceDeleted(number));
  }
}

/**
 * @param {Store} store
 * @param {string} workflow
 * @param {string} id
 * @returns {InstanceRow}
 * @throws {WorkflowError} there is none
 */
export function findInstance(store, workflow, id) {
  const row = isAddressableId(id) ? store.loadInstance(workflow, id) : undefined;
  if (row) return row;
  throw store.loadWorkflow(workflow) ? notFound(id) : workflowNotFound(workflow);
}
