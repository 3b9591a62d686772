/**
 * What a test has changed of an instance: steps with a mocked outcome, sleeps and delays that are skipped, waits that time out.
 *
 * Modifiers live beside the engine, so they outlive a restart and a crash.
 */

/** @import { StepKind, WireError } from "../../bridge/protocol.d.ts" */

import { timeoutError } from "../engine/errors.js";

/** A step as a test names it. @typedef {{ name: string, index: number }} Selector */
/** What a step gives in place of its callback: canonical text, or all bytes of a stream. @typedef {{ value: string } | { stream: Uint8Array }} Result */
/** What an attempt comes to in place of its callback. @typedef {{ error: WireError } | Result} Outcome */

/**
 * A modifier of one step.
 *
 * @typedef {object} StepModifier
 * @property {StepKind} kind of the step
 * @property {Selector} step
 * @property {string} method that a test has called
 * @property {boolean} used whether the step has run
 */

export class ModifierError extends Error {
  name = "ModifierError";
}

export class Modifiers {
  /** @type {StepModifier[]} */
  #all = [];
  /** By key of the step. @type {Map<string, Result>} */
  #results = new Map();
  /** Failures that attempts come to, in order, by key. @type {Map<string, { error: WireError, left: number }[]>} */
  #failures = new Map();
  /** Keys of waits that time out. @type {Set<string>} */
  #forcedWaits = new Set();
  /** Events that the waits for them find. `isSent`: since the instance began. @type {{ type: string, payload: string, isSent: boolean, used: boolean }[]} */
  #events = [];
  /** Whether a step has waited for an event that is not mocked. */
  #hasMissedEvent = false;
  /** Sleeps and delays that are skipped; `all` where all are. @type {Record<"sleep" | "do", { all: boolean, keys: Set<string> }>} */
  #skipped = { sleep: { all: false, keys: new Set() }, do: { all: false, keys: new Set() } };

  /**
   * @param {"sleep" | "do"} kind sleeps, or delays before retries
   * @param {Selector[] | null} steps null: all
   */
  skip(kind, steps) {
    if (steps === null) this.#skipped[kind].all = true;
    const method = kind === "sleep" ? "disable_sleeps" : "disable_retry_delays";
    for (const step of steps ?? []) {
      this.#note(kind, step, method);
      this.#skipped[kind].keys.add(keyOf(kind, step));
    }
  }

  /** @param {Selector} step @param {Result} result */
  mockResult(step, result) {
    const key = keyOf("do", step);
    if (this.#results.has(key) || this.#failures.get(key)?.some(({ left }) => left === Infinity))
      throw new ModifierError(`Trying to mock step '${step.name}' multiple times!`);
    this.#note("do", step, "mock_step_result");
    this.#results.set(key, result);
  }

  /** @param {Selector} step @param {WireError} error @param {number | null} times null: on each attempt */
  mockError(step, error, times) {
    this.#fail(step, error, times, "mock_step_error");
  }

  /** @param {Selector} step @param {number | null} times null: on each attempt */
  forceTimeout(step, times) {
    this.#fail(step, timeoutError(0), times, "force_step_timeout");
  }

  /** @param {Selector} step */
  forceEventTimeout(step) {
    this.#note("waitForEvent", step, "force_event_timeout");
    this.#forcedWaits.add(keyOf("waitForEvent", step));
  }

  /** @param {string} type @param {string} payload canonical text */
  mockEvent(type, payload) {
    this.#events.push({ type, payload, isSent: false, used: false });
  }

  /** The mocked event for a wait; each is given once. @param {string} type */
  takeEvent(type) {
    const event = this.#events.find((each) => each.type === type && !each.isSent);
    if (event) event.isSent = event.used = true;
    else this.#hasMissedEvent = true;
    return event;
  }

  /** The instance begins from its start: mocked events are there again. */
  begin() {
    for (const event of this.#events) event.isSent = false;
  }

  /** Whether attempts may come to something else than their callbacks do. */
  get replacesAttempts() {
    return this.#results.size + this.#failures.size > 0;
  }

  /** A step has run. @param {StepKind} kind @param {Selector} step */
  noteRan(kind, { name, index }) {
    for (const modifier of this.#all)
      if (modifier.kind === kind && modifier.step.name === name && modifier.step.index === index) modifier.used = true;
  }

  /**
   * What the next attempt of a step comes to; undefined: what its callback does.
   *
   * @param {Selector} step
   * @returns {Outcome | undefined}
   */
  outcomeOf(step) {
    const key = keyOf("do", step);
    const failure = this.#failures.get(key)?.find(({ left }) => left > 0);
    if (failure) {
      failure.left -= 1;
      return { error: failure.error };
    }
    return this.#results.get(key);
  }

  /** Whether a sleep, or the delay before a retry, is skipped. @param {"sleep" | "do"} kind @param {Selector} step */
  isSkipped(kind, step) {
    const { all, keys } = this.#skipped[kind];
    return all || keys.has(keyOf(kind, step));
  }

  /** Whether a wait times out at once. @param {Selector} step */
  isTimedOut(step) {
    return this.#forcedWaits.has(keyOf("waitForEvent", step));
  }

  /**
   * Modifiers of steps that have not run, and events that no step has waited for while one has waited for another, which have no
   * index: a type is misspelt then.
   */
  get unused() {
    const steps = this.#all.filter(({ used }) => !used).map(({ step, method }) => ({ ...step, method }));
    const events = this.#hasMissedEvent ? this.#events.filter(({ used }) => !used) : [];
    return [...steps, ...events.map(({ type }) => ({ name: type, index: null, method: "mock_event" }))];
  }

  /** @param {Selector} step @param {WireError} error @param {number | null} times @param {string} method */
  #fail(step, error, times, method) {
    const key = keyOf("do", step);
    const failures = this.#failures.get(key) ?? [];
    if (failures.some(({ left }) => left === Infinity) || this.#results.has(key))
      throw new ModifierError(`Trying to mock step '${step.name}' multiple times!`);
    this.#note("do", step, method);
    failures.push({ error, left: times ?? Infinity });
    this.#failures.set(key, failures);
  }

  /** @param {StepKind} kind @param {Selector} step @param {string} method */
  #note(kind, step, method) {
    this.#all.push({ kind, step, method, used: false });
  }
}

/** @param {StepKind} kind @param {Selector} step */
function keyOf(kind, { name, index }) {
  return `${kind} ${index} ${name}`;
}
