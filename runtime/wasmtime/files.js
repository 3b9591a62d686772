/** The component: where it is, or how it is made. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The exit code of `build.py` where componentize-py is not installed. */
const NOT_INSTALLED = 2;
const BUILD = fileURLToPath(new URL("build.py", import.meta.url));

/**
 * The component of this tree: the one that came with it, the one in the user's cache, or, where `componentize-py` is
 * installed, a new one.
 *
 * @returns {Promise<string>}
 */
export async function componentPath() {
  const python = process.env.STEPWELL_HOST_PYTHON ?? "python3";
  try {
    const { stdout, stderr } = await promisify(execFile)(python, ["-P", BUILD, "--find"]);
    // What a new one has to do without.
    if (stderr) process.stderr.write(stderr);
    return stdout.trim();
  } catch (error) {
    const { stderr, message, code } = /** @type {Error & { stderr?: string, code?: unknown }} */ (error);
    const failed = new Error(stderr?.trim() || message, { cause: error });
    // The user has to install the program, so this is their error, as a missing package is.
    throw code === NOT_INSTALLED ? Object.assign(failed, { during: "import" }) : failed;
  }
}
