/**
 * What an engine asks of the one that holds a part. The table of calls is the truth; notifications only make it quick.
 *
 * A call is carried out at most once, as a request to a server is: where the engine that has taken it dies, its sender learns that it
 * is not known what has become of it.
 */

/** @import { Clock } from "../engine/clock.d.ts" */
/** @import { Call, Ledger, Member } from "./ledger.d.ts" */

import { StoppedError } from "../engine/commits.js";
import { WorkflowError } from "../engine/errors.js";
import { LedgerError } from "./ledger_error.js";

/** How often an engine looks for calls and answers of which no notification has come, in ms. */
const POLL_MS = 500;
/** How long a call may take, in ms: as long as it takes until an engine that is gone has a successor, and some more. */
const TIMEOUT_MS = 30_000;

/** How many calls or answers are written by one statement: their texts may be long. */
const MOST_AT_ONCE = 100;

/** @typedef {{ resolve: (answer: any) => void, reject: (error: Error) => void }} Waiting */

/**
 * @typedef {object} MailOptions
 * @property {Clock} clock
 * @property {() => number[]} parts those that this engine holds
 * @property {(method: string, args: any[]) => Promise<unknown>} carryOut
 * @property {(workflow: string) => void} onplaces a place of a workflow with a concurrency limit was left
 * @property {(error: unknown) => void} onfailure it cannot be continued
 */

/** The engine that was asked has not answered. */
export class NoAnswerError extends WorkflowError {
  /** @param {string} why @param {{ isUndone?: boolean }} [options] `isUndone`: the request was not carried out, and never will be */
  constructor(why, { isUndone = false } = {}) {
    super("engine.no_answer", `Another engine of this state has not answered: ${why}.`);
    this.isUndone = isUndone;
  }
}

export class Mail {
  #ledger;
  #member;
  #options;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  /** Calls that are to be posted. @type {{ part: number, request: string, posted: (id: number) => void, failed: (error: unknown) => void }[]} */
  #outgoing = [];
  /** Answers that are to be sent. @type {{ call: Call, answer: string }[]} */
  #answers = [];
  #posting = false;
  #answering = false;
  #looking = false;
  #again = false;
  #ended = false;
  /** @type {(() => void) | null} */
  #cancel = null;

  /** @param {Ledger} ledger @param {Member} member @param {MailOptions} options */
  constructor(ledger, member, options) {
    this.#ledger = ledger;
    this.#member = member;
    this.#options = options;
  }

  start() {
    this.#plan(0);
  }

