/**
 * One owner per state file.
 *
 * The lock is an operating system's lock, taken by way of an empty SQLite database beside the state: it ends with the
 * process, however that ends, so nothing stale is ever left. Who holds it is written to a file of its own, as a hint for
 * those who are refused; the hint counts only while the lock is held.
 */

import { get } from "node:http";
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { toStateError } from "../store/node_driver.js";
import { StateError } from "../store/schema.js";

/** The longest path a Unix socket can be bound to is about 104 bytes on the systems we know. */
const MAX_SOCKET_PATH_BYTES = 100;
const SQLITE_BUSY = 5;
/** Milliseconds between two tries for a lock that somebody has who says nothing. */
const RETRY_INTERVAL_MS = 50;

/**
 * @typedef {object} Owner
 * @property {number} pid
 * @property {string} socket
 * @property {string} command
 * @property {string} version
 */

/** Somebody else has the state. */
export class OwnedError extends Error {
  /** @param {string} state @param {Owner | undefined} owner */
  constructor(state, owner) {
    const who = owner ? `process ${owner.pid} (${owner.command})` : "another process";
    super(`${state} is in use by ${who}.`);
    this.name = "OwnedError";
    this.code = "state.owned";
    this.owner = owner;
  }
}

export class StateOwnership {
  #lock;
  #hint;

  /**
   * Become the owner of the state, whose folder is made if missing.
   *
   * @param {string} state path of the state file
   * @throws {OwnedError | StateError}
   */
  constructor(state) {
    this.state = canonicalPath(state);
    this.socket = socketPath(this.state);
    this.#hint = `${this.state}.owner.json`;
    this.#lock = takeLock(this.state, this.#hint);
    rmSync(this.socket, { force: true });
  }

  /** @param {Pick<Owner, "command" | "version">} owner */
  announce({ command, version }) {
    const text = JSON.stringify({ pid: process.pid, socket: this.socket, command, version });
    const draft = `${this.#hint}.${process.pid}`;
    writeFileSync(draft, `${text}\n`);
    renameSync(draft, this.#hint);
  }

  release() {
    rmSync(this.#hint, { force: true });
    rmSync(this.socket, { force: true });
    this.#lock.close();
  }
}

/**
 * One path for one file, whichever links lead to it.
 *
 * @param {string} state
 */
function canonicalPath(state) {
  try {
    mkdirSync(dirname(state), { recursive: true });
    const folder = realpathSync(dirname(state));
    const path = join(folder, basename(state));
    try {
      return realpathSync(path);
    } catch {
      return path;
    }
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    const denied = code === "EACCES" || code === "EROFS" || code === "EPERM";
    throw new StateError(denied ? "state.readonly" : "state.path", `its folder cannot be made (${code})`, {
      cause: error,
    });
  }
}

/**
 * Become the owner of the state, or learn that it has one who answers.
 *
 * Between the two is an owner that is starting, or ending: it is waited for, so that of many who come at once one becomes
 * the owner and the others find it, however long it takes to start.
 *
 * @param {string} state path of the state file
 * @param {number} patience in milliseconds, for an owner that does not answer
 * @throws {OwnedError | StateError}
 */
export async function takeOwnership(state, patience) {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      return new StateOwnership(state);
    } catch (error) {
      const left = deadline - performance.now();
      if (!(error instanceof OwnedError) || left <= 0) throw error;
      if (error.owner && (await answers(error.owner.socket, left))) throw error;
    }
    await sleep(RETRY_INTERVAL_MS);
  }
}

/**
 * Whether a host answers there. One that listens and is busy is given all of the time.
 *
 * @param {string} socketPath
 * @param {number} patience in milliseconds
 * @returns {Promise<boolean>}
 */
function answers(socketPath, patience) {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: "/host", timeout: patience, agent: false }, (response) => {
      response.resume();
      resolve(true);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}

/** @param {string} state */
function socketPath(state) {
  const path = `${state}.sock`;
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return path;
  const name = createHash("sha256").update(state).digest("hex").slice(0, 16);
  return join(tmpdir(), `stepwell-${name}.sock`);
}

/** @param {string} state @param {string} hint */
function takeLock(state, hint) {
  try {
    const lock = new DatabaseSync(`${state}.lock`);
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    if (/** @type {any} */ (error)?.errcode === SQLITE_BUSY) throw new OwnedError(state, readHint(hint));
    throw toStateError(error);
  }
}

/**
 * @param {string} hint
 * @returns {Owner | undefined}
 */
function readHint(hint) {
  try {
    return JSON.parse(readFileSync(hint, "utf8"));
  } catch {
    return undefined;
  }
}
