/**
 * Which tab owns a state: the one that holds a lock of the browser's, which ends with the tab however that ends.
 *
 * Who wants to take over asks first, so that the other can commit and let go; who does not answer is robbed of the lock.
 */

/** How long the owner may take to answer, in ms. */
const PATIENCE = 2000;

export class Ownership {
  #name;
  #onlost;
  /** Gives the lock back. @type {(() => void) | undefined} */
  #release;
  /** @type {BroadcastChannel | undefined} */
  #channel;

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
    return await this.#request({ ifAvailable: true });
  }

  /** Settles when nobody owns the state any more. @returns {Promise<boolean>} */
  async freed() {
    if (this.#name === undefined) return true;
    return await navigator.locks.request(this.#name, { mode: "shared" }, () => true);
  }

  /** Become the owner, whoever is now. */
  async takeOver() {
    if (this.#release) return;
    this.#channel?.postMessage("give");
    const patience = AbortSignal.timeout(PATIENCE);
    if (await this.#request({ signal: patience }).catch(() => false)) return;
    await this.#request({ steal: true });
  }

  /** @param {LockOptions} options @returns {Promise<boolean>} */
  #request(options) {
    const name = this.#name;
    if (name === undefined || this.#release) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      navigator.locks
        .request(name, options, (lock) => {
          if (!lock) return resolve(false);
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
