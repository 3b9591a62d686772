/**
 * Copies a state: `node copy_state.js [--from PATH] [--to PATH]`. What has no path is a ledger, whose address is in
 * `STEPWELL_FROM` or `STEPWELL_TO`: it may have a password.
 *
 * Prints one JSON object: `{"rows": {TABLE: COUNT}}`, or `{"error": {"code", "message", "about"}}` with exit code 3. `about` is
 * "from" or "to".
 */

import { existsSync, renameSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseAddress } from "../ledger/address.js";
import { batchesOf, fill, hasObjects, tablesOf, withPlaces } from "../ledger/copy.js";
import { LedgerError } from "../ledger/ledger_error.js";
import { connectWith } from "../ledger/postgres/pg_session.js";
import { PostgresLedger } from "../ledger/postgres/postgres_ledger.js";
import { openDriver } from "../store/node_driver.js";
import { StateError } from "../store/schema.js";
import { SqliteStore } from "../store/sqlite.js";
import { LEDGER_PLACE, toStateError } from "./ledger_state.js";
import { takeOwnership } from "./owner.js";

/** @import { ReadTable } from "../ledger/copy.js" */

const EXIT_STATE = 3;
const LEASE_MS = 60_000;

/** A state that is read. @typedef {{ readTable: ReadTable, lastNumber: number, close: () => Promise<void> }} Source */

/** @param {string} address */
async function openLedger(address) {
  const { connectionString, schema } = parseAddress(address);
  const ledger = new PostgresLedger(connectWith(connectionString), { schema, now: () => performance.now() });
  try {
    await ledger.open();
    return ledger;
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

/** @param {string} path @returns {Promise<Source>} */
async function openFile(path) {
  if (!existsSync(path)) throw new StateError("state.path", "it does not exist");
  // No process may write it meanwhile.
  const ownership = await takeOwnership(path, 0);
  const driver = /** @type {import("node:sqlite").DatabaseSync} */ (openDriver(ownership.state));
  const store = new SqliteStore(driver);
  if (hasObjects(driver))
    throw new StateError("state.unusable", "it has Durable Objects, whose files a copy would leave behind");
  return {
    readTable: tablesOf(driver),
    lastNumber: store.lastNumber(),
    async close() {
      store.close();
      ownership.release();
    },
  };
}

/** @param {Source} source @param {string} path */
async function copyToFile(source, path) {
  if (existsSync(path)) throw new StateError("state.exists", "it exists. Give another path");
  const ownership = await takeOwnership(path, 0);
  const draft = `${ownership.state}.copied`;
  try {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(draft + suffix, { force: true });
    const driver = openDriver(draft);
    const store = new SqliteStore(driver);
    const rows = await fill(driver, source.readTable);
    driver.exec("PRAGMA journal_mode = DELETE");
    store.close();
    renameSync(draft, ownership.state);
    return rows;
  } finally {
    rmSync(draft, { force: true });
    ownership.release();
  }
}

/** @param {Source} source @param {string} address */
async function copyToLedger(source, address) {
  const ledger = await openLedger(address);
  try {
    const member = await ledger.join(`${hostname()} state copy`, LEASE_MS);
    try {
      await ledger.declareDead(member);
      const holder = await ledger.take(member);
      if (holder) throw new StateError("state.held", `engine ${holder.id} (${holder.name}) holds it`);
      if (!(await ledger.isEmpty()))
        throw new StateError("state.exists", "it has a state already. Give another schema");
      /** @type {Record<string, number>} */
      const rows = {};
      const counted = async function* () {
        for await (const batch of batchesOf(source.readTable)) {
          for (const [table, changes] of batch) rows[table] = (rows[table] ?? 0) + changes.size;
          yield batch;
        }
      };
      await ledger.restore(member, counted(), source.lastNumber);
      return rows;
    } finally {
      await ledger.leave(member);
    }
  } finally {
    await ledger.close();
  }
}

const { values } = parseArgs({ options: { from: { type: "string" }, to: { type: "string" } } });
const { STEPWELL_FROM: fromAddress = "", STEPWELL_TO: toAddress = "" } = process.env;
let about = "from";

/** Where code is stays the same, though a state says it from its own place. @param {string} path */
function move(path) {
  const [from, to] = [values.from ?? LEDGER_PLACE, values.to ?? LEDGER_PLACE];
  return relative(dirname(to), resolve(dirname(from), path));
}

/** @param {Source} given */
function copy(given) {
  const source = { ...given, readTable: withPlaces(given.readTable, move) };
  about = "to";
  return values.to === undefined ? copyToLedger(source, toAddress) : copyToFile(source, values.to);
}

async function copyFromLedger() {
  const ledger = await openLedger(fromAddress);
  try {
    return await ledger.readAtOneMoment(async () => {
      const lastNumber = await ledger.lastNumber();
      return copy({ readTable: (table) => ledger.readTable(table), lastNumber, close: async () => {} });
    });
  } finally {
    await ledger.close();
  }
}

/** @param {string} path */
async function copyFromFile(path) {
  const source = await openFile(path);
  try {
    return await copy(source);
  } finally {
    await source.close();
  }
}

try {
  const rows = values.from === undefined ? await copyFromLedger() : await copyFromFile(values.from);
  process.stdout.write(`${JSON.stringify({ rows })}\n`);
} catch (error) {
  const known = error instanceof LedgerError ? toStateError(error) : error;
  const { code, message, stack } = /** @type {any} */ (known);
  const isKnown = typeof code === "string" && code.startsWith("state.");
  process.stdout.write(
    `${JSON.stringify({ error: { code: isKnown ? code : "internal", message: isKnown ? message : stack, about } })}\n`,
  );
  process.exitCode = EXIT_STATE;
}
