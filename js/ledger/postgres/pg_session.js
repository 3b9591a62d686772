/**
 * Connections by npm's `pg`. One client is one connection, which is opened once and never opened again by itself: only so the
 * caller knows what was lost, and can check that the database still has what it has acknowledged.
 */

/** @import { Connect, Session } from "./session.d.ts" */
/** @import { Value } from "../ledger.d.ts" */

import { Client } from "pg";

const CONNECT_TIMEOUT_MS = 5000;
/** A statement that is not answered in this time: the connection may be cut half-way. The server itself gives up after 30 s. */
const ANSWER_TIMEOUT_MS = 40_000;
/** PostgreSQL's numbers of its types of integers. */
const INTEGERS = new Set([20, 21, 23]);
const TYPES = /** @type {any} */ ({
  getTypeParser: (/** @type {number} */ oid) => (INTEGERS.has(oid) ? Number : (/** @type {string} */ text) => text),
});

/** @param {string} connectionString `postgres://…` @returns {Connect} */
export function connectWith(connectionString) {
  return async (purpose) => {
    const client = new Client({
      connectionString,
      application_name: `stepwell ${purpose}`,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 1000,
    });
    const session = new PgSession(client);
    await client.connect();
    return session;
  };
}

/** @implements {Session} */
class PgSession {
  #client;
  /** Settles when the statement that was sent last has been answered. @type {Promise<unknown>} */
  #last = Promise.resolve();
  isLost = false;

  /** @param {Client} client */
  constructor(client) {
    this.#client = client;
    const lost = () => {
      this.isLost = true;
    };
    client.on("error", lost);
    client.on("end", lost);
  }

  get processId() {
    return /** @type {{ processID?: number }} */ (/** @type {unknown} */ (this.#client)).processID;
  }

  /** @param {string} text @param {Value[]} values @param {{ name?: string }} [options] @returns {Promise<any[][]>} */
  async query(text, values, { name } = {}) {
    try {
      const query = { text, values, rowMode: /** @type {const} */ ("array"), types: TYPES, ...(name ? { name } : {}) };
      return (await this.#inTurn(() => this.#client.query(query))).rows;
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  /** @param {string} text */
  async run(text) {
    try {
      await this.#inTurn(() => this.#client.query(text));
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  /**
   * Send a statement once the one before it is answered: of two at once, `pg` prints a warning.
   *
   * @template T
   * @param {() => Promise<T>} send
   * @returns {Promise<T>}
   */
  #inTurn(send) {
    const answer = this.#last.then(send, send);
    this.#last = answer;
    return answer;
  }

  /** @param {string} channel @param {(payload: string) => void} onnotify */
  async listen(channel, onnotify) {
    this.#client.on("notification", ({ payload }) => onnotify(payload ?? ""));
    await this.run(`LISTEN "${channel}"`);
  }

  /**
   * After an error that the server has not sent, the connection is in an unknown condition: an answer may still be under way.
   *
   * @param {any} error
   */
  #note(error) {
    if (error?.severity !== undefined && error.severity !== "FATAL") return;
    void this.close();
  }

  async close() {
    this.isLost = true;
    try {
      await this.#client.end();
    } catch {
      // It has ended already.
    }
  }
}
