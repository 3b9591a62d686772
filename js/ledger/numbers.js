/** The numbers that an engine gives its instances: from blocks that the ledger gives to no other engine. */

/** @import { Ledger, NumberBlock } from "./ledger.d.ts" */

export class Numbers {
  #ledger;
  #onfailure;
  #next;
  #end;
  /** @type {NumberBlock | undefined} */
  #following;
  #reserving = false;
  /** With fewer numbers left than this the following block is reserved. */
  #half;

  /**
   * @param {Pick<Ledger, "reserveNumbers">} ledger
   * @param {NumberBlock} block the first one
   * @param {(error: unknown) => void} [onfailure] the following block cannot be reserved now; it is tried again
   */
  constructor(ledger, block, onfailure = () => {}) {
    this.#ledger = ledger;
    this.#onfailure = onfailure;
    this.#next = block.first;
    this.#end = block.first + block.count;
    this.#half = block.count / 2;
  }

  /** @throws {Error} the block is used up, and the database has not answered for so long that there is no other one */
  next = () => {
    const left = this.#end - this.#next;
    if (left === 0) {
      if (!this.#following)
        throw new Error("There are no numbers left for new instances: the database does not answer.");
      this.#next = this.#following.first;
      this.#end = this.#next + this.#following.count;
      this.#following = undefined;
    }
    if (!this.#following && !this.#reserving && left < this.#half) void this.#reserve();
    return this.#next++;
  };

  async #reserve() {
    this.#reserving = true;
    try {
      this.#following = await this.#ledger.reserveNumbers();
    } catch (error) {
      this.#onfailure(error);
    } finally {
      this.#reserving = false;
    }
  }
}
