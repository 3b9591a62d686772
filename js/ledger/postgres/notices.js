/**
 * Notifications between the engines of a state. They make it quick, and say nothing that a table does not: who misses one finds the
 * row by polling.
 *
 * They have a connection of their own, and what is to be said while one is sent goes with the next: the server orders the commits of
 * all that notify, so that in the statements that write they would make all writers wait for each other.
 */

/** @import { WokenBy } from "../ledger.d.ts" */
/** @import { Session } from "./session.d.ts" */

/** A notification has less than 8000 bytes; names of workflows have up to some hundred. */
const MOST_NAMES = 20;

export class Notices {
  #channel;
  /** @type {Session | undefined} */
  #session;
  /** What is to be said. */
  #parts = new Set();
  #engines = new Set();
  #places = new Set();
  #sending = false;

  /** @param {string} schema a quoted identifier */
  constructor(schema) {
    // A name has 63 bytes at most. Two states that share a channel wake each other for nothing.
    this.#channel = `stepwell_${schema.slice(1, -1).slice(0, 50)}`;
  }

  /** Whether notifications arrive. */
  get isListening() {
    return this.#session !== undefined && !this.#session.isLost;
  }

  /** @param {Session} session a connection for this alone @param {(about: WokenBy) => void} wake */
  async listen(session, wake) {
    await this.#session?.close();
    this.#session = session;
    await session.listen(this.#channel, (payload) => wake(JSON.parse(payload)));
    await this.#flush();
  }

  /** Say it soon. @param {WokenBy} about */
  send({ parts = [], engines = [], places = [] }) {
    for (const part of parts) this.#parts.add(part);
    for (const engine of engines) this.#engines.add(engine);
    for (const workflow of places) this.#places.add(workflow);
    void this.#flush();
  }

  async #flush() {
    if (this.#sending || !this.isListening) return;
    this.#sending = true;
    try {
      while (this.isListening && this.#parts.size + this.#engines.size + this.#places.size > 0)
        await this.#session?.query("SELECT pg_notify($1, $2)", [this.#channel, JSON.stringify(this.#next())]);
    } catch {
      // The connection is lost: those that it is for poll.
    } finally {
      this.#sending = false;
    }
  }

  /** @returns {WokenBy} */
  #next() {
    const places = [...this.#places].slice(0, MOST_NAMES);
    const about = { parts: [...this.#parts], engines: [...this.#engines], places };
    this.#parts.clear();
    this.#engines.clear();
    for (const workflow of places) this.#places.delete(workflow);
    return about;
  }

  async close() {
    await this.#session?.close();
  }
}
