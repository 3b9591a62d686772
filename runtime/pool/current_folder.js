/** The folder that the host was started in, which may be deleted while it runs. */

import { existsSync } from "node:fs";

/** Change to the root folder where the current one is gone: no thread of Node's starts without one. */
export function leaveDeletedFolder() {
  if (!currentFolderExists()) process.chdir("/");
}

function currentFolderExists() {
  try {
    // Node reads the folder's name once and keeps it.
    return existsSync(process.cwd());
  } catch {
    return false;
  }
}
