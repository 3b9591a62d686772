/**
 * Stands between an engine and its guest, and carries out what a test has changed: the engine sees a guest whose steps have
 * the outcomes that the test has chosen.
 *
 * Where it answers an attempt itself, engine and guest have exchanged different numbers of messages; `quiet` is translated.
 */

/** @import { FromGuest, Guest, LostPass, StepKind, ToGuest, WireError } from "../../bridge/protocol.d.ts" */
/** @import { Modifiers, Outcome } from "./modifiers.js" */

import { toWire } from "../../bridge/errors.js";
import { MockedStreams } from "./mocked_streams.js";

/** @typedef {{ workflow: string, id: string }} InstanceName */
/** @typedef {{ kind: StepKind, name: string, count: number }} StepName */

/**
 * A pass as it goes through here.
 *
 * @typedef {object} PassThrough
 * @property {InstanceName} instance
 * @property {Modifiers} modifiers
 * @property {boolean} isHeld the guest begins no attempt by itself
 * @property {number} received messages of the engine
 * @property {number} forwarded messages to the guest
 * @property {Map<number, StepName>} steps by ref
 * @property {Map<number, Outcome>} outcomes that the guest does not know, by ref
 * @property {MockedStreams} streams
 *
 * @typedef {object} ModifiedGuestOptions
 * @property {(instance: InstanceName) => Modifiers} modifiersOf
 * @property {(instance: InstanceName, kind: "sleep" | "do", step: StepName) => void} skip ends a sleep, or the wait for a retry
 * @property {(instance: InstanceName, step: StepName) => void} expire lets a wait time out
 * @property {(instance: InstanceName, event: { type: string, payload: string }) => void} sendEvent
 * @property {(finding: Finding) => void} [onfinding] code between steps does what a replay need not repeat
 * @property {(boundary: CallbackBoundary) => boolean} [onboundary] a callback is about to begin, or has ended; true: the engine
 *   dies now, and nothing of it is known
 * @property {(boundary: CallbackBoundary, release: () => void) => boolean} [holds] a callback has ended; true: its outcome is
 *   kept until `release` is called
 *
 * @typedef {InstanceName & { kind: "clock" | "chance" | "environment" | "order", what: string, file: string, line: number }} Finding
 *
 * @typedef {{ when: "begins" | "ended", step: StepName, attempt: number, isBegun: boolean }} CallbackBoundary `isBegun`: the
 *   guest has begun it already
 */

/** @implements {Guest} */
export class ModifiedGuest {
  /** @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** @type {(passes: LostPass[]) => void} */
  onlost = () => {};
  /** How many outcomes are about to be given. */
  pending = 0;
  #guest;
  #options;
  /** @type {Map<number, PassThrough>} */
  #passes = new Map();

  /** @param {Guest} guest @param {ModifiedGuestOptions} options */
  constructor(guest, options) {
    this.#guest = guest;
    this.#options = options;
    guest.onmessages = (messages) => this.#receive(messages);
    guest.onlost = (passes) => {
      for (const { pass } of passes) this.#forget(pass);
      this.onlost(passes);
    };
  }

  async dispose() {}

  // To the guest -----------------------------------------------------------------------------------------------------

  /** @param {ToGuest} message */
  send(message) {
    if (message.type === "start") return this.#start(message);
    const pass = this.#passes.get(message.pass);
    if (!pass) return;
    pass.received += 1;
    if (pass.streams.take(message)) return;
    if (message.type === "drop") this.#forget(message.pass);
    if (message.type === "attempt" && this.#replaceAttempt(pass, message)) return;
    if (message.type === "attempt" && this.#isCut(pass, "begins", message, false)) return;
    if (message.type === "hold" && !message.on && pass.isHeld) return;
    this.#forward(pass, completed(pass, message));
  }

  /** @param {number} number of the pass */
  #forget(number) {
    this.#passes.get(number)?.streams.abandon();
    this.#passes.delete(number);
  }

  /** @param {Extract<ToGuest, { type: "start" }>} message */
  #start(message) {
    const { instanceId: id, workflowName: workflow } = message.event;
    const modifiers = this.#options.modifiersOf({ workflow, id });
    /** @type {PassThrough} */
    const pass = {
      instance: { workflow, id },
      modifiers,
      isHeld: modifiers.replacesAttempts,
      received: 1,
      forwarded: 0,
      steps: new Map(),
      outcomes: new Map(),
      streams: new MockedStreams((chunk) => this.onmessages([chunk])),
    };
    if (message.history.length === 0) modifiers.begin();
    this.#passes.set(message.pass, pass);
    this.#forward(pass, message);
    if (pass.isHeld) this.#forward(pass, { type: "hold", pass: message.pass, on: true });
  }

