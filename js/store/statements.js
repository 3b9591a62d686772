/** @import { Driver, Statement } from "./driver.d.ts" */

/** Gives the statement of a text. @typedef {(text: string) => Statement} Sql */

/**
 * Statements prepared once each.
 *
 * @param {Driver} db
 * @returns {Sql}
 */
export function cached(db) {
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
