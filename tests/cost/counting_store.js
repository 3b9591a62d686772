/** The real store, in memory, with its commits and the rows that it writes counted. */

/** @import { Driver } from "../../js/store/driver.d.ts" */

import { DatabaseSync } from "node:sqlite";
import { SqliteStore } from "../../js/store/sqlite.js";

const WRITES = /^\s*(INSERT|UPDATE|DELETE)/;

export class CountingStore extends SqliteStore {
  /** Called when an instance is complete, before that is durable. */
  oncompleted = () => {};

  constructor() {
    const counts = { commits: 0, rows: 0 };
    super(countingDriver(new DatabaseSync(":memory:"), counts));
    this.counts = counts;
  }

  commit() {
    this.counts.commits += 1;
    super.commit();
  }

  /** @type {SqliteStore["instanceCompleted"]} */
  instanceCompleted(log, at, output) {
    super.instanceCompleted(log, at, output);
    this.oncompleted();
  }
}

/** @param {Driver} db @param {{ rows: number }} counts @returns {Driver} */
function countingDriver(db, counts) {
  return {
    exec: (sql) => db.exec(sql),
    close: () => db.close(),
    prepare(sql) {
      const statement = db.prepare(sql);
      if (!WRITES.test(sql)) return statement;
      return {
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
        run(...values) {
          const done = statement.run(...values);
          counts.rows += Number(done.changes);
          return done;
        },
      };
    },
  };
}
