/**
 * The queues of a state that several engines share. A queue belongs to a part, as an instance does: the engine that holds the part keeps
 * the queue's messages and delivers them. What another engine sends is passed on to it.
 */

/** @import { Clock } from "../engine/clock.d.ts" */
/** @import { NewMessage } from "../store/queues.js" */
/** @import { Routing } from "./routing.js" */

import { workflowNameOf } from "../engine/accounts.js";
import { WorkflowError } from "../engine/errors.js";
import { NoAnswerError } from "./mail.js";
import { partOfQueue, QUEUES } from "./parts.js";

/**
 * What an engine does with the queues of its parts.
 *
 * @typedef {object} QueueRunner
 * @property {(key: string, messages: NewMessage[]) => Promise<void>} keep store messages; settled once they are durable
 * @property {(isMeant: (key: string) => boolean) => void} check deliver what is due
 * @property {(isMeant: (key: string) => boolean) => Promise<void>} batchesEnded settles when batches that are with a handler have ended
 */

export class SharedQueues {
  #routing;
  #clock;
  /** Parts that another engine is to have: no batch begins. @type {Set<number>} */
  #leaving = new Set();
  /** @type {QueueRunner | undefined} */
  #runner;
  #ended = false;

  /** @param {Pick<Routing, "holds" | "byName">} routing @param {Clock} clock */
  constructor(routing, clock) {
    this.#routing = routing;
    this.#clock = clock;
  }

  /** @param {QueueRunner} runner */
  run(runner) {
    this.#runner = runner;
  }

  stop() {
    this.#ended = true;
  }

  /** Whether this engine has the messages of a queue. @param {string} key */
  holds(key) {
    return !this.#ended && this.#routing.holds(QUEUES, key);
  }

  /** Whether a batch of a queue may begin here. @param {string} key */
  delivers(key) {
    return this.holds(key) && !this.#leaving.has(partOfQueue(key));
  }

  /**
   * The same as `keep`, for the code that sends the messages.
   *
   * @type {SharedQueues["keep"]}
   */
  async send(key, messages) {
    try {
      await this.keep(key, messages);
    } catch (error) {
      if (!(error instanceof WorkflowError) || error.reason !== "engine.no_answer") throw error;
      const isUndone = error instanceof NoAnswerError && error.isUndone;
      const what = `Messages to queue '${workflowNameOf(key)}' ${isUndone ? "were not sent" : "may have been sent"}.`;
      throw new WorkflowError(error.reason, `${what} ${error.message}`);
    }
  }

  /**
   * Store messages at the engine that has their queue.
   *
   * @param {string} key of the queue
   * @param {NewMessage[]} messages
   * @returns {Promise<void>} settled once they are durable
   * @throws {WorkflowError} that engine has not answered
   */
  async keep(key, messages) {
    await this.#routing.byName(QUEUES, key, "queues.keep", [key, messages], () => this.#keepHere(key, messages));
  }

  /** @param {string} key @param {NewMessage[]} messages */
  async #keepHere(key, messages) {
    if (!this.#runner) throw new WorkflowError("engine.failed", "This engine has no queues.");
    await this.#runner.keep(key, messages);
  }

  /** These parts are this engine's now. @param {number[]} parts */
  takeUp(parts) {
    this.#runner?.check((key) => parts.includes(partOfQueue(key)));
  }

  /**
   * Begin no batch of a part's queues, and wait for those that are with a handler. The part is to be let go next.
   *
   * @param {number} part
   * @param {number} graceMs how long
   */
  async hold(part, graceMs) {
    this.#leaving.add(part);
    const ended = this.#runner?.batchesEnded((key) => partOfQueue(key) === part);
    await new Promise((resolve) => {
      const cancel = this.#clock.at(this.#clock.now() + graceMs, () => resolve(undefined));
      void Promise.resolve(ended).then(() => {
        cancel();
        resolve(undefined);
      });
    });
  }

  /** The messages of a part's queues are about to leave the store. @param {number} part */
  letGo(part) {
    this.#leaving.delete(part);
  }
}
