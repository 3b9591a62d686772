/**
 * The events of all instances from now on, as a stream. A reader that does not keep up loses events, and is told how many:
 * it costs the host a bounded amount of memory, and holds up no instance.
 */

/** @import { Context } from "hono" */
/** @import { Addition } from "../../engine/observers.js" */
/** @import { Host } from "../host.js" */
/** @import { Mask } from "../masking.js" */

import { accountOf, workflowNameOf } from "../../engine/accounts.js";
import { briefEvent } from "../../engine/detail.js";
import { masked } from "../masking.js";
import { formatOf, HEARTBEAT_MS } from "./stream_format.js";

/** How many events wait for a reader. */
const MAX_WAITING = 10_000;
/** How many of them are written at once. */
const CHUNK = 500;

/** @typedef {{ type: string, [key: string]: unknown }} Event */
/** @typedef {{ account: string, workflow: string | undefined, types: string[] | undefined }} Wanted `workflow`: a key */

/**
 * @param {Host} host
 * @param {Wanted} wanted
 * @param {(workflow: string) => Promise<Mask | undefined>} maskFor
 * @param {Context} context
 */
export function answerWithAllEvents(host, wanted, maskFor, context) {
  const { format, headers } = formatOf(context);
  const events = new AllEvents(host, wanted, maskFor);
  return new Response(events.stream(format), { headers });
}

class AllEvents {
  #host;
  #wanted;
  #maskFor;
  /** @type {{ workflow: string, event: Event }[]} */
  #waiting = [];
  #lost = 0;
  #ended = false;
  /** @type {() => void} */
  #wake = () => {};
  #unobserve = () => {};

  /** @param {Host} host @param {Wanted} wanted @param {(workflow: string) => Promise<Mask | undefined>} maskFor */
  constructor(host, wanted, maskFor) {
    this.#host = host;
    this.#wanted = wanted;
    this.#maskFor = maskFor;
  }

  /** @param {import("./stream_format.js").Format} format @returns {ReadableStream<Uint8Array>} */
  stream(format) {
    const encoder = new TextEncoder();
    return new ReadableStream(
      {
        start: (controller) => {
          this.#unobserve = this.#host.engine.observe((additions) => this.#take(additions));
          // So that the reader knows that nothing is missed from here on.
          controller.enqueue(encoder.encode(format.heartbeat));
        },
        pull: async (controller) => {
          const written = await this.#next(format);
          if (!this.#ended) controller.enqueue(encoder.encode(written));
        },
        cancel: () => this.#close(),
      },
      { highWaterMark: 0 },
    );
  }

  /** @param {Addition[]} additions */
  #take(additions) {
    for (const addition of additions) {
      const { account, workflow, types } = this.#wanted;
      if (accountOf(addition.workflow) !== account) continue;
      if (workflow !== undefined && addition.workflow !== workflow) continue;
      const event = eventOf(addition);
      if (types !== undefined && !types.includes(event.type)) continue;
      if (this.#waiting.length >= MAX_WAITING) this.#lost += 1;
      else this.#waiting.push({ workflow: addition.workflow, event });
    }
    this.#wake();
  }

  /** @param {import("./stream_format.js").Format} format @returns {Promise<string>} events, or a heartbeat if there are no events */
  async #next(format) {
    if (this.#waiting.length === 0 && !(await this.#changed())) return format.heartbeat;
    const taken = this.#waiting.splice(0, CHUNK);
    /** @type {Map<string, Mask | undefined>} */
    const masks = new Map();
    for (const workflow of new Set(taken.map((each) => each.workflow)))
      masks.set(workflow, await this.#maskFor(workflow));
    const lines = taken.flatMap(({ workflow, event }) => {
      const mask = masks.get(workflow);
      if (mask) return format.line(masked(event, mask));
      // What is secret in the texts of a workflow that is gone is not known any more.
      return event.type === "instance_deleted" ? format.line(event) : [];
    });
    // What was lost came after all that was kept.
    if (this.#lost > 0 && this.#waiting.length === 0) {
      lines.push(format.line({ type: "events_lost", count: this.#lost }));
      this.#lost = 0;
    }
    return lines.join("") || format.heartbeat;
  }

  /** Waits until something is added, or it is time for a heartbeat. @returns {Promise<boolean>} whether something is */
  #changed() {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), HEARTBEAT_MS).unref();
      this.#wake = () => {
        if (this.#waiting.length === 0 && !this.#ended) return;
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #close() {
    if (this.#ended) return;
    this.#ended = true;
    this.#unobserve();
    this.#wake();
  }
}

/** @param {Addition} addition @returns {Event} */
function eventOf({ workflow, id, entry, line }) {
  const workflowName = workflowNameOf(workflow);
  if (entry) {
    const { type, ...rest } = /** @type {Event} */ (briefEvent(id, entry));
    return { type, workflowName, ...rest };
  }
  if (!line) return { type: "instance_deleted", workflowName, instanceId: id };
  const { at, step, level, text } = line;
  return { type: "log", workflowName, instanceId: id, timestamp: at, stepName: step ?? undefined, level, text };
}
