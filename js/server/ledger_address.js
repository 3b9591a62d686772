/** The address of the ledger that a command has given to its host. */

const VARIABLE = "STEPWELL_LEDGER";

/** It may have a password: no process that this one starts gets it. */
export function takeLedgerAddress() {
  const address = process.env[VARIABLE];
  delete process.env[VARIABLE];
  return address;
}
