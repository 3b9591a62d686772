/**
 * One owner per state file.
 *
 * The lock is an operating system's lock, taken by way of an empty SQLite database beside the state: it ends with the
 * process, however that ends, so it is never stale. The owner writes a hint beside it: its process, its socket, and a secret
 * that every request has to carry. Only users who may read the state can read the hint. The hint counts only while the owner
 * proves that it owns this very file: a copied folder has a copied hint.
 */

import { randomBytes } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { toStateError } from "../store/node_driver.js";
import { APPLICATION_ID, StateError } from "../store/schema.js";
import { askOwner } from "./ask_owner.js";
import { socketPath } from "./socket_path.js";
import { fileIdentity, StateFiles } from "./state_files.js";

const SQLITE_BUSY = 5;
const ADDRESS = /^([a-z][a-z0-9+.-]*):\/\//i;
/** How long to wait between two tries for a lock whose holder does not reply. */
const RETRY_INTERVAL_MS = 50;
const PRIVATE_FOLDER_MODE = 0o700;
const PRIVATE_FILE_MODE = 0o600;
const SECRET_BYTES = 32;

/**
 * @typedef {object} Owner
 * @property {number} pid
 * @property {string} socket
 * @property {string} command
 * @property {string} version
 * @property {string} secret
 */

