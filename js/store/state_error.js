/** What SQLite's result codes mean to somebody who owns a state file. */

import { StateError } from "./schema.js";

/**
 * @param {number} code SQLite's result code, extended or not
 * @param {unknown} error what came with it
 * @returns {unknown} a StateError where the code is one of the file's; other errors as they are
 */
export function stateErrorOf(code, error) {
  const { message } = /** @type {Error} */ (error);
  switch (code & 0xff) {
    case 8:
      return new StateError("state.readonly", "it cannot be written to", { cause: error });
    case 13:
      return new StateError("state.full", "the disk is full", { cause: error });
    case 10:
      return new StateError("state.full", `the disk refuses to write (${message})`, { cause: error });
    case 11:
    case 26:
      return new StateError("state.corrupt", `it is not a valid SQLite database (${message})`, { cause: error });
    case 14:
      return new StateError("state.path", "it cannot be opened", { cause: error });
    default:
      return error;
  }
}
