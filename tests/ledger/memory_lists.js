/** What the ledger in memory answers about all instances: what a store says that has its rows. */

/** @import { Ledger, Value } from "../../js/ledger/ledger.d.ts" */
/** @import { MemoryDatabase } from "./memory_ledger.js" */

import { OF_INSTANCES, TABLES } from "../../js/ledger/tables.js";
import { WorkingSet } from "../../js/ledger/working_set.js";

/** @template T @param {MemoryDatabase} database @param {(store: WorkingSet) => T} read @returns {T} */
function withStore(database, read) {
  const store = new WorkingSet(() => {});
  store.adopt(new Map(Object.keys(TABLES).map((table) => [table, database.rows(table)])));
  try {
    return read(store);
  } finally {
    store.close();
  }
}

/** @param {MemoryDatabase} database @param {string} table @param {string} column @returns {(row: Value[]) => Value} */
function columnOf(database, table, column) {
  const place = Object.keys(TABLES[table].columns).indexOf(column);
  return (row) => row[place];
}

/** @param {MemoryDatabase} database @returns {Pick<Ledger, "readListed" | "countListed" | "readNumbered" | "readRowsOf" | "readHistory" | "readCounts" | "readLastNumber" | "readAudit">} */
export function listsOf(database) {
  const number = columnOf(database, "instances", "number");
  return {
    async readListed(filter) {
      const listed = withStore(database, (store) => store.listInstances(filter).map((row) => row.number));
      const rows = new Map(database.rows("instances").map((row) => [number(row), row]));
      return listed.map((each) => /** @type {Value[]} */ (rows.get(each)));
    },
    async countListed(filter) {
      return withStore(database, (store) => store.countInstances(filter));
    },
    async readNumbered(workflow, { limit, ...range }) {
      return withStore(database, (store) => store.loadNumbered(workflow, range).slice(0, limit));
    },
    async readRowsOf(table, numbers, from = 0) {
      const owner = columnOf(database, table, OF_INSTANCES[/** @type {keyof typeof OF_INSTANCES} */ (table)]);
      const at = columnOf(database, table, "at");
      const isMeant = (/** @type {Value[]} */ row) => numbers.includes(Number(owner(row))) && Number(at(row)) >= from;
      return database.rows(table).filter(isMeant);
    },
    async readHistory(wanted) {
      const found = new Map();
      for (const [table, column] of Object.entries(OF_INSTANCES)) {
        const owner = columnOf(database, table, column);
        found.set(
          table,
          database.rows(table).filter((row) => owner(row) === wanted),
        );
      }
      const workflow = columnOf(database, "instances", "workflow");
      const names = new Set(found.get("instances").map(workflow));
      found.set(
        "workflows",
        database.rows("workflows").filter(([name]) => names.has(name)),
      );
      return found;
    },
    async readCounts(workflow) {
      return withStore(database, (store) => ({
        byStatus: store.countByStatus(workflow),
        triggeredOn: store.triggeredOn(workflow),
      }));
    },
    async readLastNumber() {
      return Math.max(0, ...database.rows("instances").map((row) => Number(number(row))));
    },
    async readAudit({ limit, before = Infinity }) {
      const rows = database.rows("audit").filter(([each]) => Number(each) < before);
      return rows.toReversed().slice(0, limit);
    },
  };
}
