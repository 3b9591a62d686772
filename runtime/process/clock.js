/**
 * The virtual clock of a guest process: four numbers at the end of the file of shared words.
 *
 * The host writes the time, and how much of what the process has blocked for is in it. The process writes for how long its code has
 * blocked in all, so neither overwrites the other. The twin of this file is `clock.py`.
 */

import { readSync, writeSync } from "node:fs";
import { CONTROL_BYTES } from "../pool/control.js";
import { CLOCK_BYTES } from "../pool/virtual_time.js";

/** Where the numbers are: ms since 1970, ms that never go back, blocked ms that are in them, and blocked ms. */
const CLOCK_AT = CONTROL_BYTES - 4 * 8;
const BLOCKED_AT = CLOCK_AT + 3 * 8;
const WALL = 0;
const STEADY = 1;

export class FileClock {
  #file;
  #times;
  #written = new Float64Array(3);
  #blocked = new Float64Array(1);

  /** @param {number} file open @param {SharedArrayBuffer} buffer the clock's, of CLOCK_BYTES */
  constructor(file, buffer) {
    this.#file = file;
    this.#times = new Float64Array(buffer, 0, CLOCK_BYTES / 8);
    this.push();
  }

  /** Tell the process the time. */
  push() {
    const [wall, steady] = this.#times;
    if (this.#written[WALL] === wall && this.#written[STEADY] === steady) return;
    this.#written.set([wall, steady]);
    writeSync(this.#file, new Uint8Array(this.#written.buffer), 0, this.#written.byteLength, CLOCK_AT);
  }

  /** Move on by what code of the process has blocked for. */
  pull() {
    readSync(this.#file, this.#blocked, 0, 8, BLOCKED_AT);
    const ms = this.#blocked[0] - this.#written[2];
    if (ms <= 0) return;
    this.#written[2] = this.#blocked[0];
    this.#times[WALL] += ms;
    this.#times[STEADY] += ms;
    this.push();
  }
}
