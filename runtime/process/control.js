/** What a guest process and the pool share while the process is busy: `control.js`'s words, in a file that both have open. */

/** @import { InterruptTarget, InterpreterVitals } from "../pool/control.js" */

import { randomUUID } from "node:crypto";
import { accessSync, closeSync, constants, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CONTROL_BYTES,
  COMPUTED,
  INTERRUPTS_RAISED,
  INTERRUPT_CHECKS,
  MAX_TARGETS,
  PAGES,
  RUN_CODE,
  TARGETS,
  TARGETS_AT,
  TURN,
} from "../pool/control.js";

/** Where Linux keeps files in memory. */
const IN_MEMORY = "/dev/shm";

/** @implements {InterpreterVitals} */
export class FileControl {
  /** Set by the channel. */
  onsignal = () => {};
  /** The open file, which has no name any more, to be handed to the process. */
  file;
  #words = new Int32Array(TARGETS_AT / 4);
  #closed = false;

  constructor() {
    const path = join(folder(), `stepwell-${process.pid}-${randomUUID()}`);
    this.file = openSync(path, "wx+", 0o600);
    // Nothing is left behind, however this process ends.
    unlinkSync(path);
    ftruncateSync(this.file, CONTROL_BYTES);
  }

  get turn() {
    return this.#read(TURN);
  }

  get computations() {
    return this.#read(COMPUTED);
  }

  get memory() {
    return this.#read(PAGES) * 65_536;
  }

  get interruptChecks() {
    return this.#read(INTERRUPT_CHECKS);
  }

  get interruptsRaised() {
    return this.#read(INTERRUPTS_RAISED);
  }

  /**
   * @param {InterruptTarget[]} attempts
   * @param {boolean} runCode
   */
  interrupt(attempts, runCode) {
    if (this.#closed) return;
    const listed = attempts.slice(0, MAX_TARGETS);
    const numbers = Float64Array.from(listed.flatMap(({ pass, ref, attempt }) => [pass, ref, attempt]));
    writeSync(this.file, new Uint8Array(numbers.buffer), 0, numbers.byteLength, TARGETS_AT);
    writeSync(this.file, Uint8Array.of(Number(runCode)), 0, 1, RUN_CODE * 4);
    writeSync(this.file, new Uint8Array(Int32Array.of(listed.length).buffer), 0, 4, TARGETS * 4);
    this.onsignal();
  }

  clearInterrupt() {
    if (!this.#closed) writeSync(this.file, new Uint8Array(8), 0, 8, RUN_CODE * 4);
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.file);
  }

  /** @param {number} word */
  #read(word) {
    if (!this.#closed) readSync(this.file, this.#words, 0, TARGETS_AT, 0);
    return this.#words[word];
  }
}

function folder() {
  try {
    accessSync(IN_MEMORY, constants.W_OK);
    return IN_MEMORY;
  } catch {
    return tmpdir();
  }
}
