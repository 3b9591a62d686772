/** Where miniflare is installed, which carries out bindings. It is no part of Stepwell: workerd is 155 MB. */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The lock file of the installation. A changed lock file means another installation. */
export const LOCK = fileURLToPath(new URL("npm/package-lock.json", import.meta.url));

export const MISSING =
  "KV, D1, R2 and other bindings of Cloudflare's are carried out by workerd, which is not installed. Install it with: stepwell bindings install";

/** The folder that `stepwell bindings install` fills. */
export function installationFolder() {
  if (process.env.STEPWELL_BINDINGS) return process.env.STEPWELL_BINDINGS;
  return join(process.env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "stepwell", "bindings");
}

/** @returns {string | undefined} the folder of its packages; undefined: it is not installed */
export function findInstallation() {
  const folder = installationFolder();
  return existsSync(join(folder, "node_modules", "miniflare", "package.json")) ? folder : undefined;
}
