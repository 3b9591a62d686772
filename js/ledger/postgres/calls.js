/** Calls between the engines of a state: rows of a table. Whom they are for is told by notifications, or finds them by polling. */

/** @import { Call, CallAnswer, Member, Value } from "../ledger.d.ts" */
/** @import { Notices } from "./notices.js" */

import { arrayLiteral, fromText } from "./values.js";

/** After this time a call is deleted, whatever has become of it: its sender waits no longer. */
const FORGOTTEN_AFTER = "10 minutes";

/** @typedef {(text: string, values: Value[]) => Promise<any[][]>} Query */

export class Calls {
  #schema;
  #query;
  #notices;

  /** @param {string} schema a quoted identifier @param {Query} query @param {Notices} notices */
  constructor(schema, query, notices) {
    this.#schema = schema;
    this.#query = query;
    this.#notices = notices;
  }

  /** @param {Member} member @param {{ part: number, request: string }[]} calls @returns {Promise<number[]>} */
  async post({ id }, calls) {
    const rows = await this.#query(
      `WITH me AS MATERIALIZED (SELECT 1 FROM ${this.#schema}.engines WHERE id = $1::bigint AND NOT dead FOR SHARE)
       INSERT INTO ${this.#schema}.calls (part, sender, request)
         SELECT u.part, $1::bigint, u.request FROM me, unnest($2::bigint[], $3::text[]) WITH ORDINALITY AS u(part, request, place)
         ORDER BY u.place RETURNING id`,
      [id, arrayLiteral(calls.map(({ part }) => part)), arrayLiteral(calls.map(({ request }) => request))],
    );
    this.#notices.send({ parts: calls.map(({ part }) => part) });
    return rows.map(([call]) => call);
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

  /** @param {Member} member @param {{ call: Call, answer: string }[]} answers */
  async answer({ id }, answers) {
    await this.#query(
      `UPDATE ${this.#schema}.calls AS c SET answer = u.answer FROM unnest($2::bigint[], $3::text[]) AS u(id, answer)
       WHERE c.id = u.id AND c.taken_by = $1::bigint`,
      [id, arrayLiteral(answers.map(({ call }) => call.id)), arrayLiteral(answers.map(({ answer }) => answer))],
    );
    this.#notices.send({ engines: answers.map(({ call }) => call.sender) });
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
}
