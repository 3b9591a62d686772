/**
 * WebAssembly's stack switching: code of handlers waits for promises where it stands. Node 24 has it behind a flag, which is
 * to be set before the threads of interpreters start, and before those that make snapshots: Pyodide keeps in its memory
 * whether there is stack switching.
 */

import { setFlagsFromString } from "node:v8";

export function enableStackSwitching() {
  setFlagsFromString("--experimental-wasm-jspi");
}
