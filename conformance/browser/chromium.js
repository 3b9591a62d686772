/** Where Chromium is on this machine. */

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** What the machine's own Chromium may be called, the best first. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

export const NO_CHROMIUM =
  "Chromium is missing: install Debian's package chromium, or set STEPWELL_CHROMIUM to a path.";

/** @returns {string | undefined} path of the executable */
export function findChromium() {
  if (process.env.STEPWELL_CHROMIUM) return process.env.STEPWELL_CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
