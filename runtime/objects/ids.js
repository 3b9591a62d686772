/** The id of a Durable Object: 64 hexadecimal digits, of which the second half says which namespace it belongs to. */

/** The hash of a text, in hexadecimal digits: SHA-256. @typedef {(text: string) => string} Digest */

const HALF = 32;

export class DurableObjectId {
  #hex;
  /** The name that it was made of. @type {string | undefined} */
  name;

  /** @param {string} hex @param {string} [name] */
  constructor(hex, name) {
    this.#hex = hex;
    this.name = name;
  }

  toString() {
    return this.#hex;
  }

  /** @param {unknown} other */
  equals(other) {
    return String(other) === this.#hex;
  }
}

/** Makes the ids of one namespace. */
export class IdFactory {
  #namespace;
  #digest;

  /** @param {string} namespace its key @param {Digest} digest */
  constructor(namespace, digest) {
    this.#namespace = namespace;
    this.#digest = digest;
  }

  /** @param {unknown} name */
  fromName(name) {
    const text = String(name);
    return new DurableObjectId(this.#complete(this.#digest(`name ${this.#namespace} ${text}`).slice(0, HALF)), text);
  }

  unique() {
    const bytes = crypto.getRandomValues(new Uint8Array(HALF / 2));
    return new DurableObjectId(
      this.#complete(Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")),
    );
  }

  /** @param {unknown} text */
  fromString(text) {
    const hex = String(text).toLowerCase();
    if (!/^[0-9a-f]{64}$/.test(hex)) throw new TypeError("Invalid Durable Object ID: must be 64 hex digits");
    if (hex !== this.#complete(hex.slice(0, HALF)))
      throw new TypeError("Invalid Durable Object ID: The ID does not match this Durable Object class.");
    return new DurableObjectId(hex);
  }

  /** @param {string} half */
  #complete(half) {
    return half + this.#digest(`id ${this.#namespace} ${half}`).slice(0, HALF);
  }
}