  /** @param {PassThrough} pass @param {ToGuest} message */
  #forward(pass, message) {
    pass.forwarded += 1;
    this.#guest.send(message);
  }

  /**
   * @param {PassThrough} pass
   * @param {Extract<ToGuest, { type: "attempt" }>} message
   * @returns {boolean} false where the callback is to run
   */
  #replaceAttempt(pass, { pass: number, ref, attempt }) {
    const step = pass.steps.get(ref);
    const outcome = step?.kind === "do" ? pass.modifiers.outcomeOf(selector(step)) : undefined;
    if (!step || !outcome) {
      pass.outcomes.delete(ref);
      return false;
    }
    pass.outcomes.set(ref, outcome);
    this.pending += 1;
    const give = async () => {
      const message = await this.#messageOf(pass, step, outcome, { pass: number, ref, attempt });
      this.pending -= 1;
      if (this.#passes.get(number) === pass) this.#handOver(pass, message);
    };
    setImmediate(() => void give());
    return true;
  }

  /**
   * An outcome as a guest would send it. The engine has kept the chunks of a stream then.
   *
   * @param {PassThrough} pass
   * @param {StepName} step
   * @param {Outcome} outcome
   * @param {{ pass: number, ref: number, attempt: number }} running the attempt
   * @returns {Promise<Extract<FromGuest, { type: "done" | "failed" }>>}
   */
  async #messageOf(pass, step, outcome, running) {
    if ("error" in outcome) return { type: "failed", ...running, error: outcome.error };
    if ("value" in outcome) return { type: "done", ...running, value: outcome.value };
    try {
      const value = await pass.streams.keep(outcome.stream, step, running);
      pass.outcomes.set(running.ref, { value });
      return { type: "done", ...running, value };
    } catch (error) {
      return { type: "failed", ...running, error: toWire(error) };
    }
  }

  // To the engine ----------------------------------------------------------------------------------------------------

  /** @param {FromGuest[]} messages */
  #receive(messages) {
    for (const message of messages) {
      const pass = this.#passes.get(message.pass);
      if (!pass || this.#isFinding(pass, message)) continue;
      if (message.type !== "quiet") this.#handOver(pass, message);
      else if (message.seen === pass.forwarded) this.onmessages([{ ...message, seen: pass.received }]);
    }
  }

  /** Take a message that only a guest in a test sends. @param {PassThrough} pass @param {any} message */
  #isFinding(pass, { type, kind, what, file, line }) {
    if (type !== "finding") return false;
    this.#options.onfinding?.({ ...pass.instance, kind, what, file, line });
    return true;
  }

  /**
   * Whether the engine dies at the boundary of a callback.
   *
   * @param {PassThrough} pass
   * @param {CallbackBoundary["when"]} when
   * @param {{ ref: number, attempt: number }} message
   * @param {boolean} isBegun
   */
  #isCut(pass, when, { ref, attempt }, isBegun) {
    const step = pass.steps.get(ref);
    return step !== undefined && this.#options.onboundary?.({ when, step, attempt, isBegun }) === true;
  }

  /**
   * Whether the outcome of an attempt is kept for a while.
   *
   * @param {PassThrough} pass
   * @param {Extract<FromGuest, { type: "done" | "failed" }>} message
   */
  #isHeld(pass, message) {
    const step = pass.steps.get(message.ref);
    const release = () => {
      if (this.#passes.get(message.pass) === pass) this.#deliver(pass, message, step);
    };
    const boundary = step && { when: /** @type {const} */ ("ended"), step, attempt: message.attempt, isBegun: true };
    return boundary !== undefined && this.#options.holds?.(boundary, release) === true;
  }

  /** @param {PassThrough} pass @param {FromGuest} message */
  #handOver(pass, message) {
    const step = this.#noteStep(pass, message);
    const { type } = message;
    if (type === "done" || type === "failed") {
      if (this.#isCut(pass, "ended", message, true)) return;
      if (this.#isHeld(pass, message)) return;
    }
    if (type === "do" && message.started && this.#isCut(pass, "begins", { ref: message.ref, attempt: 1 }, true)) return;
    if (message.type === "waitForEvent") this.#sendMockedEvent(pass, message.eventType);
    this.#deliver(pass, message, step);
  }

  /** @param {PassThrough} pass @param {FromGuest} message @param {StepName | undefined} step that may rest now */
  #deliver(pass, message, step) {
    this.onmessages([message]);
    if (!step) return;
    const { instance, modifiers } = pass;
    if (step.kind === "waitForEvent") {
      if (modifiers.isTimedOut(selector(step))) this.#options.expire(instance, step);
    } else if (modifiers.isSkipped(step.kind, selector(step))) this.#options.skip(instance, step.kind, step);
  }

  /**
   * The step of which the message may have begun a sleep, a wait, or the delay before a retry.
   *
   * @param {PassThrough} pass
   * @param {FromGuest} message
   * @returns {StepName | undefined}
   */
  #noteStep(pass, message) {
    const { type } = message;
    if (type === "failed" || type === "delay") return pass.steps.get(message.ref);
    if (type !== "do" && type !== "sleep" && type !== "waitForEvent") return undefined;
    const step = { kind: type, name: message.name, count: message.count };
    pass.steps.set(message.ref, step);
    pass.modifiers.noteRan(type, selector(step));
    return type === "do" ? undefined : step;
  }

  /** @param {PassThrough} pass @param {string} type */
  #sendMockedEvent({ instance, modifiers }, type) {
    const event = modifiers.takeEvent(type);
    if (event) this.#options.sendEvent(instance, event);
  }
}

/**
 * A message with what the engine leaves out because the guest has sent it: here the guest has not.
 *
 * @param {PassThrough} pass
 * @param {ToGuest} message
 * @returns {ToGuest}
 */
function completed({ outcomes }, message) {
  const outcome = "ref" in message ? outcomes.get(message.ref) : undefined;
  if (!outcome) return message;
  if ("value" in outcome && message.type === "resolve") return { value: outcome.value, ...message };
  if ("error" in outcome && (message.type === "reject" || message.type === "delay"))
    return { error: outcome.error, ...message };
  return message;
}

/** @param {StepName} step */
function selector({ name, count }) {
  return { name, index: count };
}
