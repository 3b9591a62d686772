/**
 * Looks for damage in a state: `node repair.js STATE [--repair] [--patience MS]`. With `--repair` damaged instances are moved into a file of
 * their own beside the state.
 *
 * Prints one line of JSON: `{"damaged": [{"workflow", "id", "what"}], "file"}`, or `{"error": {"code", "message"}}`.
 */

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { openDriver, toStateError } from "../store/node_driver.js";
import { findDamage, quarantine } from "../store/quarantine.js";
import { StateError } from "../store/schema.js";
import { SqliteStore } from "../store/sqlite.js";
import { takeOwnership } from "./owner.js";
import { endWithParent } from "./parent_watch.js";

const EXIT_STATE = 3;
const EXIT_INTERNAL = 70;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { repair: { type: "boolean", default: false }, patience: { type: "string", default: "0" } },
});
endWithParent();
try {
  const ownership = await takeOwnership(positionals[0], Number(values.patience));
  try {
    say(examine(ownership.state, values.repair));
  } finally {
    ownership.release();
  }
} catch (error) {
  const { code, message, stack } = /** @type {any} */ (toStateError(error));
  const known = typeof code === "string" && code.startsWith("state.");
  say({ error: { code: known ? code : "internal", message: known ? message : String(stack ?? error) } });
  process.exitCode = known ? EXIT_STATE : EXIT_INTERNAL;
}

/** @param {string} path @param {boolean} repair */
function examine(path, repair) {
  const db = openDriver(path);
  try {
    const [sound] = Object.values(db.prepare("PRAGMA quick_check(1)").get() ?? {});
    if (sound !== "ok") {
      const message = `it is not a valid SQLite database (${sound}). Use a copy, or SQLite's shell: sqlite3 STATE .recover`;
      throw new StateError("state.corrupt", message);
    }
    const damaged = findDamage(db, new SqliteStore(db));
    if (damaged.length === 0 || !repair) return { damaged: damaged.map(shown), file: null };
    const file = freePath(path);
    quarantine(
      db,
      damaged.map(({ number }) => number),
      file,
    );
    return { damaged: damaged.map(shown), file };
  } finally {
    db.close();
  }
}

/** @param {import("../store/quarantine.js").Damage} damage */
function shown({ workflow, id, what }) {
  return { workflow, id, what };
}

/** @param {string} state */
function freePath(state) {
  for (let i = 1; ; i++) {
    const path = `${state}.damaged-${i}.sqlite`;
    if (!existsSync(path)) return path;
  }
}

/** @param {object} line */
function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
