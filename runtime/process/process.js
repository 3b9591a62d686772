/**
 * A process that an isolate lives in, and the socket to it.
 *
 * The process finds the socket as file descriptor 3 and the shared words (`control.js`) as 4. What it writes to 1 and 2 is
 * output of user code that went past the guest: a library in C, a process of its own. It reads nothing.
 */

/** @import { ChildProcess } from "node:child_process" */
/** @import { Socket } from "node:net" */
/** @import { InterpreterEvents, InterpreterHandle } from "../pool/isolate.js" */

import { spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import { fileURLToPath } from "node:url";
import { FileClock } from "./clock.js";
import { FileControl } from "./control.js";
import { FrameError, FrameReader, toFrame } from "./frames.js";

/** What a process gets to end by itself, in ms. Then it is killed. */
const GRACE_MS = 1500;
/** How long the socket of a process that has ended may stay open, in ms: children that it has left behind may hold it. */
const LAST_WORDS_MS = 200;
/** How much of what it wrote to stderr is kept for the reason of its end. */
const MAX_TAIL_CHARACTERS = 8000;
const MAX_TAIL_LINES = 8;
const RUNTIMES = fileURLToPath(new URL("..", import.meta.url));

/** @typedef {{ command: string, args: string[], env?: NodeJS.ProcessEnv, cwd?: string, what?: string }} Program */

/** @implements {InterpreterHandle} */
export class ProcessHandle {
  control = new FileControl();
  #events;
  #what;
  /** @type {FileClock | undefined} */
  #clock;
  #child;
  #socket;
  #reader = new FrameReader();
  #tail = "";
  #over = false;
  #disposed = false;
  /** @type {Promise<void>} */
  #exited;

  /**
   * Start one.
   *
   * @param {Program} program `what` is what it is called in messages
   * @param {InterpreterEvents} events
   * @param {SharedArrayBuffer} [clock] virtual time for user code
   */
  constructor({ command, args, env = process.env, cwd, what = "guest process" }, events, clock) {
    this.#clock = clock && new FileClock(this.control.file, clock);
    this.#events = events;
    this.#what = what;
    this.#child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe", "pipe", this.control.file],
      env,
      cwd,
    });
    this.#socket = /** @type {Socket} */ (/** @type {unknown} */ (this.#child.stdio[3]));
    this.#exited = this.#watch(command);
    this.control.onsignal = () => this.#child.kill("SIGINT");
    this.#listen();
  }

  /** @param {string | object} message */
  post(message) {
    if (!this.#socket?.writable) return;
    if (!this.#over && !this.#disposed) this.#clock?.push();
    this.#socket.write(toFrame(message));
  }

  get pid() {
    return this.#child.pid;
  }

  /** What it has sent is handed over before its end is told. */
  takeUnreadMessages() {
    return [];
  }

  kill() {
    this.#child.kill("SIGKILL");
  }

  async end() {
    this.#disposed = true;
    // The end of its input lets it end by itself, with all that it does then: coverage is written down, files are closed.
    this.#socket?.end();
    const timer = setTimeout(() => this.kill(), GRACE_MS);
    await this.#exited;
    clearTimeout(timer);
    this.#socket?.destroy();
    this.control.close();
  }

  #listen() {
    // It may not have been started at all.
    this.#socket?.on("error", () => {});
    this.#socket?.on("data", (/** @type {Buffer} */ piece) => this.#read(piece));
    for (const level of /** @type {const} */ (["stdout", "stderr"])) {
      const decoder = new StringDecoder();
      this.#child[level]?.on("data", (/** @type {Buffer} */ bytes) => {
        const text = decoder.write(bytes);
        if (level === "stderr") this.#tail = (this.#tail + text).slice(-MAX_TAIL_CHARACTERS);
        if (!this.#disposed) this.#events.onoutput(level, text);
      });
    }
  }

  /** @param {Buffer} piece */
  #read(piece) {
    if (this.#over) return;
    try {
      if (!this.#disposed) this.#clock?.pull();
      for (const message of this.#reader.read(piece)) if (!this.#disposed) this.#events.onmessage(message);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#over = true;
      this.#events.onviolation(error.message);
    }
  }

  /** @param {string} command */
  async #watch(command) {
    const reason = await new Promise((resolve) => {
      this.#child.on("error", (error) => resolve(`${command} cannot be run: ${error.message}.`));
      this.#child.on("exit", (code, signal) => resolve(this.#reasonOf(code, signal)));
    });
    if (this.#socket && !this.#socket.destroyed) {
      await Promise.race([
        new Promise((resolve) => this.#socket.once("close", resolve)),
        new Promise((resolve) => void setTimeout(resolve, LAST_WORDS_MS).unref()),
      ]);
    }
    if (!this.#disposed) this.#events.ondeath(this.#withTail(reason));
  }

  /**
   * @param {number | null} code
   * @param {string | null} signal
   */
  #reasonOf(code, signal) {
    if (signal !== null) return `The ${this.#what} was ended by ${signal}.`;
    return `The ${this.#what} ended by itself, with exit code ${code}.`;
  }

  /** Its last words say more than a number. @param {string} reason */
  #withTail(reason) {
    const lines = this.#tail.trim().split("\n");
    const fatal = lines.findLastIndex((line) => line.startsWith("Fatal Python error"));
    // There the innermost frames come first, and ours are of no interest.
    const last = fatal < 0 ? lines : lines.slice(fatal).filter((line) => !line.includes(RUNTIMES));
    const words = (fatal < 0 ? last.slice(-MAX_TAIL_LINES) : last.slice(0, MAX_TAIL_LINES)).join("\n");
    return words ? `${reason} It wrote:\n${words}` : reason;
  }
}
