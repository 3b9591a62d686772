/** @import { Driver, Statement } from "./driver.d.ts" */

/** Gives the statement of a text. @typedef {(text: string) => Statement} Sql */

/** By database: the stores of one share its statements. @type {WeakMap<Driver, Sql>} */
const known = new WeakMap();

/**
 * Statements prepared once each.
 *
 * @param {Driver} db
 * @returns {Sql}
 */
export function cached(db) {
  let sql = known.get(db);
  if (!sql) known.set(db, (sql = preparing(db)));
  return sql;
}

/** @param {Driver} db @returns {Sql} */
function preparing(db) {
  /** @type {Map<string, Statement>} */
  const statements = new Map();
  return (text) => {
    let statement = statements.get(text);
    if (!statement) {
      statement = db.prepare(text);
      statements.set(text, statement);
    }
    return statement;
  };
}
