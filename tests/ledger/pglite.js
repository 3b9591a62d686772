/** PostgreSQL in WebAssembly, as connections of a ledger: all of one process, and no server. */

import { PGlite } from "@electric-sql/pglite";

const PARSERS = { 20: Number, 21: Number, 23: Number };

/** A database, which several ledgers may use. */
export class PgliteDatabase {
  #db = new PGlite({ parsers: PARSERS });
  /** Called before each statement; may throw what a connection would. @type {(text: string) => void | Promise<void>} */
  onstatement = () => {};
  /** Texts of what was sent. @type {string[]} */
  statements = [];

  /** @type {import("../../js/ledger/postgres/session.d.ts").Connect} */
  connect = async () => {
    await this.onstatement("connect");
    const database = this;
    return {
      isLost: false,
      async query(text, values) {
        await database.onstatement(text);
        database.statements.push(text);
        return /** @type {any[][]} */ ((await database.#db.query(text, values, { rowMode: "array" })).rows);
      },
      async run(text) {
        await database.onstatement(text);
        await database.#db.exec(text);
      },
      async close() {},
    };
  };

  close() {
    return this.#db.close();
  }
}
