/**
 * Answers what is asked of instances that several engines run: from rows of the ledger, which are read into a store of their own. So
 * the answers are the store's.
 */

/** @import { Driver } from "../store/driver.d.ts" */
/** @import { Activity, ActivityQuery, InstanceFilter, InstanceRow, InstanceSort, SearchQuery } from "../store/store.d.ts" */
/** @import { Ledger, Value } from "./ledger.d.ts" */

import { DatabaseSync } from "node:sqlite";
import { WorkflowError } from "../engine/errors.js";
import { SqliteStore } from "../store/sqlite.js";
import { TABLES } from "./tables.js";

/** How many instances are read at most: all of a workflow or an account, for a list in another order than that of creation. */
const MOST_INSTANCES = 20_000;
/** How many instances are searched at once, as the store does. */
const SEARCH_PORTION = 20;

/** @typedef {Pick<Ledger, "readListed" | "countListed" | "readRowsOf">} ListedLedger */

/** An instance apart from the engine that runs it. @typedef {{ driver: Driver, store: SqliteStore, close(): void }} InstanceCopy */

/** @template T @param {(copy: ReadCopy) => Promise<T>} read @returns {Promise<T>} */
async function withCopy(read) {
  const copy = new ReadCopy();
  try {
    return await read(copy);
  } finally {
    copy.close();
  }
}

class ReadCopy {
  constructor() {
    this.driver = new DatabaseSync(":memory:");
    this.store = new SqliteStore(this.driver);
  }

  /** @param {string} table @param {Value[][]} rows */
  add(table, rows) {
    const names = Object.keys(TABLES[table].columns);
    const list = names.map((name) => `"${name}"`).join(", ");
    const insert = this.driver.prepare(
      `INSERT OR REPLACE INTO ${table} (${list}) VALUES (${names.map(() => "?").join(", ")})`,
    );
    this.driver.exec("BEGIN");
    for (const row of rows) insert.run(...row);
    this.driver.exec("COMMIT");
  }

  close() {
    this.store.close();
  }
}

/**
 * An instance with its history and its workflow, whichever engine runs it. Its store has nothing else. The caller closes it.
 *
 * @param {Pick<Ledger, "readHistory">} ledger
 * @param {number} number
 * @returns {Promise<InstanceCopy>}
 */
export async function copyInstance(ledger, number) {
  const copy = new ReadCopy();
  try {
    for (const [table, rows] of await ledger.readHistory(number)) copy.add(table, rows);
    return copy;
  } catch (error) {
    copy.close();
    throw error;
  }
}

/** @param {ListedLedger} ledger @param {InstanceFilter} filter */
export function listInstances(ledger, filter) {
  return withCopy(async (copy) => {
    const total = await ledger.countListed(filter);
    const rows = total === 0 ? [] : await ledger.readListed(filter);
    copy.add("instances", rows);
    return { rows: rows.map((row) => rowOf(copy, numberOf(row))), total };
  });
}

/** @param {ListedLedger} ledger @param {InstanceSort} sort */
export function sortInstances(ledger, sort) {
  return withCopy(async (copy) => {
    const { workflow, account } = sort;
    const count = await ledger.countListed({ workflow, account });
    if (count > MOST_INSTANCES)
      throw new WorkflowError(
        "list.too_long",
        `The list has ${count} instances. Engines that share a state sort up to ${MOST_INSTANCES}: list them in the order of creation.`,
      );
    copy.add("instances", await ledger.readListed({ workflow, account, limit: MOST_INSTANCES }));
    return { ...copy.store.sortInstances(sort), total: copy.store.countInstances(sort) };
  });
}

/** @param {ListedLedger} ledger @param {ActivityQuery} query @returns {Promise<Activity>} */
export function readActivity(ledger, query) {
  return withCopy(async (copy) => {
    const { workflow, account, from } = query;
    const rows = await ledger.readListed({ workflow, account, limit: MOST_INSTANCES });
    copy.add("instances", rows);
    const log = await ledger.readRowsOf("log", rows.map(numberOf), from);
    const at = Object.keys(TABLES.log.columns).indexOf("at");
    copy.add(
      "log",
      log.toSorted((one, other) => Number(one[at]) - Number(other[at])),
    );
    return copy.store.readActivity(query);
  });
}

/** @param {ListedLedger} ledger @param {SearchQuery} query */
export function searchInstances(ledger, query) {
  return withCopy(async (copy) => {
    const { workflow, account, before } = query;
    const status = /** @type {InstanceFilter["status"]} */ (query.status);
    const rows = await ledger.readListed({ workflow, account, status, after: before, limit: SEARCH_PORTION });
    copy.add("instances", rows);
    for (const table of ["log", "output"]) copy.add(table, await ledger.readRowsOf(table, rows.map(numberOf)));
    const { found, ...rest } = copy.store.searchPortion(query);
    return { found: found.map(({ number, where }) => ({ row: rowOf(copy, number), where })), ...rest };
  });
}

/** @param {ReadCopy} copy @param {number} number */
function rowOf(copy, number) {
  return /** @type {InstanceRow} */ (copy.store.loadInstanceByNumber(number));
}

const NUMBER = Object.keys(TABLES.instances.columns).indexOf("number");

/** @param {Value[]} row of an instance */
function numberOf(row) {
  return Number(row[NUMBER]);
}
