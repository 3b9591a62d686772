/** The address of a ledger: `postgres://user:password@host:port/database?schema=NAME&lease_ms=N&engines=several`, and what else `pg` takes. */

import { LedgerError } from "./ledger_error.js";

export const DEFAULT_SCHEMA = "stepwell";
export const DEFAULT_LEASE_MS = 10_000;
const SHORTEST_LEASE_MS = 500;
const LONGEST_LEASE_MS = 600_000;
/** The first one is meant where the address has none. */
const ENGINES = ["one", "several"];
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * @typedef {object} LedgerAddress
 * @property {string} connectionString for `pg`
 * @property {string} schema in which the state is: a database can have several
 * @property {number} leaseMs how long this engine may be unreachable
 * @property {boolean} isShared several engines run the state at once
 * @property {string} shown without the password
 */

/** @param {string} address @returns {LedgerAddress} @throws {LedgerError} */
export function parseAddress(address) {
  const url = parseUrl(address);
  const schema = url.searchParams.get("schema") ?? DEFAULT_SCHEMA;
  if (!SCHEMA.test(schema))
    throw new LedgerError(
      "unusable",
      `its schema is '${schema}'; a schema has small letters, digits and '_', and no digit first`,
    );
  const given = url.searchParams.get("lease_ms");
  const leaseMs = given === null ? DEFAULT_LEASE_MS : Number(given);
  if (!Number.isInteger(leaseMs) || leaseMs < SHORTEST_LEASE_MS || leaseMs > LONGEST_LEASE_MS)
    throw new LedgerError(
      "unusable",
      `its lease_ms is '${given}'; it is a number from ${SHORTEST_LEASE_MS} to ${LONGEST_LEASE_MS}`,
    );
  const engines = url.searchParams.get("engines") ?? ENGINES[0];
  if (!ENGINES.includes(engines))
    throw new LedgerError("unusable", `its engines is '${engines}'; it is '${ENGINES.join("' or '")}'`);
  url.searchParams.delete("engines");
  url.searchParams.delete("schema");
  url.searchParams.delete("lease_ms");
  const connectionString = url.href;
  if (url.password) url.password = "***";
  if (url.searchParams.has("password")) url.searchParams.set("password", "***");
  return { connectionString, schema, leaseMs, isShared: engines === "several", shown: url.href };
}

/** @param {string} address */
function parseUrl(address) {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url && (url.protocol === "postgres:" || url.protocol === "postgresql:")) return url;
  throw new LedgerError("unusable", "its address is not of the form postgres://user:password@host:port/database");
}
