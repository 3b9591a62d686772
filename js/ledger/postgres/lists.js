/** Lists of instances, whichever engines run them. */

/** @import { InstanceFilter } from "../../store/store.d.ts" */
/** @import { Ledger, Value } from "../ledger.d.ts" */
/** @import { Query } from "./calls.js" */

import { DEFAULT_ACCOUNT } from "../../engine/accounts.js";
import { OF_INSTANCES, TABLES } from "../tables.js";
import { arrayLiteral, fromRow, toText } from "./values.js";

/** Up to how many instances are counted for a list, as the store does. */
const MAX_COUNTED = 10_000;

export class Lists {
  #schema;
  #query;

  /** @param {string} schema a quoted identifier @param {Query} query */
  constructor(schema, query) {
    this.#schema = schema;
    this.#query = query;
  }

  /** @param {InstanceFilter} filter @returns {Promise<Value[][]>} */
  async read(filter) {
    const { where, values } = conditions(filter, true);
    const rows = await this.#query(
      `SELECT ${columnsOf("instances")} FROM ${this.#schema}.instances WHERE ${where}
       ORDER BY number ${filter.ascending ? "ASC" : "DESC"}
       LIMIT $${values.length + 1}::bigint OFFSET $${values.length + 2}::bigint`,
      [...values, filter.limit, filter.offset ?? 0],
    );
    return rows.map(fromRow);
  }

  /** @param {Omit<InstanceFilter, "limit" | "offset">} filter @returns {Promise<number>} */
  async count(filter) {
    const { where, values } = conditions(filter, false);
    const isBounded = [filter.createdFrom, filter.createdTo, filter.search].some((each) => each !== undefined);
    const [[count]] = await this.#query(
      `SELECT count(*) FROM (SELECT 1 FROM ${this.#schema}.instances WHERE ${where} ${isBounded ? `LIMIT ${MAX_COUNTED}` : ""}) AS each`,
      values,
    );
    return count;
  }

  /** @type {Ledger["readNumbered"]} */
  async numbered(workflow, { after, upTo, limit }) {
    const rows = await this.#query(
      `SELECT number, id, status FROM ${this.#schema}.instances
       WHERE workflow = $1 AND number > $2::bigint AND number <= $3::bigint ORDER BY number LIMIT $4::bigint`,
      [workflow, after, upTo, limit],
    );
    return rows.map(([number, id, status]) => ({ number, id, status }));
  }

  /** @param {string} table @param {string} column that says to which instance a row belongs @param {number[]} numbers @param {number} [from] @returns {Promise<Value[][]>} */
  async readOf(table, column, numbers, from) {
    const rows = await this.#query(
      `SELECT ${columnsOf(table)} FROM ${this.#schema}.${table} WHERE ${column} = ANY($1::bigint[])
       ${from === undefined ? "" : "AND at >= $2::bigint"} ORDER BY ${TABLES[table].keys.map(quoted).join(", ")}`,
      [arrayLiteral(numbers), ...(from === undefined ? [] : [from])],
    );
    return rows.map(fromRow);
  }

  /** One statement, for all of it as of one moment. @param {number} number @returns {Promise<Map<string, Value[][]>>} */
  async history(number) {
    const one = `(SELECT workflow FROM ${this.#schema}.instances WHERE number = $1::bigint)`;
    /** @type {[table: string, condition: string][]} */
    const sources = [["workflows", `name = ${one}`]];
    for (const [table, column] of Object.entries(OF_INSTANCES)) sources.push([table, `${column} = $1::bigint`]);
    const all = sources.map(
      ([table, condition]) =>
        `(SELECT '${table}', json_build_array(${columnsOf(table)})::text FROM ${this.#schema}.${table} WHERE ${condition}
          ORDER BY ${TABLES[table].keys.map(quoted).join(", ")})`,
    );
    /** @type {Map<string, Value[][]>} */
    const found = new Map(sources.map(([table]) => [table, []]));
    for (const [table, row] of await this.#query(all.join(" UNION ALL "), [number]))
      found.get(table)?.push(fromRow(JSON.parse(row)));
    return found;
  }

  /** @param {string} workflow */
  async counts(workflow) {
    const rows = await this.#query(
      `SELECT status, count(*), max(created_on), (SELECT triggered_on FROM ${this.#schema}.workflows WHERE name = $1)
       FROM ${this.#schema}.instances WHERE workflow = $1 GROUP BY status ORDER BY status`,
      [workflow],
    );
    const times = rows.flatMap(([, , created, triggered]) => [created, triggered ?? 0]);
    return {
      byStatus: Object.fromEntries(rows.map(([status, count]) => [status, count])),
      triggeredOn: times.length === 0 ? null : Math.max(...times),
    };
  }

  /** @returns {Promise<number>} */
  async lastNumber() {
    const [[last]] = await this.#query(`SELECT coalesce(max(number), 0) FROM ${this.#schema}.instances`, []);
    return last;
  }

  /** @param {{ limit: number, before?: number | undefined }} page @returns {Promise<Value[][]>} */
  async audit({ limit, before = Number.MAX_SAFE_INTEGER }) {
    const rows = await this.#query(
      `SELECT ${columnsOf("audit")} FROM ${this.#schema}.audit WHERE number < $1::bigint ORDER BY number DESC LIMIT $2::bigint`,
      [before, limit],
    );
    return rows.map(fromRow);
  }
}

/** @param {Omit<InstanceFilter, "limit" | "offset">} filter @param {boolean} isPlaced whether the place in the list counts */
function conditions(filter, isPlaced) {
  const { workflow, account, status, createdFrom, createdTo, search, after, until, ascending } = filter;
  const isOther = account !== undefined && account !== DEFAULT_ACCOUNT;
  /** @type {[string, string | number | undefined][]} */
  const optional = [
    ["workflow = ?", workflow],
    // The character after the slash that follows the account.
    ["workflow >= ?", isOther ? `${account}/` : undefined],
    ["workflow < ?", isOther ? `${account}0` : undefined],
    ["status = ?", status === undefined || status === "unknown" ? undefined : status],
    ["created_on >= ?::bigint", createdFrom],
    ["created_on <= ?::bigint", createdTo],
    ["strpos(id, ?) > 0", search === undefined ? undefined : toText(search)],
    [`number ${ascending ? ">" : "<"} ?::bigint`, isPlaced ? after : undefined],
    ["number <= ?::bigint", isPlaced ? until : undefined],
  ];
  /** @type {Value[]} */
  const values = [];
  const parts = account === DEFAULT_ACCOUNT ? ["strpos(workflow, '/') = 0"] : [];
  for (const [condition, value] of optional) {
    if (value === undefined) continue;
    values.push(value);
    parts.push(condition.replace("?", `$${values.length}`));
  }
  return { where: parts.length === 0 ? "TRUE" : parts.join(" AND "), values };
}

/** @param {string} table */
function columnsOf(table) {
  return Object.keys(TABLES[table].columns).map(quoted).join(", ");
}

/** @param {string} name */
function quoted(name) {
  return `"${name}"`;
}
