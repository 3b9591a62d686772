/** What Node's permission model lets an interpreter's thread do: read files. It starts no process and no thread, and writes no file. */

import { constants } from "node:fs";

const RIGHTS = ["--permission", "--allow-fs-read=*"];
/** Later versions of Node refuse network access, too. */
const NETWORK = "--allow-net";

/** Options of Node for such a thread. @param {string} [writable] a folder in which it may write @returns {string[]} */
export function threadRights(writable) {
  const rights = process.allowedNodeEnvironmentFlags.has(NETWORK) ? [...RIGHTS, NETWORK] : RIGHTS;
  return writable === undefined ? rights : [...rights, `--allow-fs-write=${writable}/*`];
}

/** In such a thread: give Emscripten the constants of files. It asks `process.binding` for them, which the permission model refuses. */
export function provideConstants() {
  const bindings = { constants: { fs: constants } };
  Reflect.set(process, "binding", (/** @type {keyof typeof bindings} */ name) => bindings[name]);
}
