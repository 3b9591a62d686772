/** The audit log of a state that several engines share: each writes its own entries, and all of them are read from the ledger. */

/** @import { AuditRow } from "../store/access_rows.d.ts" */
/** @import { SqliteAccess } from "../store/access.js" */
/** @import { Ledger } from "./ledger.d.ts" */

import { TABLES } from "./tables.js";

/** @typedef {Pick<SqliteAccess, "loadTokens" | "tokenCreated" | "tokenRevoked" | "auditBegun" | "auditEnded"> & { loadAudit(page: { limit: number, before?: number | undefined }): AuditRow[] | Promise<AuditRow[]> }} AccessRows */

/** @param {SqliteAccess} own @param {Pick<Ledger, "readAudit">} ledger @returns {AccessRows} */
export function sharedAccess(own, ledger) {
  const names = Object.keys(TABLES.audit.columns);
  return {
    loadTokens: () => own.loadTokens(),
    tokenCreated: (row) => own.tokenCreated(row),
    tokenRevoked: (id, at) => own.tokenRevoked(id, at),
    auditBegun: (entry) => own.auditBegun(entry),
    auditEnded: (number, outcome) => own.auditEnded(number, outcome),
    async loadAudit(page) {
      const rows = await ledger.readAudit(page);
      return rows.map((row) => /** @type {any} */ (Object.fromEntries(names.map((name, place) => [name, row[place]]))));
    },
  };
}
