/** An interpreter in this thread, started as an isolate starts one. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadPyodide } from "pyodide";
import { loadFactory } from "../../runtime/pyodide/factory.js";
import { guestFiles, pyodideFolder } from "../../runtime/pyodide/files.js";
import { guestGlobals } from "../../runtime/pyodide/globals.js";
import { startFrom } from "../../runtime/pyodide/snapshot_memory.js";
import { startInterpreter } from "../../runtime/pyodide/interpreter.js";
import { findSnapshot } from "../../runtime/pyodide/snapshot.js";

/** Pyodide's WebAssembly. */
export const module = await WebAssembly.compile(readFileSync(join(pyodideFolder(), "pyodide.asm.wasm")));

/** @param {{ plain?: boolean }} [how] plain: with Pyodide's own JavaScript, as where it could not be changed */
export async function start({ plain = false } = {}) {
  const { snapshot, factory } = await findSnapshot();
  assert.ok(factory);
  const options = plain ? {} : { createPyodideModule: loadFactory(factory).createPyodideModule };
  const common = { loadPyodide, module, files: guestFiles(), globals: guestGlobals({ console: {} }), options };
  return startFrom(snapshot, (bytes) => startInterpreter({ ...common, snapshot: bytes }));
}