  stop() {
    this.#ended = true;
    this.#cancel?.();
    for (const { reject } of this.#waiting.values()) reject(new NoAnswerError("this engine has stopped"));
    this.#waiting.clear();
  }

  /**
   * @param {number} part
   * @param {string} method
   * @param {any[]} args
   * @returns {Promise<any>}
   * @throws {WorkflowError} the method's, or that there is no answer
   */
  async call(part, method, args) {
    if (this.#ended) throw new NoAnswerError("this engine has stopped, and nothing was done", { isUndone: true });
    const request = JSON.stringify({ method, args: args.map((value) => ({ value })) });
    let id;
    try {
      id = await this.#post(part, request);
    } catch (error) {
      throw isUnavailable(error) ? new NoAnswerError("the database does not answer") : error;
    }
    /** @type {Promise<any>} */
    const answered = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    const { clock } = this.#options;
    const cancel = clock.at(clock.now() + TIMEOUT_MS, () => void this.#expire(id));
    this.#wake();
    try {
      return await answered;
    } finally {
      cancel();
      this.#waiting.delete(id);
    }
  }

  /** Post a call with those that come while others are being posted. @param {number} part @param {string} request @returns {Promise<number>} its id */
  #post(part, request) {
    return new Promise((posted, failed) => {
      this.#outgoing.push({ part, request, posted, failed });
      void this.#postAll();
    });
  }

  async #postAll() {
    if (this.#posting) return;
    this.#posting = true;
    while (this.#outgoing.length > 0) {
      const calls = this.#outgoing.splice(0, MOST_AT_ONCE);
      try {
        const ids = await this.#ledger.post(this.#member, calls);
        // Of an engine that is dead nothing is written. It learns of its end elsewhere, and waits for no answer then.
        for (const [place, { posted }] of calls.entries()) posted(ids[place] ?? 0);
      } catch (error) {
        for (const { failed } of calls) failed(error);
      }
    }
    this.#posting = false;
  }

  /** @param {number} id */
  async #expire(id) {
    const withdrawn = await this.#ledger.withdraw(this.#member, id).catch(() => false);
    const why = withdrawn
      ? "no engine has taken the request, so nothing was done"
      : "it needs too long, and the request may have been carried out";
    this.#waiting.get(id)?.reject(new NoAnswerError(why, { isUndone: withdrawn }));
  }

  /** @param {number} ms */
  #plan(ms) {
    if (this.#ended) return;
    const { clock } = this.#options;
    this.#cancel = clock.at(clock.now() + ms, () => {
      this.#wake();
      this.#plan(POLL_MS);
    });
  }

  /** Look now, or once more after the look that is under way. */
  #wake() {
    if (this.#ended) return;
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    this.#look().catch((error) => {
      // The database does not answer, which the writer reports: it is asked again.
      if (!isUnavailable(error)) this.#options.onfailure(error);
    });
  }

  async #look() {
    try {
      await this.#ledger.listen((about) => this.#notified(about));
      while (this.#again && !this.#ended) await this.#lookOnce();
    } finally {
      // In the turn in which there was nothing to look for again: a notification that comes a moment later begins the next look.
      this.#looking = false;
    }
  }

  async #lookOnce() {
    this.#again = false;
    const parts = this.#options.parts();
    for (const call of parts.length > 0 ? await this.#ledger.takeCalls(this.#member, parts) : [])
      void this.#answer(call);
    if (this.#waiting.size === 0) return;
    for (const { id, answer } of await this.#ledger.takeAnswers(this.#member, [...this.#waiting.keys()]))
      settle(this.#waiting.get(id), answer);
  }

  /** @param {import("./ledger.d.ts").WokenBy} about */
  #notified({ parts = [], engines = [], places = [] }) {
    for (const workflow of places) this.#options.onplaces(workflow);
    const held = this.#options.parts();
    if (engines.includes(this.#member.id) || parts.some((part) => held.includes(part))) this.#wake();
  }

  /** @param {Call} call */
  async #answer(call) {
    this.#answers.push({ call, answer: await this.#carriedOut(call) });
    if (this.#answering) return;
    this.#answering = true;
    while (this.#answers.length > 0) {
      try {
        await this.#ledger.answerCalls(this.#member, this.#answers.splice(0, MOST_AT_ONCE));
      } catch (error) {
        // The answers are lost with the connection; the senders wait until their time is over.
        if (!isUnavailable(error)) this.#options.onfailure(error);
      }
    }
    this.#answering = false;
  }

  /** @param {Call} call @returns {Promise<string>} */
  async #carriedOut({ request }) {
    const { method, args } = JSON.parse(request);
    try {
      const value = await this.#options.carryOut(
        method,
        args.map((/** @type {{ value?: unknown }} */ each) => each.value),
      );
      return JSON.stringify({ value });
    } catch (error) {
      const { reason, message, code } = refusalOf(error);
      return JSON.stringify({ error: { reason, message, code } });
    }
  }
}

/** @param {unknown} error that a call has ended with here @returns {WorkflowError} */
function refusalOf(error) {
  if (error instanceof WorkflowError) return error;
  if (error instanceof StoppedError)
    return new NoAnswerError("it has stopped, and the request may have been carried out");
  return new WorkflowError("engine.failed", String(error));
}

/** @param {Waiting | undefined} waiting @param {string | null} text */
function settle(waiting, text) {
  if (text === null)
    return waiting?.reject(new NoAnswerError("it has died, and the request may have been carried out"));
  const { value, error } = JSON.parse(text);
  if (error) waiting?.reject(new WorkflowError(error.reason, error.message, error.code));
  else waiting?.resolve(value);
}

/** @param {unknown} error */
function isUnavailable(error) {
  return error instanceof LedgerError && error.kind === "unavailable";
}
