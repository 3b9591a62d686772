/** Where Chromium is on this machine. */

import { execFileSync } from "node:child_process";

/** What the machine's own Chromium may be called, the best first. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

export const NO_CHROMIUM =
  "Chromium is missing: install Debian's package chromium, or set STEPWELL_CHROMIUM to a path.";

/** @returns {string | undefined} path of the executable */
export function findChromium() {
  if (process.env.STEPWELL_CHROMIUM) return process.env.STEPWELL_CHROMIUM;
  for (const name of NAMES) {
    try {
      return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      // The next name, then.
    }
  }
  return undefined;
}
