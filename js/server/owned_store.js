/** The store of a live state: nothing counts as committed unless it is in the file that this host owns. */

/** @import { Driver } from "../store/driver.d.ts" */
/** @import { StateOwnership } from "./owner.js" */

import { SqliteStore } from "../store/sqlite.js";

export class OwnedStore extends SqliteStore {
  #ownership;

  /** @param {Driver} driver @param {StateOwnership} ownership */
  constructor(driver, ownership) {
    super(driver);
    this.#ownership = ownership;
  }

  /** @throws {import("../store/schema.js").StateError} the file was removed or replaced: what was written is on no disk */
  commit() {
    // Before: another process may own the file by now. After: what is committed to a removed file is lost.
    this.#ownership.checkState();
    super.commit();
    this.#ownership.checkState();
  }
}