/** Another process owns the state. */
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
  #files = new StateFiles();

  /**
   * Become the owner of the state. Its folder is made if it is missing.
   *
   * @param {string} state path of the state file
   * @throws {OwnedError | StateError}
   */
  constructor(state) {
    this.state = canonicalPath(state);
    /** Every request to this owner has to carry it. */
    this.secret = randomBytes(SECRET_BYTES).toString("base64url");
    this.#hint = `${this.state}.owner.json`;
    const lock = `${this.state}.lock`;
    const isNewLock = fileIdentity(lock) === undefined;
    this.socket = socketPath(this.state);
    this.#lock = takeLock(this.state, this.#hint);
    if (isNewLock && isUsedWithoutLock(this.state)) {
      this.#lock.close();
      rmSync(lock, { force: true });
      throw new OwnedError(this.state, undefined);
    }
    this.#files.remember(lock);
    makePrivateFile(this.state);
    this.#files.remember(this.state);
    for (const path of [this.#hint, this.socket]) this.#removeStale(path);
  }

  /** What a killed owner has left. @param {string} path */
  #removeStale(path) {
    try {
      rmSync(path, { force: true });
    } catch (error) {
      this.#lock.close();
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      throw new StateError("state.path", `${path} is in its way and cannot be removed (${code})`, { cause: error });
    }
  }

  /** Which file this is the owner of: device and inode. */
  get identity() {
    return this.#files.identityOf(this.state) ?? "";
  }

  /**
   * Tell other processes about this owner, which listens at its socket.
   *
   * @param {Pick<Owner, "command" | "version">} owner
   */
  announce({ command, version }) {
    const { socket, secret } = this;
    const draft = `${this.#hint}.${process.pid}`;
    rmSync(draft, { force: true });
    writeFileSync(draft, `${JSON.stringify({ pid: process.pid, socket, command, version, secret })}\n`, {
      mode: PRIVATE_FILE_MODE,
      flag: "wx",
    });
    renameSync(draft, this.#hint);
    this.#files.remember(this.#hint);
    this.#files.remember(socket);
  }

  /**
   * Check that the state, its lock, the hint and the socket are those that this owner made.
   *
   * @throws {StateError} one of them was removed or replaced
   */
  check() {
    const changed = this.#files.firstChanged();
    if (changed !== undefined)
      throw new StateError("state.gone", `${changed} was removed or replaced while it was in use`);
  }

  /** Check what a commit depends on: the state and its lock. @throws {StateError} */
  checkState() {
    for (const path of [this.state, `${this.state}.lock`]) {
      if (!this.#files.isUnchanged(path))
        throw new StateError("state.gone", `${path} was removed or replaced while it was in use`);
    }
  }

  /** Let the next process have the state. What another process has put in the place of a file stays. */
  release() {
    for (const path of [this.#hint, this.socket]) if (this.#files.isUnchanged(path)) rmSync(path, { force: true });
    this.#lock.close();
  }
}

/**
 * One path for one file, whichever links lead to it.
 *
 * @param {string} state
 */
function canonicalPath(state) {
  // As a path it would be a folder of that name.
  const [, scheme] = ADDRESS.exec(state) ?? [];
  if (scheme) throw new StateError("state.scheme", `it is an address with the unknown scheme '${scheme}'`);
  try {
    mkdirSync(dirname(state), { recursive: true, mode: PRIVATE_FOLDER_MODE });
    const path = join(realPath(dirname(state)), basename(state));
    try {
      return realPath(path);
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
 * The path without links; `path` itself where that is not UTF-8, which no JavaScript string can hold.
 *
 * @param {string} path
 */
function realPath(path) {
  const bytes = realpathSync.native(path, { encoding: "buffer" });
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : path;
}

/**
 * SQLite gives the files beside the state the mode of the state, which would be readable for everybody.
 *
 * @param {string} path
 */
function makePrivateFile(path) {
  try {
    // Exclusively: to close a file that exists would end the locks that this process has on it.
    closeSync(openSync(path, "ax", PRIVATE_FILE_MODE));
  } catch {
    // It exists. Otherwise the error of opening it as a database says more.
  }
}

/**
 * Become the owner of the state, or find that it has an owner that replies.
 *
 * Between the two is an owner that is starting, or stopping: it is waited for. So one of many processes that start at once
 * becomes the owner and the others find it, however long it takes to start.
 *
 * @param {string} state path of the state file
 * @param {number} timeout in ms, for an owner that does not reply
 * @throws {OwnedError | StateError}
 */
export async function takeOwnership(state, timeout) {
  const deadline = performance.now() + timeout;
  for (;;) {
    try {
      return new StateOwnership(state);
    } catch (error) {
      const left = deadline - performance.now();
      if (!(error instanceof OwnedError) || left <= 0) throw error;
      if (error.owner && (await askOwner(error.owner, left)) === fileIdentity(state)) throw error;
    }
    await sleep(RETRY_INTERVAL_MS);
  }
}

/** @param {string} state @param {string} hint */
function takeLock(state, hint) {
  const path = `${state}.lock`;
  makePrivateFile(path);
  /** @type {DatabaseSync | undefined} */
  let lock;
  try {
    lock = new DatabaseSync(path);
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    if (/** @type {any} */ (error)?.errcode === SQLITE_BUSY) throw new OwnedError(state, readHint(hint));
    throw toStateError(error);
  }
}

/**
 * Whether another process has the state open although its lock file is missing: an owner whose lock file was removed.
 *
 * @param {string} state
 */
function isUsedWithoutLock(state) {
  if (!mayBeOurs(state)) return false;
  const database = new DatabaseSync(state, { timeout: 0 });
  try {
    // Fails while any other connection is open.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK");
    return false;
  } catch (error) {
    return /** @type {any} */ (error)?.errcode === SQLITE_BUSY;
  } finally {
    database.close();
  }
}

/**
 * Whether the file may be a state. The header of a young state does not tell yet: all that is in it is in its WAL.
 *
 * @param {string} path
 */
function mayBeOurs(path) {
  const header = Buffer.alloc(HEADER_BYTES);
  try {
    const file = openSync(path, "r");
    try {
      readSync(file, header, 0, HEADER_BYTES, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
  return [0, APPLICATION_ID].includes(header.readUInt32BE(APPLICATION_ID_OFFSET));
}

/** SQLite's file header, and where the id of the application is in it. */
const HEADER_BYTES = 100;
const APPLICATION_ID_OFFSET = 68;

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
