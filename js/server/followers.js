/** Who follows instances of a host. As long as one of them reads, the host does not end with its parent. */

/** How often a host whose parent has gone checks that its followers read. */
const CHECK_INTERVAL_MS = 250;
/** A follower that leaves events unread for that long does not keep such a host alive. */
const UNREAD_TIMEOUT_MS = 1000;

/** A subscriber of an instance. `unreadMs`: for how long events have waited for it. @typedef {{ readonly unreadMs: number }} Follower */

export class Followers {
  #onabandoned;
  /** @type {Set<Follower>} */
  #followers = new Set();
  #parentGone = false;

  /** @param {() => void} onabandoned called when the parent has gone and no follower reads; more than once */
  constructor(onabandoned) {
    this.#onabandoned = onabandoned;
  }

  /** @param {Follower} follower */
  add(follower) {
    this.#followers.add(follower);
  }

  /** @param {Follower} follower */
  remove(follower) {
    this.#followers.delete(follower);
    this.#check();
  }

  parentGone() {
    this.#parentGone = true;
    setInterval(() => this.#check(), CHECK_INTERVAL_MS).unref();
    this.#check();
  }

  #check() {
    if (!this.#parentGone) return;
    if (![...this.#followers].some((each) => each.unreadMs < UNREAD_TIMEOUT_MS)) this.#onabandoned();
  }
}
