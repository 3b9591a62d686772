/** What can go wrong between an engine and its ledger. */

/**
 * - `unavailable`: the database does not answer, or asks for another try. Nothing is known about what was sent last.
 * - `refused`: the database has read the statement and refuses it for good. Nothing was written.
 * - `unusable`: the database cannot be a ledger for this version.
 *
 * @typedef {"unavailable" | "refused" | "unusable"} LedgerErrorKind
 */

export class LedgerError extends Error {
  /**
   * @param {LedgerErrorKind} kind
   * @param {string} message
   * @param {ErrorOptions & { sqlState?: string | undefined, remedy?: string | undefined }} [options]
   */
  constructor(kind, message, { sqlState, remedy, ...options } = {}) {
    super(message, options);
    this.name = "LedgerError";
    this.kind = kind;
    /** PostgreSQL's code, where there is one. */
    this.sqlState = sqlState;
    /** What a person can do, where that is known: a sentence without its full stop. */
    this.remedy = remedy;
  }
}
