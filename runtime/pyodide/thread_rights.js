/** What Node's permission model lets an interpreter's thread do: read files. It starts no process and no thread, and writes no file. */

import { constants } from "node:fs";

const RIGHTS = ["--permission", "--allow-fs-read=*"];
/** Later versions of Node refuse network access, too. */
const NETWORK = "--allow-net";

/** Options of Node for such a thread. @returns {string[]} */
export function threadRights() {
  return process.allowedNodeEnvironmentFlags.has(NETWORK) ? [...RIGHTS, NETWORK] : RIGHTS;
}

/** In such a thread: give Emscripten the constants of files. It asks `process.binding` for them, which the permission model refuses. */
export function provideConstants() {
  const bindings = { constants: { fs: constants } };
  Reflect.set(process, "binding", (/** @type {keyof typeof bindings} */ name) => bindings[name]);
}
