/**
 * Puts a copy in the place of a state: `node restore.js --state PATH --from FILE [--force]`.
 *
 * Prints one JSON object: `{}`, or `{"error": {"code", "message"}}` with exit code 3.
 */

import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkState } from "../store/node_driver.js";
import { StateError } from "../store/schema.js";
import { takeOwnership } from "./owner.js";

const EXIT_STATE = 3;

const { values } = parseArgs({
  options: { state: { type: "string" }, from: { type: "string" }, force: { type: "boolean", default: false } },
});

try {
  const { state = "", from = "", force } = values;
  checkState(from);
  // No process may have it open meanwhile.
  const ownership = await takeOwnership(state, 0);
  try {
    if (existsSync(ownership.state) && !force) throw new StateError("state.exists", "it exists");
    const draft = `${ownership.state}.restored`;
    copyFileSync(from, draft);
    // What the replaced state had not written back yet belongs to no other.
    for (const suffix of ["-wal", "-shm"]) rmSync(`${ownership.state}${suffix}`, { force: true });
    renameSync(draft, ownership.state);
    // The mark counts the log entries of the replaced state.
    rmSync(`${ownership.state}.mark`, { force: true });
  } finally {
    ownership.release();
  }
  process.stdout.write("{}\n");
} catch (error) {
  const { code, message } = /** @type {any} */ (error);
  process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  process.exitCode = EXIT_STATE;
}
