/**
 * Calls between the engines of a state: rows of a table. A notification wakes the engine that a row is for, but says nothing that
 * the table does not: who misses it finds the row by polling.
 *
 * Notifications are sent by a statement of their own. In the statement that writes they would make all writers wait for each other.
 */

/** @import { Call, CallAnswer, Member, Value, WokenBy } from "../ledger.d.ts" */
/** @import { Session } from "./session.d.ts" */

import { arrayLiteral, fromText, toText } from "./values.js";

/** After this time a call is deleted, whatever has become of it: its sender waits no longer. */
const FORGOTTEN_AFTER = "10 minutes";

/** @typedef {(text: string, values: Value[]) => Promise<any[][]>} Query */

export class Calls {
  #schema;
  #query;
  #channel;
  /** @type {Session | undefined} */
  #ear;

  /** @param {string} schema a quoted identifier @param {Query} query */
  constructor(schema, query) {
    this.#schema = schema;
    this.#query = query;
    // A name has 63 bytes at most. Two states that share a channel wake each other for nothing.
    this.#channel = `stepwell_${schema.slice(1, -1).slice(0, 50)}`;
  }

  /** @param {Member} member @param {number} part @param {string} request @returns {Promise<number>} */
  async post({ id }, part, request) {
    const rows = await this.#query(
      `WITH me AS MATERIALIZED (SELECT 1 FROM ${this.#schema}.engines WHERE id = $1::bigint AND NOT dead FOR SHARE)
       INSERT INTO ${this.#schema}.calls (part, sender, request) SELECT $2::bigint, $1::bigint, $3 FROM me RETURNING id`,
      [id, part, toText(request)],
    );
    await this.notify({ part });
    // Of an engine that is dead nothing is written. It learns of its end elsewhere, and waits for no answer then.
    return rows[0]?.[0] ?? 0;
  }

  /** @param {Member} member @param {number[]} parts @returns {Promise<Call[]>} */
  async take({ id }, parts) {
    // To look takes no lock and no transaction id: most looks find nothing.
    const [[isAny]] = await this.#query(
      `SELECT EXISTS (SELECT FROM ${this.#schema}.calls WHERE taken_by IS NULL AND part = ANY($1::bigint[]))::integer`,
      [arrayLiteral(parts)],
    );
    if (isAny === 0) return [];
    const rows = await this.#query(
      `WITH me AS MATERIALIZED (SELECT 1 FROM ${this.#schema}.engines WHERE id = $1::bigint AND NOT dead FOR SHARE),
       mine AS MATERIALIZED (SELECT c.id FROM ${this.#schema}.calls AS c
         WHERE c.taken_by IS NULL AND c.part = ANY($2::bigint[]) ORDER BY c.id FOR UPDATE OF c SKIP LOCKED)
       UPDATE ${this.#schema}.calls AS c SET taken_by = $1::bigint FROM me, mine WHERE c.id = mine.id
       RETURNING c.id, c.part, c.sender, c.request`,
      [id, arrayLiteral(parts)],
    );
    const calls = rows.map(([call, part, sender, request]) => ({ id: call, part, sender, request: fromText(request) }));
    return calls.sort((one, other) => one.id - other.id);
  }

  /** @param {Member} member @param {Call} call @param {string} answer */
  async answer({ id }, call, answer) {
    await this.#query(`UPDATE ${this.#schema}.calls SET answer = $3 WHERE id = $2::bigint AND taken_by = $1::bigint`, [
      id,
      call.id,
      toText(answer),
    ]);
    await this.notify({ engine: call.sender });
  }

  /** @param {number[]} calls @returns {Promise<CallAnswer[]>} */
  async takeAnswers(calls) {
    const rows = await this.#query(
      `DELETE FROM ${this.#schema}.calls AS c WHERE c.id = ANY($1::bigint[]) AND (c.answer IS NOT NULL
         OR (c.taken_by IS NOT NULL AND NOT EXISTS (SELECT FROM ${this.#schema}.engines AS e WHERE e.id = c.taken_by AND NOT e.dead)))
       RETURNING c.id, c.answer`,
      [arrayLiteral(calls)],
    );
    return rows.map(([id, answer]) => ({ id, answer: answer === null ? null : fromText(answer) }));
  }

  /** @param {number} call @returns {Promise<boolean>} */
  async withdraw(call) {
    const rows = await this.#query(
      `DELETE FROM ${this.#schema}.calls WHERE id = $1::bigint AND taken_by IS NULL RETURNING 1`,
      [call],
    );
    return rows.length === 1;
  }

  /** Delete calls whose senders are gone. */
  async forgetOld() {
    await this.#query(
      `DELETE FROM ${this.#schema}.calls WHERE at < clock_timestamp() - interval '${FORGOTTEN_AFTER}'`,
      [],
    );
  }

  /** @param {Session} ear a connection for this alone @param {(about: WokenBy) => void} wake */
  async listen(ear, wake) {
    await this.#ear?.close();
    this.#ear = ear;
    await ear.listen(this.#channel, (payload) => wake(JSON.parse(payload)));
  }

  /** Whether notifications arrive. */
  get isListening() {
    return this.#ear !== undefined && !this.#ear.isLost;
  }

  async close() {
    await this.#ear?.close();
  }

  /** @param {WokenBy} about */
  async notify(about) {
    await this.#query("SELECT pg_notify($1, $2)", [this.#channel, JSON.stringify(about)]);
  }
}
