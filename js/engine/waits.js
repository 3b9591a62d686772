/** Sleeps, and waits for events: steps that end at a time, or with an event. */

/** @import { FromGuest } from "../../bridge/protocol.d.ts" */
/** @import { EventRow } from "../store/store.d.ts" */
/** @import { Pass } from "./pass.js" */
/** @import { Step } from "./step.js" */

import { checkSleep, checkWait } from "./calls.js";
import { timeoutError } from "./errors.js";
import { eventValue } from "./event_value.js";

export class Waits {
  #pass;
  /** Events that no wait has taken, oldest first. */
  #events;

  #onended;

  /**
   * @param {Pass} pass
   * @param {EventRow[]} events
   * @param {(step: Step) => void} onended a sleep or a wait has ended
   */
  constructor(pass, events, onended) {
    this.#pass = pass;
    this.#events = events;
    this.#onended = onended;
  }

  /** @param {Extract<FromGuest, { type: "sleep" }>} call */
  sleep(call) {
    const { log, now } = this.#pass;
    const checked = checkSleep(call, now);
    if ("error" in checked) return this.#pass.refuse(call.ref, checked.error);
    const step = this.#pass.add("sleep", call, call.ref);
    step.due = now + checked.ms;
    this.#pass.write((store) => store.sleepStarted(log, step, now, checked.ms));
    this.arm(step);
  }

  /** @param {Extract<FromGuest, { type: "waitForEvent" }>} call */
  wait(call) {
    const checked = checkWait(call);
    if ("error" in checked) return this.#pass.refuse(call.ref, checked.error);
    const { log, now } = this.#pass;
    const { eventType } = call;
    const step = this.#pass.add("waitForEvent", call, call.ref);
    step.eventType = eventType;
    step.timeout = checked.ms;
    step.due = now + checked.ms;
    this.#pass.write((store) => store.waitStarted(log, step, now, eventType, checked.ms));
    this.deliverBuffered();
    if (!step.ended) this.arm(step);
  }

  /**
   * Settle what fell due and what was sent while no pass ran, in the order of its time, as a pass would have seen it.
   * What falls due later gets a timer.
   */
  catchUp() {
    const open = this.#pass.open().filter(({ kind }) => kind === "sleep" || kind === "waitForEvent");
    open.sort((a, b) => (a.due ?? 0) - (b.due ?? 0));
    for (const step of open) {
      const due = step.due ?? 0;
      if (due > this.#pass.now) break;
      this.deliverBuffered(due);
      if (!step.ended) this.#fallDue(step);
    }
    this.deliverBuffered();
    for (const step of open) if (!step.ended) this.arm(step);
  }

  /** @param {EventRow} event already in the store */
  received(event) {
    this.#events.push(event);
    if (!this.#pass.rollingBack) this.deliverBuffered();
  }

  /**
   * Give buffered events to the waits for them: the oldest event to the oldest wait. Each event once, for good.
   *
   * An event that has come after a wait's deadline is not for it, whenever the wait is found to be over.
   *
   * @param {number} [until] events that came later are left alone
   */
  deliverBuffered(until = Infinity) {
    if (this.#events.length === 0) return;
    const waits = [...this.#pass.steps.values()].filter((step) => step.kind === "waitForEvent" && !step.ended);
    waits.sort((a, b) => a.order - b.order);
    for (const step of waits) {
      const deadline = Math.min(step.due ?? Infinity, until);
      const index = this.#events.findIndex(({ type, at }) => type === step.eventType && at <= deadline);
      if (index < 0) continue;
      const [event] = this.#events.splice(index, 1);
      this.#take(step, event);
    }
  }

  /** @param {Step} step @param {EventRow} event */
  #take(step, event) {
    this.#pass.onactivity();
    this.#pass.disarm(step);
    this.#pass.end(step);
    step.value = eventValue(event);
    const { value } = step;
    const { log, now } = this.#pass;
    this.#pass.write((store) => store.waitCompleted(log, step, now, event, value));
    this.#pass.settleCall(step);
    this.#onended(step);
  }

  /** @param {Step} step a sleep or a wait that has not ended */
  arm(step) {
    this.#pass.arm(step, step.due ?? 0, () => this.#fallDue(step));
  }

  /** @param {Step} step */
  #fallDue(step) {
    this.#pass.end(step);
    const { log, now } = this.#pass;
    if (step.kind === "sleep") this.#pass.write((store) => store.sleepCompleted(log, step, now));
    else {
      const error = timeoutError(step.timeout);
      step.error = error;
      this.#pass.write((store) => store.waitTimedOut(log, step, now, error));
    }
    this.#pass.settleCall(step);
    this.#onended(step);
  }
}
