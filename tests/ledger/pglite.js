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
  #busy = 0;
  /** Of those that wait until nothing is asked. @type {(() => void)[]} */
  #waiting = [];

  /** @type {import("../../js/ledger/postgres/session.d.ts").Connect} */
  connect = async () => {
    await this.onstatement("connect");
    const database = this;
    return {
      isLost: false,
      async query(text, values) {
        await database.onstatement(text);
        database.statements.push(text);
        const asked = () => database.#db.query(text, values, { rowMode: "array" });
        return /** @type {any[][]} */ ((await database.#counted(asked)).rows);
      },
      async run(text) {
        await database.onstatement(text);
        await database.#counted(() => database.#db.exec(text));
      },
      async listen(channel, onnotify) {
        await database.#db.listen(channel, onnotify);
      },
      async close() {},
    };
  };

  /** Resolves when nothing is asked of it. */
  async idle() {
    while (this.#busy > 0) await new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
  }

  /** @template T @param {() => Promise<T>} run */
  async #counted(run) {
    this.#busy += 1;
    try {
      return await run();
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }

  close() {
    return this.#db.close();
  }
}
