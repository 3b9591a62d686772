/** Which engine holds which part, in PostgreSQL. */

/** @import { Holders, KnownEngine, Member } from "../ledger.d.ts" */
/** @import { Query } from "./calls.js" */

import { ALL_PARTS } from "../parts.js";
import { arrayLiteral, fromText, toText } from "./values.js";

export class Parts {
  #schema;
  #query;

  /** @param {string} schema a quoted identifier @param {Query} query */
  constructor(schema, query) {
    this.#schema = schema;
    this.#query = query;
  }

  /** @param {Member} member @returns {Promise<Member | undefined>} */
  async takeAll(member) {
    // One part first: of several engines that want all of them only one asks for the others.
    const first = await this.#takeFree(member, [0]);
    const isFirst = first.mine.length + first.free.length === 1;
    const others = isFirst ? await this.#takeFree(member, ALL_PARTS.slice(1)) : first;
    const taken = [...new Set([first, others].flatMap(({ mine, free }) => [...mine, ...free]))];
    if (taken.length === ALL_PARTS.length) {
      await this.#forgetDead();
      return undefined;
    }
    await this.giveUp(member, taken);
    return first.holder ?? others.holder ?? { id: 0, name: "?" };
  }

  async #forgetDead() {
    await this.#query(
      `DELETE FROM ${this.#schema}.engines AS e WHERE dead
       AND NOT EXISTS (SELECT FROM ${this.#schema}.parts WHERE holder = e.id)`,
      [],
    );
  }

  /** @param {Member} member @param {number} count */
  async take(member, count) {
    const { free: taken } = await this.#takeFree(member, ALL_PARTS, count);
    await this.#forgetDead();
    return taken;
  }

  /**
   * Become the holder of those of *wanted* that no living engine holds, up to *count*.
   *
   * What is free is read first. An engine that was dead then is dead afterwards, and ids are never used again: so a part that has
   * the same holder when its row is locked has no living one.
   *
   * @param {Member} member
   * @param {number[]} wanted
   * @param {number} [count]
   * @returns {Promise<{ mine: number[], free: number[], holder: Member | undefined }>} `mine`: those that it had already; `free`: those
   *   that it has taken; `holder`: a living engine that holds one of *wanted*
   */
  async #takeFree({ id }, wanted, count = wanted.length) {
    const rows = await this.#query(
      `SELECT p.number, p.holder, e.name, (e.id IS NOT NULL AND NOT e.dead)::integer
       FROM ${this.#schema}.parts AS p LEFT JOIN ${this.#schema}.engines AS e ON e.id = p.holder
       WHERE p.number = ANY($1::bigint[]) ORDER BY p.number`,
      [arrayLiteral(wanted)],
    );
    const mine = rows.filter(([, holder]) => holder === id).map(([part]) => part);
    const held = rows.find(([, holder, , isAlive]) => isAlive === 1 && holder !== id);
    const holder = held && { id: held[1], name: held[2] };
    const free = rows.filter(([, , , isAlive]) => isAlive !== 1).slice(0, Math.max(0, count));
    if (free.length === 0) return { mine, free: [], holder };
    const taken = await this.#query(
      `WITH me AS MATERIALIZED (SELECT 1 FROM ${this.#schema}.engines WHERE id = $1::bigint AND NOT dead FOR SHARE),
       free AS MATERIALIZED (
         SELECT p.number FROM ${this.#schema}.parts AS p, unnest($2::bigint[], $3::bigint[]) AS u(number, holder)
         WHERE p.number = u.number AND p.holder IS NOT DISTINCT FROM u.holder
         ORDER BY p.number FOR UPDATE OF p SKIP LOCKED)
       UPDATE ${this.#schema}.parts AS p SET holder = $1::bigint FROM me, free WHERE p.number = free.number RETURNING p.number`,
      [id, arrayLiteral(free.map(([part]) => part)), arrayLiteral(free.map(([, last]) => last))],
    );
    return { mine, free: taken.map(([part]) => part).sort((one, other) => one - other), holder };
  }

  /** @param {Member} member @param {number[]} parts */
  async giveUp({ id }, parts) {
    if (parts.length === 0) return;
    await this.#query(
      `UPDATE ${this.#schema}.parts SET holder = NULL WHERE holder = $1::bigint AND number = ANY($2::bigint[])`,
      [id, arrayLiteral(parts)],
    );
  }

  /** @param {Member} member */
  async beginSharing({ id }) {
    await this.#query(`UPDATE ${this.#schema}.engines SET shares = true WHERE id = $1::bigint`, [id]);
  }

  /** @param {Member} member @param {string[]} versions */
  async announce({ id }, versions) {
    await this.#query(`UPDATE ${this.#schema}.engines SET versions = $2 WHERE id = $1::bigint`, [
      id,
      toText(JSON.stringify(versions)),
    ]);
  }

  /** @returns {Promise<Holders>} */
  async readHolders() {
    // One statement: an idle engine asks for it all the time.
    const rows = await this.#query(
      `SELECT e.id, m.common_version, (SELECT coalesce(json_agg(json_build_array(id, name, versions) ORDER BY id), '[]')::text
         FROM ${this.#schema}.engines WHERE shares AND NOT dead)
       FROM ${this.#schema}.meta AS m, ${this.#schema}.parts AS p
         LEFT JOIN ${this.#schema}.engines AS e ON e.id = p.holder AND NOT e.dead ORDER BY p.number`,
      [],
    );
    /** @type {[number, string, string][]} */
    const sharing = JSON.parse(rows[0][2]);
    return {
      sharing: sharing.map(([id, name, versions]) => ({ id, name, versions: JSON.parse(fromText(versions)) })),
      byPart: rows.map(([holder]) => holder),
      commonVersion: rows[0][1],
    };
  }

  /** @returns {Promise<KnownEngine[]>} */
  async readEngines() {
    const rows = await this.#query(
      `SELECT e.id, e.name, e.shares::integer, e.dead::integer, count(p.number)::integer,
         (extract(epoch FROM e.until - clock_timestamp()) * 1000)::bigint
       FROM ${this.#schema}.engines AS e LEFT JOIN ${this.#schema}.parts AS p ON p.holder = e.id
       GROUP BY e.id ORDER BY e.id`,
      [],
    );
    return rows.map(([id, name, shares, dead, parts, leaseMs]) => ({
      id,
      name,
      shares: shares === 1,
      isDead: dead === 1,
      parts,
      leaseMs,
    }));
  }
}
