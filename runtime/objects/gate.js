/**
 * The input gate of an object: events wait before it while it is closed. It is closed while the storage is in use, and while
 * code has blocked it, so that nothing else of the object runs in between.
 */

/** So many turns after a use of the storage code of the user's has been continued, in Python too. */
const TURNS_OF_A_USE = 2;

export class InputGate {
  #blocks = 0;
  /** @type {(() => void)[]} */
  #waiting = [];
  #turnsLeft = 0;
  #soon;

  /** @param {(run: () => void) => void} [soon] runs its argument in a turn of its own */
  constructor(soon = setImmediate) {
    this.#soon = soon;
  }

  /** How many events wait. */
  get waiting() {
    return this.#waiting.length;
  }

  /** Settles when the event may begin. Events begin in the order in which they came, each in a turn of its own. */
  async enter() {
    if (this.#blocks > 0 || this.#waiting.length > 0)
      await new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
    // The next one begins after this one has had its first turn, in which it may use the storage.
    else this.touch();
  }

  /** Close the gate. @returns {() => void} opens it again, as far as this is concerned */
  block() {
    this.#blocks += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#blocks -= 1;
      this.#admit();
    };
  }

  /** The storage is in use: nothing else begins before the code that uses it has been continued. */
  touch() {
    const wasHeld = this.#turnsLeft > 0;
    this.#turnsLeft = TURNS_OF_A_USE;
    if (!wasHeld) this.#hold(this.block());
  }

  /** @param {() => void} release */
  #hold(release) {
    this.#soon(() => {
      this.#turnsLeft -= 1;
      if (this.#turnsLeft > 0) this.#hold(release);
      else release();
    });
  }

  #admit() {
    if (this.#blocks > 0) return;
    const next = this.#waiting.shift();
    if (!next) return;
    next();
    this.touch();
  }
}
