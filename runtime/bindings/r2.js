/** Cloudflare's R2 as an interpreter sees it. */

import { call, Chain, extend } from "./call.js";

/** Classes that the bucket's answers are made of, by the names that they cross under. */
const untag = (/** @type {Chain} */ bucket) => (/** @type {string} */ name, /** @type {any} */ data) => {
  if (name === "R2Object") return new R2Object(data);
  if (name === "R2ObjectBody") return new R2ObjectBody(data);
  if (name === "R2MultipartUpload") return uploadOf(bucket, data.key, data.uploadId);
  throw new TypeError(`R2 has given a value of kind '${name}', which is unknown here.`);
};

export class R2Bucket extends Chain {
  /** @param {string} key */
  async head(key) {
    return await this.#call("head", [key]);
  }

  /** @param {string} key @param {object} [options] */
  async get(key, options) {
    return await this.#call("get", [key, options]);
  }

  /** @param {string} key @param {unknown} value @param {object} [options] */
  async put(key, value, options) {
    return await this.#call("put", [key, value, options]);
  }

  /** @param {string | string[]} keys */
  async delete(keys) {
    return await this.#call("delete", [keys]);
  }

  /** @param {object} [options] */
  async list(options) {
    return await this.#call("list", [options]);
  }

  /** @param {string} key @param {object} [options] */
  async createMultipartUpload(key, options) {
    return await this.#call("createMultipartUpload", [key, options]);
  }

  /** @param {string} key @param {string} uploadId */
  resumeMultipartUpload(key, uploadId) {
    return uploadOf(this, key, uploadId);
  }

  /** @param {string} method @param {unknown[]} args */
  async #call(method, args) {
    return (await call(this, method, args, untag(this))).result;
  }
}

export class R2MultipartUpload extends Chain {
  key = "";
  uploadId = "";

  /** @param {number} partNumber @param {unknown} value @param {object} [options] */
  async uploadPart(partNumber, value, options) {
    return (await call(this, "uploadPart", [partNumber, value, options])).result;
  }

  async abort() {
    return (await call(this, "abort", [])).result;
  }

  /** @param {object[]} parts */
  async complete(parts) {
    return (await call(this, "complete", [parts], untag(this))).result;
  }
}

/** @param {Chain} bucket @param {string} key @param {string} uploadId */
function uploadOf(bucket, key, uploadId) {
  const upload = extend(bucket, R2MultipartUpload, "resumeMultipartUpload", [key, uploadId]);
  return Object.assign(upload, { key, uploadId });
}

export class R2Object {
  /** @param {any} data */
  constructor({ checksums, ...data }) {
    delete data.body;
    Object.assign(this, data, { checksums: new R2Checksums(checksums) });
  }

  /** @param {Headers} headers */
  writeHttpMetadata(headers) {
    const { httpMetadata = {} } = /** @type {any} */ (this);
    for (const [field, name] of HTTP_FIELDS)
      if (httpMetadata[field] !== undefined) headers.set(name, httpMetadata[field]);
    if (httpMetadata.cacheExpiry) headers.set("expires", httpMetadata.cacheExpiry.toUTCString());
  }
}

/** @type {[string, string][]} */
const HTTP_FIELDS = [
  ["contentType", "content-type"],
  ["contentLanguage", "content-language"],
  ["contentDisposition", "content-disposition"],
  ["contentEncoding", "content-encoding"],
  ["cacheControl", "cache-control"],
];

export class R2ObjectBody extends R2Object {
  #response;
  #body;

  /** @param {any} data */
  constructor(data) {
    super(data);
    this.#body = data.body;
    this.#response = new Response(data.body);
  }

  get body() {
    // A copy into another object needs its length.
    const { body } = this.#response;
    const { length } = this.#body;
    return body && length !== undefined && !("length" in body)
      ? Object.defineProperty(body, "length", { value: length })
      : body;
  }

  get bodyUsed() {
    return this.#response.bodyUsed;
  }

  async arrayBuffer() {
    return await this.#response.arrayBuffer();
  }

  async bytes() {
    return new Uint8Array(await this.#response.arrayBuffer());
  }

  async text() {
    return await this.#response.text();
  }

  async json() {
    return await this.#response.json();
  }

  async blob() {
    const { httpMetadata } = /** @type {any} */ (this);
    return new Blob([await this.#response.arrayBuffer()], { type: httpMetadata?.contentType ?? "" });
  }
}

export class R2Checksums {
  /** @param {Record<string, ArrayBuffer>} sums */
  constructor(sums) {
    Object.assign(this, sums);
  }

  toJSON() {
    const hex = (/** @type {ArrayBuffer} */ sum) =>
      Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return Object.fromEntries(Object.entries(this).map(([name, sum]) => [name, hex(sum)]));
  }
}
