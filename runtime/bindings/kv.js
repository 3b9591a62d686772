/** Cloudflare's KV as an interpreter sees it. */

import { call, Chain } from "./call.js";

export class KvNamespace extends Chain {
  /** @param {unknown[]} args */
  async get(...args) {
    return (await call(this, "get", args)).result;
  }

  /** @param {unknown[]} args */
  async getWithMetadata(...args) {
    return (await call(this, "getWithMetadata", args)).result;
  }

  /** @param {unknown[]} args */
  async put(...args) {
    return (await call(this, "put", args)).result;
  }

  /** @param {unknown[]} args */
  async delete(...args) {
    return (await call(this, "delete", args)).result;
  }

  /** @param {unknown[]} args */
  async list(...args) {
    return (await call(this, "list", args)).result;
  }
}
