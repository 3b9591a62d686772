/** After which errors of PostgreSQL a write is sent again, and which ones are for good. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { toLedgerError } from "../../js/ledger/postgres/errors.js";

for (const [what, code] of [
  ["a full disk", "53100"],
  ["too many connections", "53300"],
  ["a server that is read-only", "25006"],
  ["a server that is shut down", "57P01"],
  ["a server that is starting", "57P03"],
  ["a statement that took too long, for a slow disk", "57014"],
  ["a deadlock", "40P01"],
  ["a connection that was cut", "ECONNRESET"],
]) {
  test(`${what} is waited for`, () => {
    const { kind, message } = toLedgerError(Object.assign(new Error("why"), { code }));

    assert.deepEqual([kind, message], ["unavailable", "why"]);
  });
}

for (const [what, code] of [
  ["a character that cannot be stored", "22021"],
  ["an id that exists", "23505"],
  ["a role without rights", "42501"],
]) {
  test(`${what} is refused`, () => {
    const { kind, sqlState } = toLedgerError(Object.assign(new Error("why"), { code }));

    assert.deepEqual([kind, sqlState], ["refused", code]);
  });
}
