/**
 * Looks at JSON while it arrives: how deep it is, and how many values it has. What goes beyond a limit is refused before
 * anything is parsed, because parsing is one turn of the event loop in which no other request is answered.
 */

import { RequestError } from "./request_error.js";

/** Values may be 256 containers deep. A body has a few more around them. */
export const MAX_NESTING = 300;
/** Of one body. A single value of 1 MiB has at most half as many. */
export const MAX_VALUES = 1_000_000;

/** @typedef {{ maxNesting?: number, maxValues?: number }} ScanLimits */

export class JsonScan {
  #maxNesting;
  #maxValues;
  #depth = 0;
  #values = 1;
  #isInString = false;
  #isEscaped = false;

  /** @param {ScanLimits} [limits] */
  constructor({ maxNesting = MAX_NESTING, maxValues = MAX_VALUES } = {}) {
    this.#maxNesting = maxNesting;
    this.#maxValues = maxValues;
  }

  /**
   * Look at the next piece. Brackets and commas in strings do not count.
   *
   * @param {Uint8Array} bytes of UTF-8, in which the bytes of ASCII stand for themselves alone
   * @throws {RequestError} a limit is exceeded
   */
  feed(bytes) {
    // Variables: this loop sees every byte of every body.
    let isInString = this.#isInString;
    let isEscaped = this.#isEscaped;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
      } else if (byte === QUOTE) isInString = true;
      else if (byte === COMMA) this.#count();
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#open();
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth -= 1;
    }
    this.#isInString = isInString;
    this.#isEscaped = isEscaped;
  }

  #open() {
    this.#count();
    this.#depth += 1;
    if (this.#depth > this.#maxNesting)
      throw new RequestError(400, `The body is nested too deeply; the limit is ${this.#maxNesting} levels.`);
  }

  #count() {
    this.#values += 1;
    if (this.#values > this.#maxValues) {
      const limit = this.#maxValues.toLocaleString("en");
      throw new RequestError(413, `The body holds too many values; the limit is ${limit}. Send several requests.`);
    }
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
