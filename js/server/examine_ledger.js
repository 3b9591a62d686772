/**
 * Looks at the database of a ledger: `node examine_ledger.js`, with the address in `STEPWELL_LEDGER`, since it may have a password.
 *
 * Prints one JSON object: `{"findings": [{"name", "found", "ok"?, "remedy"?}]}`.
 */

import { parseAddress } from "../ledger/address.js";
import { examineLedger } from "../ledger/postgres/examination.js";
import { toLedgerError } from "../ledger/postgres/errors.js";
import { connectWith } from "../ledger/postgres/pg_session.js";
import { takeLedgerAddress } from "./ledger_address.js";

const ADDRESS = "Check that it runs, and the address after --state";

/** @param {string} address */
async function examine(address) {
  try {
    const { connectionString, schema } = parseAddress(address);
    return await examineLedger(connectWith(connectionString), schema, () => Date.now());
  } catch (error) {
    const { kind, message, remedy = ADDRESS } = toLedgerError(error);
    const found = kind === "unavailable" ? `the database does not answer (${message})` : message;
    return [{ name: "Database", found, ok: false, remedy: `${remedy}.` }];
  }
}

process.stdout.write(`${JSON.stringify({ findings: await examine(takeLedgerAddress() ?? "") })}\n`);
