/** The module `cloudflare:email`. Libraries import it for messages; no binding sends them here. */

/** A message that a Worker makes. */
export class EmailMessage {
  #from;
  #to;
  #raw;

  /**
   * @param {string} from
   * @param {string} to
   * @param {string | ReadableStream} raw its text, with headers
   */
  constructor(from, to, raw) {
    this.#from = from;
    this.#to = to;
    this.#raw = raw;
  }

  /** The sender's address. */
  get from() {
    return this.#from;
  }

  /** The receiver's address. */
  get to() {
    return this.#to;
  }

  /** The text, with headers. */
  get raw() {
    return this.#raw;
  }
}
