/**
 * Which tab owns a state: the one that holds a lock of the browser's, which ends with the tab however that ends.
 *
 * Who wants to take over asks first, so that the other can commit and let go; who does not answer is robbed of the lock.
 */

/** How long the owner may take to answer, in ms. */
const PATIENCE = 2000;
/** How long a tab that is being closed, or loaded again, may still have the lock, in ms. */
const PARTING = 1000;

export class Ownership {
  #name;
  #onlost;
  /** Gives the lock back. @type {(() => void) | undefined} */
  #release;
  /** @type {BroadcastChannel | undefined} */
  #channel;
  /** Ends the wait for the owner's end. */
  #waiting = new AbortController();

  /**
   * @param {string | undefined} name of the lock; undefined: nobody else is to be kept away
   * @param {{ onlost: () => void }} events `onlost`: another tab takes over, and everything is to be let go of at once
   */
  constructor(name, { onlost }) {
    this.#name = name;
    this.#onlost = onlost;
    if (name === undefined) return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", ({ data }) => {
      if (data === "give" && this.#release) this.#give();
    });
  }

  #give() {
    const release = this.#release;
    this.#release = undefined;
    this.#onlost();
    release?.();
  }

  /** @returns {Promise<boolean>} whether this tab owns the state now */
  async take() {
    return await this.#requestWithin(PARTING);
  }

  /** Settles when nobody owns the state any more, or this tab does. @returns {Promise<boolean>} whether nobody does */
  async freed() {
    if (this.#name === undefined) return true;
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    return await navigator.locks
      .request(this.#name, { mode: "shared", signal }, () => true)
      .catch((error) => refuseUnless(signal.aborted, error));
  }

  /** Become the owner, whoever is now. */
  async takeOver() {
    if (this.#release) return;
    this.#waiting.abort();
    // In the queue before the owner lets go.
    const given = this.#requestWithin(PATIENCE);
    this.#channel?.postMessage("give");
    if (!(await given)) await this.#request({ steal: true });
  }

  /** @param {number} patience in ms @returns {Promise<boolean>} */
  async #requestWithin(patience) {
    const signal = AbortSignal.timeout(patience);
    return await this.#request({ signal }).catch((error) => refuseUnless(signal.aborted, error));
  }

  /** @param {LockOptions} options @returns {Promise<boolean>} true */
  #request(options) {
    const name = this.#name;
    if (name === undefined || this.#release) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      navigator.locks
        .request(name, options, () => {
          resolve(true);
          return new Promise((release) => {
            this.#release = () => release(undefined);
          });
        })
        .catch((error) => {
          // Stolen: whoever has it now waits for the files.
          if (this.#release) {
            this.#release = undefined;
            this.#onlost();
          } else reject(error);
        });
    });
  }
}

/** @param {boolean} isExpected @param {unknown} error @returns {false} */
function refuseUnless(isExpected, error) {
  if (!isExpected) throw error;
  return false;
}
