/**
 * Memory that an isolate's thread and the pool share: what the pool must know, or say, while the thread is busy and reads
 * no messages.
 */

export const CONTROL_BYTES = 8 * 1024;
export const MAX_TARGETS = 256;

// Words of 32 bits. The first is Pyodide's interrupt buffer. A process has the same layout in a file: `process/control.*`.
export const SIGNAL = 0;
export const TURN = 1;
export const PAGES = 2;
export const INTERRUPT_CHECKS = 3;
export const INTERRUPTS_RAISED = 4;
export const RUN_CODE = 5;
export const TARGETS = 6;
export const COMPUTED = 7;
/** Numbers of 64 bits begin here: pass, ref and attempt of each target. */
export const TARGETS_AT = 64;

const SIGINT = 2;

/** @typedef {{ pass: number, ref: number, attempt: number }} InterruptTarget an attempt that is to be cut */

/**
 * What the pool reads of an interpreter that is busy, and how it interrupts it.
 *
 * @typedef {object} InterpreterVitals
 * @property {number} turn odd while the interpreter runs
 * @property {number} computations how often code has kept the interpreter to itself for long
 * @property {number} memory of the interpreter, in bytes
 * @property {number} interruptChecks how often it has looked what an interrupt is for
 * @property {number} interruptsRaised how often one has been raised in the code that it was for
 * @property {(attempts: InterruptTarget[], runCode: boolean) => void} interrupt the interpreter, if what runs is one of `attempts`,
 *   or code outside steps where that is meant
 * @property {() => void} clearInterrupt no more of that
 */

/** @implements {InterpreterVitals} */
export class Control {
  #words;
  #targets;

  /** @param {ArrayBufferLike} [buffer] where memory cannot be shared, each side has one of its own: no interrupt arrives then */
  constructor(buffer = new (globalThis.SharedArrayBuffer ?? ArrayBuffer)(CONTROL_BYTES)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    this.#targets = new Float64Array(buffer, TARGETS_AT);
  }

  // The thread's side.

  /** What Pyodide reads its signals from. */
  get signals() {
    return new Uint8Array(this.buffer, 0, 4);
  }

  beginTurn() {
    Atomics.add(this.#words, TURN, 1);
  }

  /** @param {number} pages of WebAssembly memory in use */
  endTurn(pages) {
    Atomics.store(this.#words, PAGES, pages);
    Atomics.add(this.#words, TURN, 1);
  }

  /** Code has kept the interpreter to itself for longer than others should wait. */
  computed() {
    Atomics.add(this.#words, COMPUTED, 1);
  }

  /** An interrupt has arrived: what is it for? */
  readInterrupt() {
    Atomics.add(this.#words, INTERRUPT_CHECKS, 1);
    const count = Atomics.load(this.#words, TARGETS) * 3;
    return JSON.stringify({
      runCode: Atomics.load(this.#words, RUN_CODE) === 1,
      attempts: Array.from({ length: count / 3 }, (_, i) => [...this.#targets.subarray(i * 3, i * 3 + 3)]),
    });
  }

  /** It has been raised in the code that it is for. */
  interruptRaised() {
    Atomics.add(this.#words, INTERRUPTS_RAISED, 1);
  }

  // The pool's side.

  /** Odd while the interpreter runs. */
  get turn() {
    return Atomics.load(this.#words, TURN);
  }

  /** How often code has kept the interpreter to itself for long. */
  get computations() {
    return Atomics.load(this.#words, COMPUTED);
  }

  /** Memory of the interpreter in bytes. */
  get memory() {
    return Atomics.load(this.#words, PAGES) * 65_536;
  }

  get interruptChecks() {
    return Atomics.load(this.#words, INTERRUPT_CHECKS);
  }

  get interruptsRaised() {
    return Atomics.load(this.#words, INTERRUPTS_RAISED);
  }

  /**
   * @param {InterruptTarget[]} attempts
   * @param {boolean} runCode
   */
  interrupt(attempts, runCode) {
    const listed = attempts.slice(0, MAX_TARGETS);
    listed.forEach(({ pass, ref, attempt }, i) => this.#targets.set([pass, ref, attempt], i * 3));
    Atomics.store(this.#words, TARGETS, listed.length);
    Atomics.store(this.#words, RUN_CODE, Number(runCode));
    // A word whose lowest byte is the signal: Pyodide reads bytes.
    Atomics.store(this.#words, SIGNAL, SIGINT);
  }

  clearInterrupt() {
    Atomics.store(this.#words, SIGNAL, 0);
  }
}
