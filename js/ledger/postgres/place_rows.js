/**
 * Places of workflows with a concurrency limit, in PostgreSQL: a row for each instance that has one, or wants one.
 *
 * To count them and to take one are two statements, for a statement sees nothing that is committed after it has begun. So `limits`
 * counts how often places of a workflow were taken, and the second statement takes nothing where that is not what it was.
 */

/** @import { Member, PlaceRow, PlacesOfWorkflow } from "../ledger.d.ts" */
/** @import { Query } from "./calls.js" */

import { arrayLiteral } from "./values.js";

export class PlaceRows {
  #schema;
  #query;

  /** @param {string} schema a quoted identifier @param {Query} query */
  constructor(schema, query) {
    this.#schema = schema;
    this.#query = query;
  }

  /** @param {string} workflow @param {number[]} parts @returns {Promise<PlacesOfWorkflow>} */
  async read(workflow, parts) {
    const s = this.#schema;
    // One statement: all of it is as of one moment.
    const [[limit, turn, taken, mine, others]] = await this.#query(
      `SELECT (SELECT concurrency FROM ${s}.workflows WHERE name = $1),
         coalesce((SELECT turn FROM ${s}.limits WHERE workflow = $1), 0),
         (SELECT count(*) FROM ${s}.places WHERE workflow = $1 AND taken),
         (SELECT coalesce(json_agg(json_build_array(instance, part, since, taken)), '[]')::text
           FROM ${s}.places WHERE workflow = $1 AND part = ANY($2::bigint[])),
         (SELECT coalesce(json_agg(json_build_array(instance, part, since, taken)), '[]')::text FROM (
           SELECT * FROM ${s}.places WHERE workflow = $1 AND NOT taken AND part <> ALL($2::bigint[])
           ORDER BY since, instance LIMIT (SELECT concurrency FROM ${s}.workflows WHERE name = $1)) AS longest)`,
      [workflow, arrayLiteral(parts)],
    );
    return { limit, turn, taken, mine: JSON.parse(mine).map(toRow), others: JSON.parse(others).map(toRow) };
  }

  /** @param {Member} member @param {string} workflow @param {PlaceRow[]} rows */
  async want({ id }, workflow, rows) {
    await this.#query(
      `WITH ${this.#mine("$3")}
       INSERT INTO ${this.#schema}.places (workflow, part, instance, since, taken)
         SELECT $2::text, u.part, u.instance, u.since, false FROM mine, unnest($3::bigint[], $4::bigint[], $5::bigint[])
           AS u(part, instance, since) WHERE mine.number = u.part
       ON CONFLICT (instance) DO NOTHING`,
      [id, workflow, ...columns(rows)],
    );
  }

  /** @param {Member} member @param {string} workflow @param {PlaceRow[]} rows @param {number} turn @returns {Promise<number[]>} */
  async take({ id }, workflow, rows, turn) {
    const found = await this.#query(
      `WITH ${this.#mine("$3")},
       next AS (INSERT INTO ${this.#schema}.limits AS l (workflow, turn) SELECT $2::text, 1 FROM me
         ON CONFLICT (workflow) DO UPDATE SET turn = l.turn + 1 WHERE l.turn = $6::bigint RETURNING 1)
       INSERT INTO ${this.#schema}.places (workflow, part, instance, since, taken)
         SELECT $2::text, u.part, u.instance, u.since, true FROM next, mine, unnest($3::bigint[], $4::bigint[], $5::bigint[])
           AS u(part, instance, since) WHERE mine.number = u.part
       ON CONFLICT (instance) DO UPDATE SET taken = true RETURNING instance`,
      [id, workflow, ...columns(rows), turn],
    );
    return found.map(([instance]) => instance);
  }

  /** @param {Member} member @param {number[]} instances */
  async leave({ id }, instances) {
    await this.#query(
      `WITH ${this.#mine(`(SELECT array_agg(part) FROM ${this.#schema}.places WHERE instance = ANY($2::bigint[]))`)}
       DELETE FROM ${this.#schema}.places AS p USING mine WHERE p.instance = ANY($2::bigint[]) AND p.part = mine.number`,
      [id, arrayLiteral(instances)],
    );
  }

  /**
   * The living engine `$1` and those of *parts* that it holds, locked: it is not declared dead and gives none of them up before
   * the statement is committed.
   *
   * @param {string} parts
   */
  #mine(parts) {
    return `me AS MATERIALIZED (SELECT 1 FROM ${this.#schema}.engines WHERE id = $1::bigint AND NOT dead FOR SHARE),
       mine AS MATERIALIZED (SELECT p.number FROM ${this.#schema}.parts AS p, me
         WHERE p.holder = $1::bigint AND p.number = ANY(${parts}::bigint[]) FOR SHARE OF p)`;
  }
}

/** @param {[number, number, number, boolean]} row @returns {PlaceRow} */
function toRow([instance, part, since, isTaken]) {
  return { instance, part, since, isTaken };
}

/** @param {PlaceRow[]} rows */
function columns(rows) {
  return [rows.map(({ part }) => part), rows.map(({ instance }) => instance), rows.map(({ since }) => since)].map(
    arrayLiteral,
  );
}
