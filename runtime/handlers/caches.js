/** `caches`: responses that a Worker keeps by their requests. They live as long as the interpreter does. */

/** How many responses one cache keeps. The oldest makes room. */
const MAX_ENTRIES = 1000;

/** @typedef {{ status: number, statusText: string, headers: [string, string][], body: ArrayBuffer, until: number }} CacheEntry */

class GuestCache {
  /** By URL. @type {Map<string, CacheEntry>} */
  #entries = new Map();

  /**
   * Keep a response for as long as its `Cache-Control` or `Expires` says.
   *
   * @param {RequestInfo} input
   * @param {Response} response
   */
  async put(input, response) {
    const { method, url } = new Request(input);
    if (method !== "GET") throw new TypeError("Cannot cache response to non-GET request.");
    if (response.status === 206) throw new TypeError("Cannot cache response to a range request (206 Partial Content).");
    if (response.headers.get("vary")?.includes("*"))
      throw new TypeError("Cannot cache response with 'Vary: *' header.");
    const { status, statusText } = response;
    const headers = /** @type {[string, string][]} */ ([...response.headers]);
    const until = Date.now() + lifetimeMs(response.headers);
    const body = await response.arrayBuffer();
    if (until <= Date.now()) return;
    this.#entries.delete(url);
    this.#entries.set(url, { status, statusText, headers, body, until });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_ENTRIES) this.#entries.delete(oldest);
  }

  /**
   * @param {RequestInfo} input
   * @param {{ ignoreMethod?: boolean }} [options]
   * @returns {Promise<Response | undefined>}
   */
  async match(input, { ignoreMethod = false } = {}) {
    const { method, url } = new Request(input);
    const entry = method === "GET" || ignoreMethod ? this.#entries.get(url) : undefined;
    if (!entry || entry.until <= Date.now()) return undefined;
    const { status, statusText, headers, body } = entry;
    const response = new Response(body.byteLength > 0 ? body.slice(0) : null, { status, statusText, headers });
    response.headers.set("cf-cache-status", "HIT");
    return response;
  }

  /**
   * @param {RequestInfo} input
   * @returns {Promise<boolean>} whether there was one
   */
  async delete(input) {
    return this.#entries.delete(new Request(input).url);
  }
}

export class GuestCaches {
  default = new GuestCache();
  /** @type {Map<string, GuestCache>} */
  #named = new Map();

  /** @param {string} name */
  async open(name) {
    const found = this.#named.get(name) ?? new GuestCache();
    this.#named.set(name, found);
    return found;
  }
}

/** For how long a response may be kept, in ms: two hours where it does not say. @param {Headers} headers */
function lifetimeMs(headers) {
  const control = headers.get("cache-control") ?? "";
  if (/\b(no-store|private|no-cache)\b/.test(control) || headers.has("set-cookie")) return 0;
  const [, seconds] = /\bs-maxage=(\d+)/.exec(control) ?? /\bmax-age=(\d+)/.exec(control) ?? [];
  if (seconds !== undefined) return Number(seconds) * 1000;
  const expires = headers.get("expires");
  return expires === null ? 2 * 3600 * 1000 : Date.parse(expires) - Date.now();
}
