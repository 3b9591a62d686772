/**
 * Where the socket of a state's host is: beside the state. A path that is too long for a socket gets one in a private folder
 * instead, where no other user can put a socket of the same name.
 */

import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { StateError } from "../store/schema.js";

/** The longest path that a Unix socket can be bound to is 103 bytes on macOS, 107 on Linux. */
const MAX_SOCKET_PATH_BYTES = 103;
const PRIVATE_FOLDER_MODE = 0o700;

/**
 * @param {string} state absolute path of the state file
 * @returns {string}
 * @throws {StateError} no private folder can be made whose path is short enough
 */
export function socketPath(state) {
  const path = `${state}.sock`;
  if (fits(path)) return path;
  const name = `${createHash("sha256").update(state).digest("hex").slice(0, 16)}.sock`;
  const folders = privateFolders();
  for (const folder of folders) {
    const fallback = join(folder, name);
    if (fits(fallback) && makePrivate(folder)) return fallback;
  }
  throw new StateError(
    "state.path",
    `its path is too long for a socket (${Buffer.byteLength(path)} bytes; the limit is ${MAX_SOCKET_PATH_BYTES}), and no ` +
      `private folder for the socket can be made at ${folders.join(", ")}`,
  );
}

/** @param {string} path */
function fits(path) {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES;
}

/** Folders for sockets, the best first. */
function privateFolders() {
  const own = `stepwell-${userId()}`;
  const runtime = process.env.XDG_RUNTIME_DIR;
  return [
    ...(runtime ? [join(runtime, "stepwell")] : []),
    ...[tmpdir(), "/tmp", "/var/tmp"].map((each) => join(each, own)),
  ];
}

function userId() {
  return process.getuid?.() ?? userInfo().username;
}

/**
 * Make the folder if it is missing.
 *
 * @param {string} folder
 * @returns {boolean} whether it is a folder of this user alone
 */
function makePrivate(folder) {
  try {
    mkdirSync(folder, { mode: PRIVATE_FOLDER_MODE });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") return false;
  }
  // Not followed: another user may have put a link there.
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return Boolean(found?.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0);
}
